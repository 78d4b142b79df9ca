"""The line at the bottom: the keys of this place, from the table of commands; or what was just said."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Resize

from pvctui.commands import RIGHT_OF_FOOTER, Command
from pvctui.rows.lines import Line, text_of
from pvctui.widgets.line import OneLine
from pvctui.widgets.rows import Cell

GAP = "  "


def footer_line(commands: Sequence[Command], width: int) -> Line:
    """As many keys as fit, in the table's order, with the way out on the right."""
    right = [command for command in commands if command.id == RIGHT_OF_FOOTER]
    end: list[Cell] = [piece for command in right for piece in _key(command)]
    left: list[Cell] = [" "]
    spare = width - len(text_of(tuple(end))) - 3
    for command in commands:
        pieces = [*_key(command), GAP]
        if command.label and command.id != RIGHT_OF_FOOTER and len(text_of((*left, *pieces))) <= spare:
            left += pieces
    air = width - len(text_of(tuple(left))) - len(text_of(tuple(end))) - 1
    return (*left, " " * max(0, air), *end)


def _key(command: Command) -> list[Cell]:
    return [(command.shown_key, "key"), (f" {command.label}", "dim")]


class Footer(OneLine):
    """The keys of this place."""

    DEFAULT_CSS = """
    Footer { background: $panel; color: $foreground; }
    """

    _commands: Sequence[Command] = ()

    def offer(self, commands: Sequence[Command]) -> None:
        """These are the commands of this place."""
        self._commands = commands
        self.show(footer_line(commands, self.size.width))

    def on_resize(self, _event: Resize) -> None:
        """Another width."""
        self.show(footer_line(self._commands, self.size.width))
