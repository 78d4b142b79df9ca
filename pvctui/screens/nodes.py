"""Screen 2: every node, what it runs, and whether it is well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pvctui.commands import NODES
from pvctui.rows.node_detail import node_tabs
from pvctui.rows.node_rows import NODE_COLUMNS, rows_of_nodes
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.screens.list_place import ListPlace
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder


class NodesPlace(ListPlace):
    """The nodes, live."""

    PLACE: ClassVar[str] = NODES
    LIST_TITLE: ClassVar[str] = "Nodes"

    def make_table(self) -> LiveTable:
        """By name."""
        order = SortOrder(column="name")
        fields = ("alive", "storage_address")
        return LiveTable(
            NODE_COLUMNS, order=order, extra_fields=fields, empty_text="no node has registered", id="node-table"
        )

    def changed_by(self, view: View) -> frozenset[str]:
        """Nodes that changed, and those whose VMs did."""
        if view.delta.forecast:
            return frozenset(view.cluster.nodes)
        vms = view.cluster.vms
        homes = {vms[uuid].placement.node for uuid in view.changed_vms if uuid in vms}
        return view.delta.nodes | frozenset(homes)

    def put_rows(self, view: View, changed: set[str], *, everything: bool) -> None:
        """All the first time, then what changed."""
        if everything:
            self.table.set_rows(rows_of_nodes(view))
        elif changed:
            gone = [name for name in changed if name not in view.cluster.nodes]
            self.table.apply(rows_of_nodes(view, changed), gone)

    def tick(self, view: View) -> None:
        """The age of every report goes on."""
        super().tick(view)
        self.table.apply(rows_of_nodes(view))

    def tabs_of(self, key: str, view: View) -> tuple[str, Sequence[Tab]]:
        """A node's tabs."""
        return key, node_tabs(key, view)

    def subject_of(self, key: str) -> str:
        """A node by its name."""
        return f"node {key}"
