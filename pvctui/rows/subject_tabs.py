"""The title and the tabs of any subject by its kind: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pvctui.rows.node_detail import node_tabs
from pvctui.rows.resilience_lines import resilience_tabs
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.rows.vm_detail import vm_tabs

TABS_OF_KIND: Mapping[str, Callable[[str, View], Sequence[Tab]]] = {
    "vm": vm_tabs,
    "node": node_tabs,
    "death": resilience_tabs,
}


def subject_tabs(subject: str, view: View) -> tuple[str, Sequence[Tab]]:
    """What stands over a subject's detail, and its tabs; `subject` as in `Opened`."""
    kind, _, key = subject.partition(" ")
    vm = view.cluster.vms.get(key) if kind == "vm" else None
    title = vm.name if vm else key.partition(" ")[0] if kind == "death" else key
    return title, TABS_OF_KIND.get(kind, node_tabs)(key, view)
