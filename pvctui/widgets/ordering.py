"""The order of a live list: sort keys that compare, and when a list may be sorted again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from pvccore.model.naming import natural
from pvccore.model.struct import Struct
from pvctui.widgets.rows import Column, Row, Value

RESORT_EVERY_S = 1.0
QUIET_AFTER_KEY_S = 3.0


SortKey: TypeAlias = tuple[int, float | str]


class SortOrder(Struct, frozen=True, kw_only=True):
    """By which column a list is sorted, and which way."""

    column: str
    descending: bool = False

    @property
    def arrow(self) -> str:
        """The mark in the header."""
        return "↓" if self.descending else "↑"

    def reversed(self) -> SortOrder:
        """The same column the other way."""
        return SortOrder(column=self.column, descending=not self.descending)


def sort_key(value: Value) -> SortKey:
    """A key under which numbers come before words and words are in natural order."""
    if isinstance(value, str):
        return (1, natural(value))
    return (0, -math.inf if value is None else value)


def tie_key(row: Row) -> tuple[SortKey, str]:
    """What decides between rows of one value: the first column, then the key."""
    return (sort_key(row.value(0)), row.key)


def in_order(rows: Iterable[Row], index: int, *, descending: bool) -> list[Row]:
    """The rows by one column; equals stay as they came, what is not known comes last."""
    known: list[Row] = []
    values: list[str | float] = []
    unknown: list[Row] = []
    for row in rows:
        value = row.value(index)
        if value is None or value != value:  # noqa: PLR0124 (not-a-number differs from itself)
            unknown.append(row)
        else:
            known.append(row)
            values.append(value)
    keys = _comparable(values)
    places = sorted(range(len(known)), key=keys.__getitem__, reverse=descending)
    return [known[place] for place in places] + unknown


def _comparable(values: list[str | float]) -> Sequence[Any]:
    """Keys for these values; numbers among themselves need none, which is what makes sorting quick."""
    words = [isinstance(value, str) for value in values]
    if not any(words):
        return values
    return [natural(str(value)) for value in values] if all(words) else [sort_key(value) for value in values]


def next_sort(columns: Sequence[Column], order: SortOrder | None, step: int) -> SortOrder | None:
    """The order by the next sortable column to the right (1) or left (-1), going round."""
    keys = [column.key for column in columns if column.sortable]
    if not keys:
        return order
    if order is None or order.column not in keys:
        return SortOrder(column=keys[0 if step > 0 else -1])
    return SortOrder(column=keys[(keys.index(order.column) + step) % len(keys)])


class SortThrottle:
    """When a live list may change its order: not too often, and not under a working hand."""

    def __init__(self, *, every_s: float = RESORT_EVERY_S, quiet_after_key_s: float = QUIET_AFTER_KEY_S) -> None:
        """Start with leave to sort at once."""
        self._every_s = every_s
        self._quiet_after_key_s = quiet_after_key_s
        self._sorted_at_s = -math.inf
        self._key_at_s = -math.inf

    def note_key(self, now_s: float) -> None:
        """A person is at work in the list."""
        self._key_at_s = now_s

    def note_sorted(self, now_s: float) -> None:
        """The list has just been sorted."""
        self._sorted_at_s = now_s

    def due_in_s(self, now_s: float) -> float:
        """Seconds until the list may be sorted; 0 when it may be now."""
        may_at_s = max(self._sorted_at_s + self._every_s, self._key_at_s + self._quiet_after_key_s)
        return max(0.0, may_at_s - now_s)
