"""Screen 3: every VM, and why it is as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pvctui.commands import VMS
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.rows.vm_detail import vm_tabs
from pvctui.rows.vm_rows import VM_COLUMNS, VM_FIELDS, rows_of_vms
from pvctui.screens.list_place import ListPlace
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder


class VmsPlace(ListPlace):
    """The VMs, live."""

    PLACE: ClassVar[str] = VMS
    LIST_TITLE: ClassVar[str] = "VMs"

    def make_table(self) -> LiveTable:
        """By name."""
        order = SortOrder(column="name")
        return LiveTable(VM_COLUMNS, order=order, extra_fields=VM_FIELDS, empty_text="no VM is defined", id="vm-table")

    def changed_by(self, view: View) -> frozenset[str]:
        """VMs that changed, or whose node did."""
        return view.changed_vms

    def put_rows(self, view: View, changed: set[str], *, everything: bool) -> None:
        """All the first time, then what changed."""
        if everything:
            self.table.set_rows(rows_of_vms(view))
        elif changed:
            gone = [uuid for uuid in changed if uuid not in view.cluster.vms]
            self.table.apply(rows_of_vms(view, changed), gone)

    def tabs_of(self, key: str, view: View) -> tuple[str, Sequence[Tab]]:
        """A VM's tabs."""
        vm = view.cluster.vms.get(key)
        return (vm.name if vm else key), vm_tabs(key, view)

    def subject_of(self, key: str) -> str:
        """A VM by its uuid."""
        return f"vm {key}"
