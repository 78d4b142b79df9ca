"""Who has a volume open, as the console tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.storage import Volume
from pvccore.plan.openers import address_words, nodes_by_address, openers
from pvccore.plan.storage_checks import users_of
from pvctui.rows.lines import Line, labelled
from pvctui.rows.moments import ago
from pvctui.rows.view import View
from pvctui.widgets.rows import Cell


def holder_text(volume: Volume, nodes: Mapping[str, str]) -> str:
    """Who has it open, in a word or two; empty when nobody is known to."""
    return ", ".join(openers(volume, nodes)) or ("yes" if volume.is_locked else "")


def opened_lines(volume: Volume, path: str, view: View, *, indent: str = "") -> list[Line]:
    """Who holds its lock, and who has it open; with when that was asked."""
    nodes = nodes_by_address(view.cluster)
    return [
        labelled(f"{indent}locked by", _holder(volume, nodes)),
        labelled(f"{indent}open at", *_watchers(volume, path, view, nodes)),
    ]


def _holder(volume: Volume, nodes: Mapping[str, str]) -> Cell:
    if not volume.is_locked:
        return ("nobody", "dim")
    if not volume.lock_holder:
        return "somebody"
    words = address_words(volume.lock_holder, nodes)
    return words if volume.lock_holder in nodes else (f"{words}, no node of this cluster", "warn")


def _watchers(volume: Volume, path: str, view: View, nodes: Mapping[str, str]) -> Sequence[Cell]:
    if not volume.opened_at:
        return (_by_its_daemon(path, view.cluster),)
    asked: Cell = (f"   asked {ago(volume.opened_at, view.now_s)} ago", "dim")
    if not volume.watchers:
        return (("nobody", "dim"), asked)
    names = ", ".join(address_words(address, nodes) for address in volume.watchers)
    return ((names, "warn") if len(volume.watchers) > 1 else names, asked)


def _by_its_daemon(path: str, cluster: Cluster) -> Cell:
    """Before Ceph was asked: where the daemon of a running VM's node has told of its clients."""
    told = [vm.node for vm in users_of(cluster, path) if vm.is_active and vm.placement.clients]
    return f"{', '.join(told)}, as its daemon says" if told else ("not asked yet", "dim")
