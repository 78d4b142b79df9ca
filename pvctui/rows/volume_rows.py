"""Volumes and their snapshots as rows of lists.

There may be ten thousand, and the reporter notes something about a few of them every now and then: so a row is made
anew only when what it is made of has changed.
"""

from __future__ import annotations

from collections.abc import Callable

from pvccore.model.cluster import Cluster
from pvccore.model.storage import PART, Snapshot, Volume, path_of_volume
from pvccore.plan.openers import nodes_by_address
from pvctui.rows.storage_holders import holder_text
from pvctui.rows.storage_lines import size_of
from pvctui.rows.storage_rows import RIGHT, row_of
from pvctui.widgets.meter import UNKNOWN
from pvctui.widgets.rows import Column, Measure, Row

VOLUME_COLUMNS = (
    Column(key="volume", title="VOLUME", width=18, min_width=14, max_width=44, weight=2, pinned=True),
    Column(key="size", title="SIZE", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="used", title="USED", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="vm", title="VM", width=12, min_width=8, max_width=26, weight=1),
    Column(key="lock", title="OPEN AT", width=10, max_width=24, weight=1, from_width=62),
    Column(key="snapshots", title="SNAPS", width=5, align=RIGHT),
    Column(key="parent", title="CLONE OF", width=12, max_width=40, weight=1, from_width=100),
    Column(key="why", title="WHY", width=8, weight=2, from_width=84, sortable=False),
)
SNAPSHOT_COLUMNS = (
    Column(key="volume", title="VOLUME", width=18, min_width=14, max_width=44, weight=2, pinned=True),
    Column(key="name", title="SNAPSHOT", width=14, min_width=10, max_width=40, weight=2),
    Column(key="size", title="SIZE", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="protected", title="PROTECTED", width=9),
    Column(key="why", title="CLONES", width=12, min_width=6, weight=3, sortable=False),
)

Facts = tuple[object, ...]
"""All that a volume's rows are made of."""


def users_by_volume(cluster: Cluster) -> dict[str, list[str]]:
    """POOL/VOLUME → the names of the VMs that have it as a disk; in one pass over all VMs."""
    users: dict[str, list[str]] = {}
    for vm in cluster.vms.values():
        for path in vm.definition.volumes:
            users.setdefault(path, []).append(vm.name)
    return users


class VolumeRows:
    """The rows of a list with one or more for each volume. facts: of a cluster, what tells those of one volume."""

    def __init__(
        self,
        facts: Callable[[Cluster], Callable[[str, Volume], Facts]],
        make: Callable[..., tuple[Row, ...]],
    ) -> None:
        self._facts = facts
        self._make = make
        self._made: dict[str, tuple[Facts, tuple[Row, ...]]] = {}

    def __call__(self, cluster: Cluster) -> list[Row]:
        facts_of = self._facts(cluster)
        made: dict[str, tuple[Facts, tuple[Row, ...]]] = {}
        for pool, volumes in sorted(cluster.storage.volumes.items()):
            for name in sorted(volumes):
                path = path_of_volume(pool, name)
                facts = facts_of(path, volumes[name])
                last = self._made.get(path)
                same = last is not None and last[0] == facts
                made[path] = last if same and last is not None else (facts, self._make(path, *facts))
        self._made = made
        return [row for _, rows in made.values() for row in rows]


def volume_rows() -> VolumeRows:
    """Every volume, by pool and name."""
    return VolumeRows(_facts_of_volumes, _volume)


def snapshot_rows() -> VolumeRows:
    """Every snapshot, by volume, the oldest first."""
    return VolumeRows(_facts_of_snapshots, _snapshots)


def _facts_of_volumes(cluster: Cluster) -> Callable[[str, Volume], Facts]:
    users, nodes = users_by_volume(cluster), nodes_by_address(cluster)
    told: dict[Facts, str] = {}  # thousands are open at the same few nodes

    def facts(path: str, volume: Volume) -> Facts:
        opened = (volume.is_locked, volume.lock_holder, volume.watchers)
        if opened not in told:
            told[opened] = holder_text(volume, nodes)
        return volume, ", ".join(sorted(users.get(path, ()))), told[opened]

    return facts


def volume_why(volume: Volume, vms: str) -> tuple[str, str]:
    """What is worth a word of it, and how it looks. vms: those that have it as a disk."""
    if volume.error:
        return volume.error, "bad"
    if len(volume.watchers) > 1:
        return f"open in {len(volume.watchers)} places", "warn"
    if not vms and PART in volume.name:
        return "part of what a task makes, or left half-made", "dim"
    if not vms and (volume.is_locked or volume.watchers):
        return "in use, though no VM here has it", "warn"
    return ("", "") if vms else ("no VM has it", "dim")


def _volume(path: str, volume: Volume, vms: str, holder: str) -> tuple[Row]:
    why, look = volume_why(volume, vms)
    used = volume.used_bytes if volume.used_bytes >= 0 else None
    row = row_of(
        path,
        (
            (path, path),
            (size_of(volume.size_bytes), volume.size_bytes),
            (size_of(used), used),
            (vms or (UNKNOWN, "dim"), vms),
            (holder, holder),
            (str(volume.snapshot_count) if volume.snapshots else "", volume.snapshot_count),
            (volume.parent, volume.parent),
            ((why, look) if why else "", why),
        ),
    )
    return (row,)


def _facts_of_snapshots(cluster: Cluster) -> Callable[[str, Volume], Facts]:
    clones: dict[str, list[str]] = {}
    for pool, volumes in cluster.storage.volumes.items():
        for volume in volumes.values():
            if volume.parent:
                clones.setdefault(volume.parent, []).append(path_of_volume(pool, volume.name))

    def facts(path: str, volume: Volume) -> Facts:
        hanging = (", ".join(sorted(clones.get(f"{path}@{one.name}", ()))) for one in volume.snapshots)
        return volume.snapshots, tuple(hanging)

    return facts


def _snapshots(path: str, snapshots: tuple[Snapshot, ...], hanging: tuple[str, ...]) -> tuple[Row, ...]:
    return tuple(_snapshot(path, one, clones) for one, clones in zip(snapshots, hanging, strict=True))


def _snapshot(volume: str, snapshot: Snapshot, clones: str) -> Row:
    protected = "yes" if snapshot.is_protected else "no"
    return row_of(
        f"{volume}@{snapshot.name}",
        (
            (volume, volume),
            (snapshot.name, snapshot.name),
            (size_of(snapshot.size_bytes), snapshot.size_bytes),
            (protected, protected),
            (clones, clones),
        ),
    )
