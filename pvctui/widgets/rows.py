"""Rows and columns of a live list as plain values: what a screen hands to the table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from pvccore.model.struct import Struct

Value: TypeAlias = str | int | float | None
"""What a cell sorts and filters by; None is "not known" and sorts last both ways."""

Cell: TypeAlias = str | tuple[str, str]
"""The text shown, alone or with the name of its state: ok, bad, warn, busy, dim, strong."""

NO_FIELDS: Mapping[str, Value] = MappingProxyType({})


class Align(StrEnum):
    """The side of its column on which a cell's text stands."""

    LEFT = "left"
    RIGHT = "right"


class Measure(StrEnum):
    """The unit of a column's values, so that a filter may say `memory>4G` or `age<5m`."""

    PLAIN = "plain"
    MEBIBYTES = "mebibytes"
    BYTES = "bytes"
    SECONDS = "seconds"


class Column(Struct, frozen=True, kw_only=True):
    """One column of a live list; its width depends on the terminal, never on what it shows.

    Widths are in terminal cells: at least `min_width` (0: `width`), `width` where there is
    room, and with a `weight` a share of what is left, up to `max_width` (0: no bound).
    Below `from_width` cells of table the column is left out, unless the table is wide.
    """

    key: str
    title: str
    width: int
    min_width: int = 0
    max_width: int = 0
    weight: int = 0
    align: Align = Align.LEFT
    measure: Measure = Measure.PLAIN
    from_width: int = 0
    sortable: bool = True
    pinned: bool = False

    @property
    def least(self) -> int:
        """The narrowest this column gets."""
        return self.min_width or self.width


class Row(Struct, frozen=True, kw_only=True):
    """One subject of a live list, e.g. one VM, as it is shown now.

    `cells` and `values` follow the columns; a missing value is the cell's text. `fields` can
    be filtered by but are not shown. Two rows of one key and one `version` are the same row.
    """

    key: str
    cells: tuple[Cell, ...]
    values: tuple[Value, ...] = ()
    fields: Mapping[str, Value] = NO_FIELDS
    version: Hashable = None

    def text(self, index: int) -> str:
        """The text of one cell; empty where the row is shorter than the columns."""
        if index >= len(self.cells):
            return ""
        cell = self.cells[index]
        return cell if isinstance(cell, str) else cell[0]

    def state(self, index: int) -> str:
        """The state's name of one cell; empty for a cell without one."""
        if index >= len(self.cells):
            return ""
        cell = self.cells[index]
        return "" if isinstance(cell, str) else cell[1]

    def value(self, index: int) -> Value:
        """What one cell sorts and filters by."""
        values = self.values
        return values[index] if index < len(values) else self.text(index)

    def same_as(self, other: Row) -> bool:
        """Whether the other row of this key says the same, so that nothing need be done."""
        if self is other:
            return True
        if self.version is not None and self.version == other.version:
            return True
        return self.cells == other.cells and self.values == other.values and self.fields == other.fields
