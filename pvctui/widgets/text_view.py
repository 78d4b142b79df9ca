"""Lines of text that are not wrapped, of any number: only those in sight are made."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from pvctui.rows.lines import Line
from pvctui.widgets.words import columns_of, content_of_line

MOST_STRIPS_KEPT = 500


class TextView(ScrollView, can_focus=True):
    """A text such as a VM's XML; scrolls both ways."""

    DEFAULT_CSS = """
    TextView {
        background: $surface; color: $foreground; height: 1fr;
        scrollbar-size: 1 1; overflow-x: auto; overflow-y: auto;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._is_from_end = False
        self._strips: dict[int, Strip] = {}

    def show_lines(self, lines: Sequence[Line], *, from_end: bool = False) -> None:
        """Show these from now on; another text begins at its top, or ends in sight until a person scrolls up."""
        told = tuple(lines)
        if told == self._lines:
            return
        stays = from_end and self._is_from_end and self.scroll_offset.y < self.max_scroll_y
        self._lines, self._is_from_end = told, from_end
        self._strips.clear()
        self.virtual_size = Size(columns_of(told), len(told))
        if self.is_mounted and not stays:
            self._show_from(end=from_end)
        self.refresh()

    def _show_from(self, *, end: bool) -> None:
        if end:
            self.scroll_end(animate=False, x_axis=False)
        else:
            self.scroll_home(animate=False)

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        style = self.rich_style
        place = y + top
        if place >= len(self._lines):
            return Strip.blank(width, style)
        return self._strip(place).crop(left, left + width).adjust_cell_length(width, style)

    def _strip(self, place: int) -> Strip:
        strip = self._strips.get(place)
        if strip is None:
            if len(self._strips) > MOST_STRIPS_KEPT:
                self._strips.clear()
            content = content_of_line(self._lines[place])
            made = Visual.to_strips(self, content, max(1, content.cell_length), 1, self.visual_style)
            strip = self._strips[place] = made[0] if made else Strip.blank(0)
        return strip
