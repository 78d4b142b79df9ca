"""A few words to tick, or one to choose: flows over the width it is given, and is one stop of the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from pvctui.widgets.cell_text import fit, printable

GAP = 2
BOX_WIDTH = 4
LONGEST_LABEL = 40
MOST_LINES = 6


class Choices(Widget, can_focus=True):
    """Options with boxes; where only one may be chosen, moving chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "Previous", show=False),
        Binding("right,l", "step(1)", "Next", show=False),
        Binding("up,k", "step_line(-1)", "Line above", show=False),
        Binding("down,j", "step_line(1)", "Line below", show=False),
        Binding("space", "tick", "Tick", show=False),
        Binding("enter", "screen.focus_next", "Next field", show=False),
    ]
    DEFAULT_CSS = """
    Choices { height: auto; width: 1fr; color: $foreground; background: $surface; }
    """

    class Changed(Message):
        """Something else is chosen now."""

        def __init__(self, choices: Choices) -> None:
            super().__init__()
            self.choices = choices

        @property
        def control(self) -> Choices:
            """The sender."""
            return self.choices

    def __init__(
        self,
        options: Sequence[tuple[str, str]],
        chosen: Sequence[str] = (),
        *,
        only_one: bool = False,
        id: str | None = None,  # noqa: A002 (Textual's word)
    ) -> None:
        """`options`: value and label of each."""
        super().__init__(id=id)
        self._options = tuple((value, printable(label)) for value, label in options)
        self._chosen = set(chosen)
        self._only_one = only_one
        self._cursor = next((place for place, (value, _) in enumerate(options) if value in self._chosen), 0)
        self._first_line = 0

    @property
    def chosen(self) -> tuple[str, ...]:
        """What is ticked, in the order of the options."""
        return tuple(value for value, _ in self._options if value in self._chosen)

    @property
    def _cell_width(self) -> int:
        longest = max((cell_len(label) for _, label in self._options), default=1)
        return BOX_WIDTH + min(longest, LONGEST_LABEL) + GAP

    def _across(self, width: int) -> int:
        return max(1, (width + GAP) // self._cell_width)

    def _lines(self, width: int) -> int:
        if len(self._options) == 1:
            return len(self._wrapped(width))
        return -(-len(self._options) // self._across(width))

    def _wrapped(self, width: int) -> list[str]:
        """The words of the only option, which are never cut: they tell what a tick means."""
        return wrap(self._options[0][1], max(1, width - BOX_WIDTH)) or [""]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A few lines at most; the rest scrolls."""
        return max(1, min(MOST_LINES, self._lines(width)))

    def render(self) -> Content:
        """The options that are in sight."""
        if len(self._options) == 1:
            return self._only_option()
        across = self._across(self.size.width)
        line = self._cursor // across
        height = max(1, self.size.height)
        self._first_line = min(max(self._first_line, line - height + 1), line)
        first = self._first_line * across
        shown = list(enumerate(self._options))[first : first + across * height]
        rows = [shown[start : start + across] for start in range(0, len(shown), across)]
        return Content("\n").join([Content.assemble(*(self._cell(*option) for option in row)) for row in rows])

    def _only_option(self) -> Content:
        first, *further = self._wrapped(self.size.width)
        style = "" if self._chosen else "$foreground 60%"
        below = [Content.styled(" " * BOX_WIDTH + words, style) for words in further]
        return Content("\n").join([self._cell(0, (self._options[0][0], first)), *below])

    def _cell(self, place: int, option: tuple[str, str]) -> Content:
        value, label = option
        ticked = value in self._chosen
        box = ("(•) " if ticked else "( ) ") if self._only_one else ("[x] " if ticked else "[ ] ")
        text = fit(label, self._cell_width - BOX_WIDTH - GAP) if len(self._options) > 1 else label
        is_here = self.has_focus and place == self._cursor
        style = "bold $accent" if is_here else "" if ticked else "$foreground 60%"
        underline = "reverse " if is_here else ""
        return Content.assemble((box, underline + style), (text, style), " " * GAP)

    def action_step(self, steps: int) -> None:
        """To a neighbour."""
        self._go(self._cursor + steps)

    def action_step_line(self, lines: int) -> None:
        """To the line above or below; past the edge to the next field."""
        target = self._cursor + lines * self._across(self.size.width)
        if 0 <= target < len(self._options):
            self._go(target)
        elif lines > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def action_tick(self) -> None:
        """Tick or untick; of one choice, choose."""
        if not self._options:
            return
        value = self._options[self._cursor][0]
        self._chosen = {value} if self._only_one else self._chosen ^ {value}
        self._tell()

    def _go(self, place: int) -> None:
        self._cursor = max(0, min(place, len(self._options) - 1))
        if self._only_one and self._options and self._options[self._cursor][0] not in self._chosen:
            self.action_tick()
        self.refresh()

    def _tell(self) -> None:
        self.refresh()
        self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        """A click is a tick."""
        across = self._across(self.size.width)
        place = (event.y + self._first_line) * across + min(event.x // self._cell_width, across - 1)
        if len(self._options) == 1:
            place = 0
        if place < len(self._options):
            event.stop()
            self._cursor = place
            self.action_tick()

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()
