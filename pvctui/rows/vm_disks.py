"""A VM's volumes and networks, as lines of its detail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pvccore.model.storage import Volume
from pvccore.model.vm import Vm
from pvctui.rows.lines import BLANK, Line, labelled, many
from pvctui.rows.storage_holders import opened_lines
from pvctui.rows.storage_lines import size_of
from pvctui.rows.view import View
from pvctui.rows.volume_rows import users_by_volume
from pvctui.widgets.rows import Cell

MB = 1024 * 1024


def volume_lines(vm: Vm, view: View) -> Sequence[Line]:
    """Each disk: how large, how full, who holds its lock, its snapshots, and whether another VM has it too."""
    cluster = view.cluster
    if not vm.definition.volumes:
        return [(("it has no volume", "dim"),)]
    users = users_by_volume(cluster)
    lines: list[Line] = []
    for path in vm.definition.volumes:
        lines += [*_volume(path, view, vm, users), BLANK]
    return lines


def _volume(path: str, view: View, vm: Vm, users: Mapping[str, Sequence[str]]) -> list[Line]:
    cluster = view.cluster
    heading: Line = ((path, "strong"),)
    volume = cluster.storage.find(path)
    if volume is None:
        known = cluster.storage.status.is_known
        why = "the storage has no such volume" if known else "no storage report yet"
        return [heading, ((f"  {why}", "bad" if known else "dim"),)]
    used: Cell = size_of(volume.used_bytes) if volume.used_bytes >= 0 else ("not measured yet", "dim")
    lines = [
        heading,
        labelled("  size", size_of(volume.size_bytes), ("   written ", "dim"), used),
        *opened_lines(volume, path, view, indent="  "),
        labelled("  snapshots", *_snapshots(volume)),
    ]
    if volume.parent:
        lines.append(labelled("  clone of", volume.parent))
    others = sorted(name for name in users.get(path, ()) if name != vm.name)
    if others:
        lines.append(labelled("  also of", (", ".join(others), "warn")))
    return lines


def _snapshots(volume: Volume) -> Sequence[Cell]:
    if not volume.snapshots:
        return (("none", "dim"),)
    names = ", ".join(one.name for one in volume.snapshots)
    return (f"{many(volume.snapshot_count, 'snapshot')}: ", (names, "dim"))


def network_lines(vm: Vm, view: View) -> Sequence[Line]:
    """What it is connected to, and what goes through all of it together."""
    networks = vm.definition.networks
    if not networks:
        return [(("it has no network interface", "dim"),)]
    lines = [labelled(f"interface {number}", name) for number, name in enumerate(networks, 1)]
    domain = view.book.domain(vm.uuid, vm.placement.node) if vm.is_active else None
    traffic: Cell = f"{domain.net_bytes_s / MB:.1f} MB/s" if domain else ("not heard", "dim")
    return [*lines, BLANK, labelled("traffic", traffic), BLANK, (("addresses and models stand in the XML", "dim"),)]
