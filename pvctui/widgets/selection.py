"""The marked rows of a live list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pvccore.model.struct import Struct


class OpenRange(Struct, frozen=True, kw_only=True):
    """A range being marked: where it began, and what was marked before it."""

    anchor: str
    before: frozenset[str]
    held: bool
    """Begun with Shift: it ends at the first movement without it."""


class Marks(Struct, frozen=True, kw_only=True):
    """Which rows a person marked, by key; every step gives a new value."""

    keys: frozenset[str] = frozenset()
    open_range: OpenRange | None = None

    def __len__(self) -> int:
        """How many rows are marked."""
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        """Whether this row is marked."""
        return key in self.keys

    def toggled(self, key: str) -> Marks:
        """With this row's mark set or taken away."""
        return Marks(keys=self.keys ^ {key})

    def all_or_none(self, shown: Iterable[str]) -> Marks:
        """With all shown rows marked; if they were already, with none of them."""
        shown = frozenset(shown)
        return Marks(keys=self.keys - shown if shown <= self.keys else self.keys | shown)

    def range_begun(self, anchor: str, *, held: bool = False) -> Marks:
        """With a range open from this row on."""
        begun = OpenRange(anchor=anchor, before=self.keys, held=held)
        return Marks(keys=self.keys | {anchor}, open_range=begun)

    def range_ended(self) -> Marks:
        """With the marks as they are and no range open."""
        return Marks(keys=self.keys) if self.open_range else self

    def range_moved(self, order: Sequence[str], anchor: int | None, cursor: int) -> Marks:
        """With the open range reaching from its anchor's place to the cursor's."""
        if self.open_range is None:
            return self
        if anchor is None:  # the row where it began is gone
            return self.range_ended()
        low, high = sorted((anchor, cursor))
        keys = self.open_range.before.union(order[low : high + 1])
        return Marks(keys=keys, open_range=self.open_range)

    def cleared(self) -> Marks:
        """With no mark at all."""
        return Marks() if self.keys or self.open_range else self

    def without(self, gone: Iterable[str]) -> Marks:
        """Without the rows that are no more."""
        gone = frozenset(gone)
        open_range = self.open_range
        if not gone & self.keys and (open_range is None or not gone & open_range.before):
            return self
        if open_range is not None:
            open_range = OpenRange(anchor=open_range.anchor, before=open_range.before - gone, held=open_range.held)
        return Marks(keys=self.keys - gone, open_range=open_range)
