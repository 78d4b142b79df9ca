"""Help for a place: its keys, from the table of commands."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from pvctui.commands import ANYWHERE, Command, shown_keys
from pvctui.dialogs.dialog import Dialog
from pvctui.rows.lines import BLANK, Line
from pvctui.rows.view import View
from pvctui.widgets.detail import Words
from pvctui.widgets.table_bindings import TABLE_BINDINGS, TableBinding

KEYS_WIDTH = 15
FILTER = "list.filter"
FILTER_HELP = (
    ("web prod", "both words"),
    ("web|db", "either"),
    ("!test", "not this"),
    ("status:parked", "a field has this in it"),
    ("memory>4G", "a field compared"),
    ("~^db[0-9]$", "a regular expression"),
)


def help_lines(title: str, commands: Sequence[Command], table: Sequence[TableBinding] = TABLE_BINDINGS) -> list[Line]:
    """The keys of a place, then those of its list, then those that work anywhere."""
    here = [command for command in commands if command.places != ANYWHERE]
    anywhere = [command for command in commands if command.places == ANYWHERE]
    lines: list[Line] = []
    if here:
        lines += [((title, "accent"),), *(_line(command.shown_keys, command.description) for command in here), BLANK]
    lines += [
        (("Anywhere", "accent"),),
        *(_line(command.shown_keys, command.description) for command in anywhere),
        BLANK,
    ]
    if table:
        lines += [(("In a list", "accent"),)]
        lines += [_line(shown_keys(entry.keys), entry.description) for entry in table]
    if any(command.id == FILTER for command in commands):
        lines += [BLANK, (("What a filter can say", "accent"),), *(_line(*pair) for pair in FILTER_HELP)]
    return lines


def _line(keys: str, description: str) -> Line:
    return ((keys.ljust(KEYS_WIDTH), "key"), description)


class HelpDialog(Dialog):
    """Only tells."""

    CANCEL_TEXT = "Close"
    TITLE_TEXT = "Help"

    def __init__(self, view: View, title: str, commands: Sequence[Command], table: Sequence[TableBinding]) -> None:
        super().__init__(view)
        self._lines = help_lines(title, commands, table)

    def body(self) -> Sequence[Widget]:
        """The keys."""
        words = Words(markup=False)
        words.show_lines(self._lines)
        return [words]
