"""Where the columns of a live list stand in a given width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pvccore.model.struct import Struct
from pvctui.widgets.rows import Align, Column

GUTTER_WIDTH = 3
"""Cells before the first column: the cursor's bar, the mark, one of air."""

NARROW_GAP, WIDE_GAP = 1, 2
ROOMY_WIDTH = 100
"""From here on two cells of air stand between columns; below it one before a number, which has air of its own."""


class PlacedColumn(Struct, frozen=True, kw_only=True):
    """A column with its place on the line."""

    index: int
    column: Column
    x: int
    width: int


class ColumnLayout(Struct, frozen=True, kw_only=True):
    """The columns in sight, from left to right, and whether more lie beyond either edge."""

    width: int
    placed: tuple[PlacedColumn, ...]
    more_left: bool
    more_right: bool

    def column_at(self, x: int) -> PlacedColumn | None:
        """The column under a cell of the line, air to its right included."""
        for place in reversed(self.placed):
            if x >= place.x:
                return place
        return None


def lay_out(
    columns: Sequence[Column], width: int, *, scrolled: int, wide: bool, chosen: Sequence[str] = ()
) -> ColumnLayout:
    """Place the columns; the pinned stay, `scrolled` of the others are pushed out on the left.

    `wide` shows every column at its full width, however far that reaches to the right. `chosen`: the keys of those
    that a person wants to see, in that order; without it all that there is room for.
    """
    shown = [(index, column) for index, column in enumerate(columns) if wide or width >= column.from_width]
    if chosen:
        by_key = {column.key: (index, column) for index, column in enumerate(columns)}
        shown = [by_key[key] for key in chosen]
    pinned = [pair for pair in shown if pair[1].pinned]
    loose = [pair for pair in shown if not pair[1].pinned]
    first = min(scrolled, max(0, len(loose) - 1))
    in_line = pinned + loose[first:]
    gaps = _gaps([column for _, column in in_line], is_roomy=width >= ROOMY_WIDTH)
    room = width - GUTTER_WIDTH - sum(gaps)
    widths = _full_widths(in_line) if wide else _widths([column for _, column in in_line], room)
    placed, more_right = _place(in_line, widths, width, gaps)
    return ColumnLayout(width=width, placed=placed, more_left=first > 0, more_right=more_right)


def _gaps(columns: Sequence[Column], *, is_roomy: bool) -> list[int]:
    """The air after each column; none after the last. What ends one cell before a word reads as one with it."""
    return [WIDE_GAP if is_roomy or right.align is Align.LEFT else NARROW_GAP for _, right in pairwise(columns)]


def _full_widths(in_line: list[tuple[int, Column]]) -> list[int]:
    return [max(column.width, column.max_width) for _, column in in_line]


def _widths(columns: list[Column], room: int) -> list[int]:
    """Least widths, then the wished ones from the left, then the rest by weight."""
    widths = [column.least for column in columns]
    spare = room - sum(widths)
    for index, column in enumerate(columns):
        more = min(max(spare, 0), column.width - widths[index])
        widths[index] += max(more, 0)
        spare -= max(more, 0)
    _share_out(columns, widths, spare)
    return widths


def _share_out(columns: list[Column], widths: list[int], spare: int) -> None:
    """Give the spare cells to the weighted columns, the greatest weight first for the remainder."""
    open_columns = {index for index, column in enumerate(columns) if column.weight > 0}
    while spare > 0 and open_columns:
        weights = sum(columns[index].weight for index in open_columns)
        given = 0
        for index in sorted(open_columns, key=lambda index: -columns[index].weight):
            share = max(1, spare * columns[index].weight // weights)
            limit = columns[index].max_width or widths[index] + spare
            more = min(share, spare - given, limit - widths[index])
            widths[index] += max(more, 0)
            given += max(more, 0)
            if columns[index].max_width and widths[index] >= columns[index].max_width:
                open_columns.discard(index)
        if given == 0:
            return
        spare -= given


def _place(
    in_line: list[tuple[int, Column]], widths: list[int], width: int, gaps: list[int]
) -> tuple[tuple[PlacedColumn, ...], bool]:
    """Set the columns one after the other; the last may be cut, what is beyond is left out."""
    placed: list[PlacedColumn] = []
    x = GUTTER_WIDTH
    for (index, column), wished, gap in zip(in_line, widths, [*gaps, 0], strict=True):
        got = min(wished, width - x)
        if got < min(column.least, wished) and (placed or got <= 0):
            return tuple(placed), True
        placed.append(PlacedColumn(index=index, column=column, x=x, width=got))
        x += got + gap
    return tuple(placed), False
