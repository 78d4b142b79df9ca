"""The rows behind a live list: which there are, which are shown, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pvccore.model.struct import Struct
from pvctui.widgets.filtering import Field, Filter, all_text, parse_filter
from pvctui.widgets.ordering import SortOrder, in_order, tie_key
from pvctui.widgets.rows import Column, Row, Value


class Update(Struct, frozen=True, kw_only=True):
    """What a change of the rows means for the screen."""

    repaint: frozenset[str] = frozenset()
    """Shown rows that say something else now."""
    moved: bool = False
    """Rows came into sight or went, so that others stand elsewhere."""
    removed: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        """Whether the screen may stay as it is."""
        return not (self.repaint or self.moved or self.removed)


@dataclass(slots=True)
class _Tally:
    """What is gathered while rows are taken in."""

    repaint: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)


class LiveRows:
    """All rows by key, and the keys shown, filtered and sorted. Knows nothing of a screen."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        order: SortOrder | None,
        extra_fields: Mapping[str, Field] | None = None,
    ) -> None:
        """Start empty; without an order the rows stand as they came."""
        self.columns = tuple(columns)
        self.fields = {**column_fields(self.columns), **(extra_fields or {})}
        self.filter = Filter(text="")
        self.order = order if order is None or self._index_of(order.column) is not None else None
        self.shown: list[str] = []
        self.order_is_stale = False
        self._rows: dict[str, Row] = {}
        self._texts: dict[str, str] = {}
        self._places: dict[str, int] | None = {}
        self._by_tie: list[str] = []
        self._ties_are_stale = False
        self._ordered: list[str] | None = None
        """All rows as they were last sorted without a filter; None once that may be wrong."""

    def __len__(self) -> int:
        """How many rows there are, shown or not."""
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        """Whether there is a row of this key."""
        return key in self._rows

    def get(self, key: str) -> Row | None:
        """The row of this key, if there is one."""
        return self._rows.get(key)

    def __getitem__(self, key: str) -> Row:
        """The row of this key, which must be there."""
        return self._rows[key]

    def keys(self) -> list[str]:
        """The keys of all rows, shown or not."""
        return list(self._rows)

    @property
    def sorted_by(self) -> str:
        """The title of the sort column with its arrow; empty without an order."""
        if self.order is None:
            return ""
        index = self._index_of(self.order.column) or 0
        return f"{self.columns[index].title.lower()} {self.order.arrow}"

    def place_of(self, key: str | None) -> int | None:
        """Where a row stands among the shown ones; None when it is not shown."""
        if key is None:
            return None
        if self._places is None:
            self._places = {shown: place for place, shown in enumerate(self.shown)}
        return self._places.get(key)

    def replace(self, rows: Iterable[Row]) -> Update:
        """Make these all the rows there are; only what differs counts as changed."""
        given = {row.key: row for row in rows}
        update = self.apply(given.values(), [key for key in self._rows if key not in given])
        if self.order is None and self._by_tie != (wanted := list(given)):
            self._by_tie = wanted
            self._order_changed()
        return update

    def apply(self, changed: Iterable[Row], removed: Iterable[str]) -> Update:
        """Take in changed and new rows and drop removed ones; the order stays until sorted."""
        given = {row.key: row for row in changed}
        gone = frozenset(key for key in removed if key in self._rows and key not in given)
        tally = _Tally()
        for row in given.values():
            self._take_in(row, tally)
        hidden = tally.hidden | {key for key in gone if self.place_of(key) is not None}
        self._drop(gone)
        if hidden:
            self.shown = [key for key in self.shown if key not in hidden]
        self.shown.extend(tally.shown)
        if hidden or tally.shown:
            self._places = None
        moved = bool(hidden or tally.shown)
        return Update(repaint=frozenset(tally.repaint - hidden), moved=moved, removed=gone)

    def _take_in(self, row: Row, tally: _Tally) -> None:
        old = self._rows.get(row.key)
        if old is not None and old.same_as(row):
            return
        was_shown = self.place_of(row.key) is not None if old is not None else False
        self._rows[row.key] = row
        self._texts.pop(row.key, None)
        if old is None:
            self._by_tie.append(row.key)
            self._ordered = None
        if old is None or old.value(0) != row.value(0):
            self._ties_are_stale = True
            self._ordered = None
        self._note_order(old, row)
        passes = self._passes(row)
        if was_shown:
            (tally.repaint if passes else tally.hidden).add(row.key)
        elif passes:
            tally.shown.append(row.key)

    def _note_order(self, old: Row | None, row: Row) -> None:
        if self.order is None:
            return
        index = self._index_of(self.order.column) or 0
        if old is None or old.value(index) != row.value(index):
            self._order_changed()

    def _order_changed(self) -> None:
        self.order_is_stale = True
        self._ordered = None

    def _drop(self, gone: frozenset[str]) -> None:
        if not gone:
            return
        for key in gone:
            del self._rows[key]
            self._texts.pop(key, None)
        self._by_tie = [key for key in self._by_tie if key not in gone]
        self._ordered = None

    def set_filter(self, text: str) -> str | None:
        """Show only what a filter lets through; an error in words leaves the old one standing."""
        wanted = parse_filter(text, self.fields)
        if wanted.error is None:
            self.filter = wanted
            self.sort()
        return wanted.error

    def set_order(self, order: SortOrder | None) -> None:
        """Sort by another column, or the other way."""
        self.order = order
        self._ordered = None
        self.sort()

    def sort(self) -> bool:
        """Put the shown rows in order; whether that moved any."""
        shown = self._sorted() if self._ordered is None else self._passing(self._ordered)
        if self.filter.predicate is None:
            self._ordered = list(shown)
        moved = shown != self.shown
        self.shown = shown
        self._places = None
        self.order_is_stale = False
        return moved

    def _sorted(self) -> list[str]:
        if self.order is None:
            return self._passing(self._by_tie)
        if self._ties_are_stale:
            self._by_tie.sort(key=lambda key: tie_key(self._rows[key]))
            self._ties_are_stale = False
        index = self._index_of(self.order.column) or 0
        rows = map(self._rows.__getitem__, self._passing(self._by_tie))
        return [row.key for row in in_order(rows, index, descending=self.order.descending)]

    def _passing(self, keys: list[str]) -> list[str]:
        if self.filter.predicate is None:
            return list(keys)
        return [key for key in keys if self._passes(self._rows[key])]

    def _passes(self, row: Row) -> bool:
        predicate = self.filter.predicate
        return predicate is None or predicate(row, self._text(row))

    def _text(self, row: Row) -> str:
        text = self._texts.get(row.key)
        if text is None:
            text = self._texts[row.key] = all_text(row)
        return text

    def _index_of(self, column_key: str) -> int | None:
        for index, column in enumerate(self.columns):
            if column.key == column_key:
                return index
        return None


def column_fields(columns: Sequence[Column]) -> dict[str, Field]:
    """The fields that a list can be filtered by, by its columns."""
    return {column.key: _column_field(index, column) for index, column in enumerate(columns)}


def _column_field(index: int, column: Column) -> Field:
    return Field(
        value=lambda row: row.value(index),
        text=lambda row: row.text(index),
        measure=column.measure,
    )


def hidden_field(name: str) -> Field:
    """A field that can be filtered by without having a column, e.g. a VM's description."""

    def value(row: Row) -> Value:
        return row.fields.get(name)

    return Field(value=value, text=lambda row: str(row.fields.get(name) or ""))
