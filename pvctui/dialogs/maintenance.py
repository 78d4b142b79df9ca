"""Maintenance on or off: says what it means before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label

from pvctui.dialogs.dialog import Dialog
from pvctui.requests import switch_maintenance
from pvctui.rows.lines import BLANK
from pvctui.rows.maintenance_lines import turning_off_lines, turning_on_lines
from pvctui.rows.view import View
from pvctui.widgets.detail import Words


class MaintenanceDialog(Dialog):
    """The cluster-wide switch, one way or the other, as it stood when the dialog was opened."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.turns_on = not view.cluster.maintenance.on
        self._words = Words(markup=False)
        self._reason = Input(
            id="field-reason", compact=True, max_length=256, placeholder="optional; stands in the journal"
        )

    def title_text(self) -> str:
        """Which way."""
        return "Turn maintenance on" if self.turns_on else "Turn maintenance off"

    def action_text(self) -> str:
        """Which way, in short."""
        return "Turn it on" if self.turns_on else "Turn it off"

    def body(self) -> Sequence[Widget]:
        """What it means now, and a line for the reason."""
        self._tell()
        return [self._words, Horizontal(Label("Reason", markup=False), self._reason, classes="field")]

    def take(self, view: View) -> None:
        """Who would be fenced may change while one types."""
        super().take(view)
        self._tell()
        if view.cluster.maintenance.on is self.turns_on and not self.is_under_way:
            word = "on" if self.turns_on else "off"
            by = view.cluster.maintenance.by
            self.say(((f"maintenance is {word} already" + (f", by {by}" if by else ""), "warn"),))

    def _tell(self) -> None:
        lines = turning_on_lines(self.view.cluster) if self.turns_on else turning_off_lines(self.view)
        self._words.show_lines([*lines, BLANK])

    def act(self) -> None:
        """Switch."""
        word = "on" if self.turns_on else "off"
        request = switch_maintenance(on=self.turns_on, reason=self._reason.value.strip())
        self.ask(request, "", f"turning maintenance {word}")
