"""The pane of words about the row under the cursor: a line of tabs, and the lines of one of them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.widgets import Static

from pvctui.rows.lines import Line
from pvctui.rows.tabs import Tab
from pvctui.widgets.cell_text import printable
from pvctui.widgets.line import OneLine
from pvctui.widgets.rows import Cell
from pvctui.widgets.text_view import TextView
from pvctui.widgets.words import content_of

TAB_GAP = "  "
FURTHER = "… "
"""Stands where there are more tabs."""


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
            self._wrap()

    def on_resize(self, _event: Resize) -> None:
        """Another width."""
        self._wrap()

    def _wrap(self) -> None:
        """The screen is laid out anew only where they need more lines than before, or fewer."""
        width, height = self.size
        content = content_of(self._lines, width)
        self.update(content, layout=not width or content.get_height({}, width) != height)


class TextWanted(Message):
    """Somebody looks at a tab whose text must be read first; key: as the tab names it. at_once: asks for it."""

    def __init__(self, key: str, *, at_once: bool = False) -> None:
        super().__init__()
        self.key = key
        self.at_once = at_once


class DetailScroll(VerticalScroll, can_focus=True):
    """What is longer than the pane scrolls."""


class Detail(Vertical):
    """A subject's tabs; `,` and `.` go from one to the next, and the choice is kept from row to row."""

    DEFAULT_CSS = """
    Detail {
        border: round $foreground 20%; border-title-color: $text-accent; padding: 0 1; background: $surface;
        &:focus-within { border: round $primary; }
        & > DetailScroll { scrollbar-size-vertical: 1; background: $surface; }
        & > TextView { display: none; }
        &.-text > TextView { display: block; }
        &.-text > DetailScroll { display: none; }
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
        yield TextView()

    @property
    def chosen(self) -> str:
        """The title of the tab that a person chose; "" before."""
        return self._chosen

    def on_resize(self, _event: Resize) -> None:
        """Other tabs may have room."""
        self._show()

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
        self.query_one(TextView if self.has_class("-text") else DetailScroll).focus()

    def _index(self) -> int:
        return next((index for index, tab in enumerate(self._tabs) if tab.title == self._chosen), 0)

    def _show(self) -> None:
        if not self.is_mounted:
            return
        index = self._index()
        tabs = self.query_one("#detail-tabs", OneLine)
        tabs.show(tabs_line([tab.title for tab in self._tabs], index, tabs.size.width))
        if self._tabs:
            self._fill(self._tabs[index])
        else:
            self.query_one(Words).show_lines(())

    def _fill(self, tab: Tab) -> None:
        if tab.is_text != self.has_class("-text"):
            had_keyboard = self.has_pseudo_class("focus-within")
            self.set_class(tab.is_text, "-text")
            if had_keyboard:
                self.focus_lines()
        if tab.is_text:
            self.query_one(TextView).show_lines(tab.lines(), from_end=tab.from_end)
        else:
            self.query_one(Words).show_lines(tab.lines())
        if tab.wants:
            self.post_message(TextWanted(tab.wants))


def tabs_line(titles: Sequence[str], chosen: int, width: int) -> Line:
    """The titles of the tabs; where they have no room, as many as fit around the chosen one, none of them cut."""
    first, last = 0, len(titles)
    while width and last > chosen + 1 and _taken(titles, first, last) > width:
        last -= 1
    while width and first < chosen and _taken(titles, first, last) > width:
        first += 1
    pieces: list[Cell] = [(FURTHER, "dim")] if first else []
    for place, title in enumerate(titles[first:last], first):
        pieces += [(title, "accent" if place == chosen else "dim"), TAB_GAP]
    return (*pieces, (FURTHER.strip(), "dim")) if last < len(titles) else tuple(pieces)


def _taken(titles: Sequence[str], first: int, last: int) -> int:
    return _width(titles[first:last]) + len(FURTHER) * (first > 0) + (len(TAB_GAP) + 1) * (last < len(titles))


def _width(titles: Sequence[str]) -> int:
    return sum(len(title) for title in titles) + len(TAB_GAP) * (len(titles) - 1)


def _title(subject: str) -> str:
    """A border's title is read as markup: a bracket in a name must stay one."""
    return printable(subject).replace("[", r"\[")
