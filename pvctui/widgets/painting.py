"""One row of a live list as a line of styled text, and the header above."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from pvctui.widgets.cell_text import fit
from pvctui.widgets.columns import GUTTER_WIDTH, ColumnLayout, PlacedColumn
from pvctui.widgets.ordering import SortOrder
from pvctui.widgets.palette import Look, Palette
from pvctui.widgets.rows import Row

CURSOR_BAR = "▌"
MARK = "✓"
MORE_LEFT = "‹"  # noqa: RUF001 (a sign that columns lie beyond the edge)
MORE_RIGHT = "›"  # noqa: RUF001 (as before)


def paint_row(row: Row, layout: ColumnLayout, look: Look, palette: Palette) -> Strip:
    """The line of one row, exactly as wide as the layout."""
    line = palette.line_style(look)
    gutter = (CURSOR_BAR if look.cursor else " ") + (MARK if look.marked else " ")
    pen = _Pen(line)
    pen.write_at(0, gutter.ljust(GUTTER_WIDTH), line, GUTTER_WIDTH)
    for place in layout.placed:
        text = fit(row.text(place.index), place.width, place.column.align)
        style = palette.cell_style(row.state(place.index), line, look)
        pen.write_at(place.x, text, style, place.width)
    return pen.finish(layout.width)


def paint_header(layout: ColumnLayout, order: SortOrder | None, palette: Palette) -> Strip:
    """The titles of the columns, with the sort mark, and signs of columns beyond the edges."""
    pen = _Pen(palette.header)
    sign = MORE_LEFT if layout.more_left else " "
    pen.write_at(0, sign.rjust(GUTTER_WIDTH), palette.header, GUTTER_WIDTH)
    for place in layout.placed:
        is_sorted = order is not None and order.column == place.column.key
        style = palette.header_sorted if is_sorted else palette.header
        title = _title(place, order.arrow if order and is_sorted else "")
        pen.write_at(place.x, title, style, place.width)
    strip = pen.finish(layout.width)
    if not layout.more_right or layout.width < 1:
        return strip
    return Strip.join([strip.crop(0, layout.width - 1), Strip([Segment(MORE_RIGHT, palette.header)], 1)])


def paint_message(text: str, width: int, style: Style) -> Strip:
    """A line of words in the place of rows."""
    return Strip([Segment(fit(" " * GUTTER_WIDTH + text, width), style)], width)


def _title(place: PlacedColumn, arrow: str) -> str:
    """The title cut so that the sort mark always stays in sight."""
    if not arrow:
        return fit(place.column.title, place.width, place.column.align)
    title = fit(place.column.title, min(len(place.column.title), max(0, place.width - 2)))
    return fit(f"{title} {arrow}" if title else arrow, place.width, place.column.align)


class _Pen:
    """Writes a line from left to right, joining neighbours of one style."""

    def __init__(self, air: Style) -> None:
        self._air = air
        self._segments: list[Segment] = []
        self._text = ""
        self._style = air
        self._x = 0

    def write_at(self, x: int, text: str, style: Style, cells: int) -> None:
        """Write a text of so many cells, with air before it up to its place."""
        if x > self._x:
            self._write(" " * (x - self._x), self._air, x - self._x)
        self._write(text, style, cells)

    def finish(self, width: int) -> Strip:
        """The line, filled or cut to exactly this width."""
        if width > self._x:
            self._write(" " * (width - self._x), self._air, width - self._x)
        self._flush()
        strip = Strip(self._segments, self._x)
        return strip if self._x == width else strip.crop(0, width)

    def _write(self, text: str, style: Style, cells: int) -> None:
        if style is not self._style:
            self._flush()
            self._style = style
        self._text += text
        self._x += cells

    def _flush(self) -> None:
        if self._text:
            self._segments.append(Segment(self._text, self._style))
        self._text = ""
