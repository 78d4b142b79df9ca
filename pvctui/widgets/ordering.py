"""The order of a live list: sort keys that compare, and when a list may be sorted again."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from pvctui.widgets.rows import Column, Row, Value

RESORT_EVERY_S = 1.0
QUIET_AFTER_KEY_S = 3.0

# Bounded, as int() refuses thousands of digits: a name must not stop the list.
DIGITS = re.compile(r"([0-9]{1,18})")

SortKey: TypeAlias = tuple[int, float | tuple[str | int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortOrder:
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


@lru_cache(maxsize=65536)
def natural(text: str) -> tuple[str | int, ...]:
    """A key by which hv2 comes before hv10, whatever the case."""
    parts = DIGITS.split(text.casefold())
    return tuple(int(part) if index % 2 else part for index, part in enumerate(parts))


def is_known(value: Value) -> bool:
    """Whether a value has a place in an order at all."""
    return value is not None and value == value  # noqa: PLR0124 (not-a-number differs from itself)


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
    unknown: list[Row] = []
    for row in rows:
        (known if is_known(row.value(index)) else unknown).append(row)
    known.sort(key=lambda row: sort_key(row.value(index)), reverse=descending)
    return known + unknown


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
