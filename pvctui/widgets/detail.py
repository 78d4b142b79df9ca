"""The pane of words about the row under the cursor: a line of tabs, and the lines of one of them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Resize
from textual.widgets import Static

from pvctui.rows.lines import Line
from pvctui.rows.tabs import Tab
from pvctui.widgets.cell_text import printable
from pvctui.widgets.line import OneLine
from pvctui.widgets.rows import Cell
from pvctui.widgets.words import content_of


class Words(Static):
    """Lines of words; set anew only when they differ, wrapped anew for every width."""

    DEFAULT_CSS = """
    Words { height: auto; width: 1fr; }
    """

    _lines: tuple[Line, ...] = ()

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Say these from now on."""
        told = tuple(lines)
        if told != self._lines:
            self._lines = told
            self.update(content_of(told, self.size.width))

    def on_resize(self, _event: Resize) -> None:
        """Another width."""
        self.update(content_of(self._lines, self.size.width))


class DetailScroll(VerticalScroll, can_focus=True):
    """What is longer than the pane scrolls."""


class Detail(Vertical):
    """A subject's tabs; `,` and `.` go from one to the next, and the choice is kept from row to row."""

    DEFAULT_CSS = """
    Detail {
        border: round $foreground 20%; border-title-color: $text-accent; padding: 0 1; background: $surface;
        &:focus-within { border: round $primary; }
        & > DetailScroll { scrollbar-size-vertical: 1; background: $surface; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id, classes=classes)
        self.title_shown = ""
        self._tabs: tuple[Tab, ...] = ()
        self._chosen = ""

    def compose(self) -> ComposeResult:
        """The line of tabs over the lines of one."""
        yield OneLine(id="detail-tabs")
        with DetailScroll():
            yield Words(markup=False)

    def about(self, subject: str, tabs: Sequence[Tab]) -> None:
        """Show this subject."""
        if subject != self.title_shown:
            self.title_shown = subject
            self.border_title = _title(subject)
        self._tabs = tuple(tabs)
        self._show()

    def step(self, steps: int) -> None:
        """Go to a neighbouring tab."""
        titles = [tab.title for tab in self._tabs]
        if titles:
            self._chosen = titles[(self._index() + steps) % len(titles)]
            self.query_one(DetailScroll).scroll_home(animate=False)
            self._show()

    def choose(self, title: str) -> None:
        """Show the tab of that title where there is one."""
        self._chosen = title
        self._show()

    def focus_lines(self) -> None:
        """Take the keyboard, to scroll."""
        self.query_one(DetailScroll).focus()

    def _index(self) -> int:
        return next((index for index, tab in enumerate(self._tabs) if tab.title == self._chosen), 0)

    def _show(self) -> None:
        if not self.is_mounted:
            return
        index = self._index()
        pieces: list[Cell] = []
        for place, tab in enumerate(self._tabs):
            pieces += [(tab.title, "accent" if place == index else "dim"), "  "]
        self.query_one("#detail-tabs", OneLine).show(tuple(pieces))
        self.query_one(Words).show_lines(self._tabs[index].lines() if self._tabs else ())


def _title(subject: str) -> str:
    """A border's title is read as markup: a bracket in a name must stay one."""
    return printable(subject).replace("[", r"\[")
