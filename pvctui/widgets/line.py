"""One line of the frame: header, banner, tabs, footer. Changes only when its words do."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from pvctui.rows.lines import Line
from pvctui.widgets.words import content_of_line, cut_to


class OneLine(Widget):
    """A line of words, cut at the edge of the terminal."""

    DEFAULT_CSS = """
    OneLine { height: 1; width: 1fr; }
    """

    def __init__(self, line: Line = ("",), *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id, classes=classes)
        self._line = line

    @property
    def line(self) -> Line:
        """What it says."""
        return self._line

    def show(self, line: Line) -> None:
        """Say this from now on."""
        if line != self._line:
            self._line = line
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One."""
        return 1

    def render(self) -> Content:
        """The words that fit."""
        return content_of_line(cut_to(self._line, self.size.width))
