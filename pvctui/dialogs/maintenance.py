"""Maintenance on or off: says what it means before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget
from textual.widgets import Input

from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.field import field
from pvctui.requests import switch_maintenance
from pvctui.rows.lines import BLANK
from pvctui.rows.maintenance_lines import turning_off_lines, turning_on_lines
from pvctui.rows.view import View
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words

NOOUT = "noout"


class MaintenanceDialog(Dialog):
    """The cluster-wide switch, one way or the other, as it stood when the dialog was opened."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.turns_on = not view.cluster.maintenance.on
        self._words = Words(markup=False)
        self._reason = Input(
            id="field-reason", compact=True, max_length=256, placeholder="optional; stands in the journal"
        )
        self._noout = Choices([(NOOUT, "also set Ceph's noout: copies stay where they are")], id="field-noout")

    def title_text(self) -> str:
        """Which way."""
        return "Turn maintenance on" if self.turns_on else "Turn maintenance off"

    def action_text(self) -> str:
        """Which way, in short."""
        return "Turn it on" if self.turns_on else "Turn it off"

    def body(self) -> Sequence[Widget]:
        """What it means now, and a line for the reason."""
        self._tell()
        fields = [self._words, field("Reason", self._reason)]
        has_ceph = self.view.cluster.storage.status.is_known
        return [*fields, field("", self._noout)] if self.turns_on and has_ceph else fields

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
        noout = bool(self._noout.chosen)
        request = switch_maintenance(on=self.turns_on, reason=self._reason.value.strip(), noout=noout)
        self.ask(request, "", f"turning maintenance {word}")
