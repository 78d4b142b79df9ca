"""One line of the frame: header, banner, tabs, footer. Changes only when its words do."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from pvctui.rows.lines import Line, joined_to_fit
from pvctui.widgets.words import content_of_line, cut_to


class OneLine(Widget):
    """A line of words, cut at the edge of the terminal."""

    DEFAULT_CSS = """
    OneLine { height: 1; width: 1fr; }
    """

    def __init__(self, line: Line = ("",), *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id, classes=classes)
        self._told: tuple[Line, ...] = (line,)

    @property
    def line(self) -> Line:
        """What it says first."""
        return self._told[0]

    def show(self, line: Line, *further: Line) -> None:
        """Say this from now on; what is further is left out rather than cut."""
        told = (line, *further)
        if told != self._told:
            self._told = told
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One."""
        return 1

    def render(self) -> Content:
        """The words that fit."""
        return content_of_line(cut_to(joined_to_fit(self._told, self.size.width), self.size.width))
