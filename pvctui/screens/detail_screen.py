"""The detail as a screen of its own, where there is no room for it beside the list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from pvctui.keys import KeyTable
from pvctui.rows.subject_tabs import subject_tabs
from pvctui.rows.view import View
from pvctui.screens.whole_screen import WholeScreen
from pvctui.widgets.detail import Detail

KEYS_HERE = {
    "back": "back",
    "open.help": "help",
    "detail.previous": "",
    "detail.next": "tab",
    "open.actions": "actions",
    "vm.edit": "edit",
    "open.log": "log",
    "names.copy": "copy",
    "go.last": "",
    "go.back": "",
    "go.forward": "",
}
OF_KINDS = {"vm.edit": ("vm",), "open.log": ("vm", "node", "death")}
"""What is offered for subjects of some kinds only."""


class DetailScreen(WholeScreen):
    """One subject, live, until Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", show=False, id="back"),
        Binding("q", "dismiss", "Back", show=False, id="quit"),
        Binding("comma", "step(-1)", "Previous tab", show=False, id="detail.previous"),
        Binding("full_stop", "step(1)", "Next tab", show=False, id="detail.next"),
        Binding("question_mark", "app.help", "Help", show=False, id="open.help"),
        Binding("e", "app.edit", "Edit", show=False, id="vm.edit"),
        Binding("x", "app.actions", "Actions", show=False, id="open.actions"),
        Binding("l", "app.log", "Log", show=False, id="open.log"),
        Binding("y", "app.copy", "Copy the name", show=False, id="names.copy"),
        Binding("minus", "app.go_last", "Last view", show=False, id="go.last"),
        Binding("left_square_bracket", "app.history(-1)", "View before", show=False, id="go.back"),
        Binding("right_square_bracket", "app.history(1)", "View after", show=False, id="go.forward"),
    ]
    PLACE_TITLE = "Detail"
    AUTO_FOCUS: ClassVar[str | None] = "DetailScroll"

    def __init__(self, view: View, subject: str, keys: KeyTable) -> None:
        super().__init__(view, subject, keys)
        kind = subject.partition(" ")[0]
        self.keys_here = {name: word for name, word in KEYS_HERE.items() if kind in OF_KINDS.get(name, (kind,))}
        self._detail = Detail()

    def body(self) -> Iterable[Widget]:
        """The pane."""
        yield self._detail

    def show(self, view: View) -> None:
        """What is known now."""
        self._detail.about(*subject_tabs(self.subject, view))

    def action_step(self, steps: int) -> None:
        """Another tab."""
        self._detail.step(steps)
