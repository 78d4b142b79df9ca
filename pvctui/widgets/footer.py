"""The line at the bottom: the keys of this place, from the table of commands; or what was just said."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Resize

from pvccore.model.struct import Struct
from pvctui.commands import FIRST_OF_FOOTER, RIGHT_OF_FOOTER, Command, shown_key
from pvctui.rows.lines import Line, text_of
from pvctui.rows.view import View
from pvctui.widgets.line import OneLine
from pvctui.widgets.rows import Cell
from pvctui.widgets.table_bindings import TableBinding

GAP = "  "


class Hint(Struct, frozen=True, kw_only=True):
    """A key as a person would name it, its word, and whether it asks for a change of the cluster."""

    key: str
    word: str
    changes: bool = False


def hints_of(commands: Sequence[Command], table: Sequence[TableBinding]) -> list[Hint]:
    """What the footer may tell, the weightiest first: what works on any screen, opening, what is done here."""
    told = [_hint(one) for one in commands if one.label and one.id != RIGHT_OF_FOOTER]
    listed = [Hint(key=shown_key(one.keys.split(",")[0]), word=one.label) for one in table if one.label]
    general = sum(1 for one in commands if one.id in FIRST_OF_FOOTER)
    return [*told[:general], *listed[:1], *told[general:], *listed[1:]]


def _hint(command: Command) -> Hint:
    return Hint(key=command.shown_key, word=command.label, changes=command.changes)


def footer_line(hints: Sequence[Hint], way_out: Sequence[Hint], width: int, refusal: str = "") -> Line:
    """As many keys as fit, in their order, with the way out on the right.

    refusal: why nothing can be changed; what asks for a change is dim then, and the reason stands beside the way out.
    """
    end: list[Cell] = [(f"✗ {refusal.partition(':')[0]}", "warn"), GAP] if refusal else []
    end += [piece for hint in way_out for piece in _key(hint)]
    left: list[Cell] = [" "]
    spare = width - len(text_of(tuple(end))) - 3
    for hint in hints:
        pieces = [*(_dim_key(hint) if refusal and hint.changes else _key(hint)), GAP]
        if len(text_of((*left, *pieces))) <= spare:
            left += pieces
    air = width - len(text_of(tuple(left))) - len(text_of(tuple(end))) - 1
    return (*left, " " * max(0, air), *end)


def _key(hint: Hint) -> list[Cell]:
    return [(hint.key, "key"), (f" {hint.word}", "dim")]


def _dim_key(hint: Hint) -> list[Cell]:
    return [(f"{hint.key} {hint.word}", "off")]


class Footer(OneLine):
    """The keys of this place."""

    DEFAULT_CSS = """
    Footer { background: $panel; color: $foreground; }
    """

    _hints: Sequence[Hint] = ()
    _way_out: Sequence[Hint] = ()
    _refusal = ""

    def offer(self, commands: Sequence[Command], table: Sequence[TableBinding] = ()) -> None:
        """These are the commands of this place, and the keys of its list."""
        self._hints = hints_of(commands, table)
        self._way_out = [_hint(one) for one in commands if one.id == RIGHT_OF_FOOTER]
        self._show()

    def take(self, view: View) -> None:
        """Whether what they ask for can be done now."""
        if view.refusal != self._refusal:
            self._refusal = view.refusal
            self._show()

    def _show(self) -> None:
        self.show(footer_line(self._hints, self._way_out, self.size.width, self._refusal))

    def on_resize(self, _event: Resize) -> None:
        """Another width."""
        self._show()
