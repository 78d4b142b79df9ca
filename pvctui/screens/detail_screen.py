"""The detail as a screen of its own, where there is no room for it beside the list."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pvctui.rows.subject_tabs import subject_tabs
from pvctui.rows.view import View
from pvctui.screens.place import OverPlace
from pvctui.widgets.banners import Banners
from pvctui.widgets.detail import Detail
from pvctui.widgets.header import Header
from pvctui.widgets.line import OneLine

KEYS = (" ", ("Esc", "key"), (" back  ", "dim"), (", .", "key"), (" tab  ", "dim"), ("x", "key"), (" actions  ", "dim"))
VM_KEYS = (*KEYS, ("e", "key"), (" edit", "dim"))


class DetailScreen(OverPlace):
    """One subject, live, until Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back", show=False),
        Binding("comma", "step(-1)", "Previous tab", show=False, id="detail.previous"),
        Binding("full_stop", "step(1)", "Next tab", show=False, id="detail.next"),
        Binding("e", "app.edit", "Edit", show=False, id="vm.edit"),
        Binding("x", "app.actions", "Actions", show=False, id="open.actions"),
        Binding("minus", "app.go_last", "Last view", show=False, id="go.last"),
        Binding("left_square_bracket", "app.history(-1)", "View before", show=False, id="go.back"),
        Binding("right_square_bracket", "app.history(1)", "View after", show=False, id="go.forward"),
    ]
    AUTO_FOCUS: ClassVar[str | None] = "DetailScroll"

    def __init__(self, view: View, subject: str) -> None:
        super().__init__()
        self.subject = subject
        self._detail = Detail()
        self._view = view

    def compose(self) -> ComposeResult:
        """What is always there, the pane, and its keys."""
        yield Header()
        yield Banners()
        yield self._detail
        yield OneLine(VM_KEYS if self.subject.startswith("vm ") else KEYS, id="detail-keys")

    def on_mount(self) -> None:
        """Say what is known already."""
        self.take(self._view)

    def take(self, view: View) -> None:
        """What is known now; a view may still come when the screen is closing."""
        if not self.query("Banners > OneLine"):
            return
        self.query_one(Header).take(view)
        self.query_one(Banners).take(view)
        self.set_class(not view.link.is_live, "-stale")
        self._detail.about(*subject_tabs(self.subject, view))

    def action_step(self, steps: int) -> None:
        """Another tab."""
        self._detail.step(steps)
