"""OSDs, pools, volumes and snapshots as rows of lists."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.cluster import Cluster
from pvccore.model.storage import Osd, Pool, Snapshot, Volume, path_of_volume
from pvctui.rows.storage_lines import NEARLY_FULL, size_of
from pvctui.widgets.meter import UNKNOWN, bar, percent
from pvctui.widgets.rows import Align, Cell, Column, Measure, Row, Value

BAR_WIDTH = 6
RIGHT = Align.RIGHT

OSD_COLUMNS = (
    Column(key="osd", title="OSD", width=8, pinned=True),
    Column(key="node", title="NODE", width=10, min_width=6, max_width=20, weight=1),
    Column(key="device", title="DEVICE", width=10, max_width=20, weight=1, from_width=84),
    Column(key="class", title="CLASS", width=5, from_width=90),
    Column(key="state", title="STATE", width=12),
    Column(key="use", title="USE", width=12),
    Column(key="size", title="SIZE", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="weight", title="WEIGHT", width=7, align=RIGHT, from_width=76),
    Column(key="latency", title="LATENCY", width=7, align=RIGHT),
    Column(key="pgs", title="PGS", width=4, align=RIGHT),
    Column(key="why", title="WHY", width=10, weight=3, from_width=64, sortable=False),
)
POOL_COLUMNS = (
    Column(key="pool", title="POOL", width=14, min_width=10, max_width=30, weight=1, pinned=True),
    Column(key="use", title="USE", width=12),
    Column(key="stored", title="STORED", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="available", title="MAX FREE", width=8, align=RIGHT, measure=Measure.BYTES),
    Column(key="volumes", title="VOLUMES", width=7, align=RIGHT),
    Column(key="replicas", title="COPIES", width=6, align=RIGHT),
    Column(key="pgs", title="PGS", width=5, align=RIGHT),
    Column(key="objects", title="OBJECTS", width=8, align=RIGHT, from_width=80),
    Column(key="why", title="WHY", width=10, weight=3, from_width=80, sortable=False),
)
VOLUME_COLUMNS = (
    Column(key="volume", title="VOLUME", width=18, min_width=14, max_width=44, weight=2, pinned=True),
    Column(key="size", title="SIZE", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="used", title="USED", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="vm", title="VM", width=12, min_width=8, max_width=26, weight=1),
    Column(key="lock", title="LOCKED", width=10, max_width=24, weight=1, from_width=62),
    Column(key="snapshots", title="SNAPS", width=5, align=RIGHT),
    Column(key="parent", title="CLONE OF", width=12, max_width=40, weight=1, from_width=100),
    Column(key="why", title="WHY", width=8, weight=2, from_width=84, sortable=False),
)
SNAPSHOT_COLUMNS = (
    Column(key="volume", title="VOLUME", width=18, min_width=14, max_width=44, weight=2, pinned=True),
    Column(key="name", title="SNAPSHOT", width=14, min_width=10, max_width=40, weight=2),
    Column(key="size", title="SIZE", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="protected", title="PROTECTED", width=9),
    Column(key="why", title="CLONES", width=12, weight=3, sortable=False),
)


def _row(key: str, shown: tuple[tuple[Cell, Value], ...]) -> Row:
    return Row(key=key, cells=tuple(cell for cell, _ in shown), values=tuple(value for _, value in shown))


def _use(ratio: float) -> Cell:
    text = f"{bar(ratio, BAR_WIDTH)} {percent(ratio).rjust(5)}"
    return (text, "warn") if ratio >= NEARLY_FULL else text


def rows_of_osds(cluster: Cluster) -> list[Row]:
    """Every OSD, by its number."""
    return [_osd(osd) for _, osd in sorted(cluster.storage.osds.items())]


def osd_state(osd: Osd) -> Cell:
    """Whether it answers, and whether copies are placed on it."""
    if not osd.is_up:
        return ("✗ down, in" if osd.is_in else "✗ down, out", "bad")
    return ("● up, in", "ok") if osd.is_in else ("◇ up, out", "warn")


def osd_why(osd: Osd) -> str:
    """What its state means; empty when all is well."""
    if not osd.is_up:
        return "its daemon does not answer" if osd.is_in else "down, and its copies are kept elsewhere"
    if not osd.is_in:
        return f"its copies move elsewhere; {size_of(osd.used_bytes)} left"
    return "nearly full" if osd.used_ratio >= NEARLY_FULL else ""


def _osd(osd: Osd) -> Row:
    why, state = osd_why(osd), osd_state(osd)
    weight = f"{osd.weight:.2f}" if osd.reweight == 1 else f"{osd.weight:.2f}×{osd.reweight:.2f}"
    return _row(
        str(osd.id),
        (
            (f"osd.{osd.id}", osd.id),
            (osd.node or (UNKNOWN, "dim"), osd.node),
            (osd.device, osd.device),
            (osd.device_class, osd.device_class),
            (state, state[0]),
            (_use(osd.used_ratio), osd.used_ratio),
            (size_of(osd.total_bytes), osd.total_bytes),
            (weight, osd.weight),
            (f"{osd.latency_ms:.0f} ms", osd.latency_ms),
            (str(osd.pgs), osd.pgs),
            ((why, state[1] or "warn") if why else "", why),
        ),
    )


def rows_of_pools(cluster: Cluster) -> list[Row]:
    """Every pool, by its name."""
    return [_pool(pool) for _, pool in sorted(cluster.storage.pools.items())]


def pool_why(pool: Pool) -> str:
    """What is worth a word of it."""
    if pool.used_ratio >= NEARLY_FULL:
        return "nearly full: no new volume unless forced"
    return "one copy only: a dead disk loses it" if pool.replicas == 1 else ""


def _pool(pool: Pool) -> Row:
    why = pool_why(pool)
    return _row(
        pool.name,
        (
            (pool.name, pool.name),
            (_use(pool.used_ratio), pool.used_ratio),
            (size_of(pool.stored_bytes), pool.stored_bytes),
            (size_of(pool.available_bytes), pool.available_bytes),
            (str(pool.volumes), pool.volumes),
            (f"{pool.replicas}/{pool.replicas_min}", pool.replicas),
            (str(pool.pgs), pool.pgs),
            (str(pool.objects), pool.objects),
            ((why, "warn") if why else "", why),
        ),
    )


def users_by_volume(cluster: Cluster) -> dict[str, list[str]]:
    """POOL/VOLUME → the names of the VMs that have it as a disk; in one pass over all VMs."""
    users: dict[str, list[str]] = {}
    for vm in cluster.vms.values():
        for path in vm.definition.volumes:
            users.setdefault(path, []).append(vm.name)
    return users


def rows_of_volumes(cluster: Cluster) -> list[Row]:
    """Every volume, by pool and name."""
    users = users_by_volume(cluster)
    return [
        _volume(path_of_volume(pool, name), volume, users)
        for pool, volumes in sorted(cluster.storage.volumes.items())
        for name, volume in sorted(volumes.items())
    ]


def _volume(path: str, volume: Volume, users: Mapping[str, list[str]]) -> Row:
    vms = ", ".join(sorted(users.get(path, ())))
    holder = volume.lock_holder or ("yes" if volume.is_locked else "")
    why = "locked, though no VM here has it" if volume.is_locked and not vms else "" if vms else "no VM has it"
    used = volume.used_bytes if volume.used_bytes >= 0 else None
    return _row(
        path,
        (
            (path, path),
            (size_of(volume.size_bytes), volume.size_bytes),
            (size_of(used), used),
            (vms or (UNKNOWN, "dim"), vms),
            (holder, holder),
            (str(len(volume.snapshots)) if volume.snapshots else "", len(volume.snapshots)),
            (volume.parent, volume.parent),
            ((why, "warn" if volume.is_locked else "dim") if why else "", why),
        ),
    )


def rows_of_snapshots(cluster: Cluster) -> list[Row]:
    """Every snapshot, by volume and name."""
    clones: dict[str, list[str]] = {}
    for pool, volumes in cluster.storage.volumes.items():
        for volume in volumes.values():
            if volume.parent:
                clones.setdefault(volume.parent, []).append(path_of_volume(pool, volume.name))
    return [
        _snapshot(path_of_volume(pool, name), one, clones)
        for pool, volumes in sorted(cluster.storage.volumes.items())
        for name, volume in sorted(volumes.items())
        for one in volume.snapshots
    ]


def _snapshot(volume: str, snapshot: Snapshot, clones: Mapping[str, list[str]]) -> Row:
    key = f"{volume}@{snapshot.name}"
    hanging = ", ".join(sorted(clones.get(key, ())))
    return _row(
        key,
        (
            (volume, volume),
            (snapshot.name, snapshot.name),
            (size_of(snapshot.size_bytes), snapshot.size_bytes),
            ("yes" if snapshot.is_protected else "no", "yes" if snapshot.is_protected else "no"),
            (hanging, hanging),
        ),
    )
