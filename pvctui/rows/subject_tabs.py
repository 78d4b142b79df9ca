"""The title and the tabs of any subject by its kind: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pvctui.rows.node_detail import node_tabs
from pvctui.rows.resilience_lines import resilience_tabs
from pvctui.rows.storage_detail import osd_tabs, pool_tabs, snapshot_tabs, volume_tabs
from pvctui.rows.tabs import Tab
from pvctui.rows.task_rows import task_tabs
from pvctui.rows.view import View
from pvctui.rows.vm_detail import vm_tabs

TABS_OF_KIND: Mapping[str, Callable[[str, View], Sequence[Tab]]] = {
    "vm": vm_tabs,
    "node": node_tabs,
    "death": resilience_tabs,
    "task": task_tabs,
    "osd": osd_tabs,
    "pool": pool_tabs,
    "volume": volume_tabs,
    "snapshot": snapshot_tabs,
}


def subject_tabs(subject: str, view: View) -> tuple[str, Sequence[Tab]]:
    """What stands over a subject's detail, and its tabs; `subject` as in `Opened`."""
    kind, _, key = subject.partition(" ")
    return _title(kind, key, view), TABS_OF_KIND.get(kind, node_tabs)(key, view)


def name_to_copy(subject: str, view: View) -> str:
    """What a person types after a command to mean this subject; "" for nothing."""
    kind, _, key = subject.partition(" ")
    return _title(kind, key, view) if key and kind != "task" else key


def _title(kind: str, key: str, view: View) -> str:
    if kind == "vm" and key in view.cluster.vms:
        return view.cluster.vms[key].name
    if kind == "task" and key in view.cluster.tasks:
        return view.cluster.tasks[key].title or key
    if kind == "osd":
        return f"osd.{key}"
    return key.partition(" ")[0] if kind == "death" else key
