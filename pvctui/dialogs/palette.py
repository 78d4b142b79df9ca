"""The palette and the menu of actions: one list of what can be done or gone to, found by typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from pvccore.model.naming import natural
from pvccore.model.struct import Struct
from pvctui.commands import Command, shown_keys
from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.messages import Chosen
from pvctui.rows.view import View
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.rows import Cell, Column, Row
from pvctui.widgets.table_bindings import TableBinding

MOST_LINES = 14
LONGEST_NAME = 40


OF_THE_HAND = frozenset({"back", "pane.next", "pane.previous", "open.palette", "quit.how"})
"""Commands that make no sense by their name."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line: `choice` is a command's id or a subject; `refusal` says why it can't be done now."""

    choice: str
    name: str
    hint: str = ""
    refusal: str = ""


def entry_columns(entries: Sequence[Entry]) -> tuple[Column, Column]:
    """What is told of an entry beside its name has all the room that no name needs: it may be a reason."""
    longest = max((cell_len(entry.name) for entry in entries), default=0)
    return (
        Column(key="name", title="NAME", width=min(longest, LONGEST_NAME), sortable=False),
        Column(key="hint", title="HINT", width=12, weight=1, sortable=False),
    )


def command_entries(commands: Iterable[Command], refusal: str) -> list[Entry]:
    """Commands with their keys; those that change the cluster with the reason why they can't."""
    return [
        Entry(
            choice=command.id,
            name=command.description,
            hint=command.shown_keys,
            refusal=refusal if command.changes else "",
        )
        for command in commands
        if command.id not in OF_THE_HAND
    ]


def list_entries(table: Iterable[TableBinding]) -> list[Entry]:
    """What a list can do besides moving about in it."""
    return [
        Entry(choice=entry.id, name=f"List: {entry.description.lower()}", hint=shown_keys(entry.keys))
        for entry in table
        if entry.by_name
    ]


def subject_entries(view: View) -> list[Entry]:
    """Every node and every VM by name."""
    nodes = [Entry(choice=f"node {name}", name=name, hint="node") for name in sorted(view.cluster.nodes, key=natural)]
    vms = sorted(view.cluster.vms.values(), key=lambda vm: natural(vm.name))
    return nodes + [
        Entry(choice=f"vm {vm.uuid}", name=vm.name or vm.uuid, hint=f"VM on {vm.placement.node}") for vm in vms
    ]


class Palette(Dialog):
    """Type to find; Enter takes the line under the cursor."""

    CANCEL_TEXT = "Close"
    AUTO_FOCUS: ClassVar[str | None] = "#palette-input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
    ]

    def __init__(self, view: View, title: str, entries: Sequence[Entry]) -> None:
        super().__init__(view)
        self._title = title
        self._entries = {entry.choice: entry for entry in entries}
        self._input = Input(id="palette-input", compact=True, placeholder="type to find")
        self._table = LiveTable(
            entry_columns(entries), header=False, id="palette-list", empty_text="nothing to do here"
        )
        self._table.styles.height = max(2, min(MOST_LINES, len(self._entries)))

    def title_text(self) -> str:
        """What it is a list of."""
        return self._title

    def body(self) -> Sequence[Widget]:
        """The line to type in, over the list."""
        self._table.set_rows(_row(entry) for entry in self._entries.values())
        return [self._input, self._table]

    def take(self, view: View) -> None:
        """The list is of the moment when it was opened."""
        self.view = view

    def action_move(self, rows: int) -> None:
        """The list moves while one types."""
        if rows > 0:
            self._table.action_cursor_down()
        else:
            self._table.action_cursor_up()

    @on(Input.Changed, "#palette-input")
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        error = self._table.set_filter(message.value)
        self.say(((error, "bad"),) if error else ("",))
        self._table.action_top()

    @on(Input.Submitted, "#palette-input")
    def _entered(self, message: Input.Submitted) -> None:
        message.stop()
        message.prevent_default()
        self._take(self._table.cursor_key)

    @on(LiveTable.RowSelected)
    def _selected(self, message: LiveTable.RowSelected) -> None:
        message.stop()
        self._take(message.key)

    def _take(self, choice: str | None) -> None:
        entry = self._entries.get(choice or "")
        if entry is None:
            return
        if entry.refusal:
            self.say(((f"✗ {entry.refusal}", "bad"),))
            return
        app = self.app
        self.dismiss(None)
        app.post_message(Chosen(entry.choice))


def _row(entry: Entry) -> Row:
    name: Cell = (entry.name, "dim") if entry.refusal else entry.name
    return Row(key=entry.choice, cells=(name, (entry.refusal or entry.hint, "dim")))
