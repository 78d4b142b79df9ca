"""The line at the bottom: the keys of this place, from the table of commands; or what was just said."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Resize

from pvctui.commands import RIGHT_OF_FOOTER, Command
from pvctui.rows.lines import Line, text_of
from pvctui.rows.view import View
from pvctui.widgets.line import OneLine
from pvctui.widgets.rows import Cell

GAP = "  "


def footer_line(commands: Sequence[Command], width: int, refusal: str = "") -> Line:
    """As many keys as fit, in the table's order, with the way out on the right.

    refusal: why nothing can be changed; what asks for a change is dim then, and the reason stands beside the way out.
    """
    right = [command for command in commands if command.id == RIGHT_OF_FOOTER]
    end: list[Cell] = [(f"✗ {refusal.partition(':')[0]}", "warn"), GAP] if refusal else []
    end += [piece for command in right for piece in _key(command)]
    left: list[Cell] = [" "]
    spare = width - len(text_of(tuple(end))) - 3
    for command in commands:
        pieces = [*(_dim_key(command) if refusal and command.changes else _key(command)), GAP]
        if command.label and command.id != RIGHT_OF_FOOTER and len(text_of((*left, *pieces))) <= spare:
            left += pieces
    air = width - len(text_of(tuple(left))) - len(text_of(tuple(end))) - 1
    return (*left, " " * max(0, air), *end)


def _key(command: Command) -> list[Cell]:
    return [(command.shown_key, "key"), (f" {command.label}", "dim")]


def _dim_key(command: Command) -> list[Cell]:
    return [(f"{command.shown_key} {command.label}", "off")]


class Footer(OneLine):
    """The keys of this place."""

    DEFAULT_CSS = """
    Footer { background: $panel; color: $foreground; }
    """

    _commands: Sequence[Command] = ()
    _refusal = ""

    def offer(self, commands: Sequence[Command]) -> None:
        """These are the commands of this place."""
        self._commands = commands
        self._show()

    def take(self, view: View) -> None:
        """Whether what they ask for can be done now."""
        if view.refusal != self._refusal:
            self._refusal = view.refusal
            self._show()

    def _show(self) -> None:
        self.show(footer_line(self._commands, self.size.width, self._refusal))

    def on_resize(self, _event: Resize) -> None:
        """Another width."""
        self._show()
