"""Screen 7: what each node's death would mean, and what if several died."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from pvctui.commands import RESILIENCE
from pvctui.rows.resilience_lines import resilience_tabs, summary_lines
from pvctui.rows.resilience_rows import RESILIENCE_COLUMNS, rows_of_resilience
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.screens.list_place import ListPlace
from pvctui.widgets.line import OneLine
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder


class ResiliencePlace(ListPlace):
    """The nodes; those that are marked are dead in the what-if, and nowhere else."""

    PLACE: ClassVar[str] = RESILIENCE
    LIST_TITLE: ClassVar[str] = "If a node died · Space marks several · Enter says what follows"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self._n_minus_one = OneLine(classes="summary-line")
        self._manager = OneLine(classes="summary-line")

    def compose(self) -> ComposeResult:
        """Two lines on the cluster, over the list."""
        yield self._n_minus_one
        yield self._manager
        yield from super().compose()

    def make_table(self) -> LiveTable:
        """By name."""
        order = SortOrder(column="name")
        return LiveTable(RESILIENCE_COLUMNS, order=order, empty_text="no node has registered", id="resilience-table")

    def changed_by(self, view: View) -> frozenset[str]:
        """Nodes that changed, those whose VMs did, and all when N−1 was worked out anew."""
        if view.delta.forecast or view.delta.leases:
            return frozenset(view.cluster.nodes)
        vms = view.cluster.vms
        homes = {vms[uuid].placement.node for uuid in view.changed_vms if uuid in vms}
        return view.delta.nodes | frozenset(homes)

    def put_rows(self, view: View, changed: set[str], *, everything: bool) -> None:
        """All the first time, then what changed."""
        if everything:
            self.table.set_rows(rows_of_resilience(view))
        elif changed:
            gone = [name for name in changed if name not in view.cluster.nodes]
            self.table.apply(rows_of_resilience(view, changed), gone)
        self._tell_summary(view)

    def tick(self, view: View) -> None:
        """Ages go on."""
        super().tick(view)
        self.table.apply(rows_of_resilience(view))
        self._tell_summary(view)

    def _tell_summary(self, view: View) -> None:
        n_minus_one, manager = summary_lines(view)
        self._n_minus_one.show((" ", *n_minus_one))
        self._manager.show((" ", *manager))

    @on(LiveTable.MarksChanged)
    def _marked(self, message: LiveTable.MarksChanged) -> None:
        """Other nodes are dead now."""
        message.stop()
        self.show_detail()

    def _with_marked(self, key: str) -> str:
        return " ".join((key, *sorted(self.table.marks.keys)))

    def tabs_of(self, key: str, view: View) -> tuple[str, Sequence[Tab]]:
        """What if, and how it is fenced."""
        return key, resilience_tabs(self._with_marked(key), view)

    def subject_of(self, key: str) -> str:
        """A node, with those that are marked."""
        return f"death {self._with_marked(key)}"

    def point_at(self, subject: str) -> None:
        """Find the row of a node."""
        super().point_at(" ".join(subject.split(" ")[:2]))
