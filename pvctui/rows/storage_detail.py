"""Everything the console says of one OSD, pool, volume or snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from pvccore.model.errors import NotFound
from pvccore.model.storage import Osd, Pool, Volume, namespace_words, split_volume_path
from pvccore.model.vm import Vm
from pvccore.plan.storage_checks import users_of
from pvctui.rows.journal_lines import journal_lines
from pvctui.rows.lines import BLANK, Line, in_column, labelled, many
from pvctui.rows.storage_holders import opened_lines
from pvctui.rows.storage_lines import size_of
from pvctui.rows.storage_rows import osd_state, osd_why, pool_why
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.rows.vm_rows import status_cell
from pvctui.widgets.meter import UNKNOWN, milliseconds, percent

MOST_LISTED = 100
GONE = Tab(title="Gone", lines=lambda: [(("it is not there any more", "dim"),)])


def osd_tabs(key: str, view: View) -> list[Tab]:
    """An OSD by its number."""
    osd = view.cluster.storage.osds.get(int(key)) if key.isdigit() else None
    return [Tab(title="Summary", lines=lambda: _osd(osd))] if osd is not None else [GONE]


def _osd(osd: Osd) -> list[Line]:
    why = osd_why(osd)
    return [
        labelled("state", osd_state(osd)),
        *([labelled("why", why)] if why else []),
        labelled("node", osd.node or UNKNOWN),
        labelled("device", f"{osd.device or UNKNOWN}  {osd.device_class}"),
        labelled("used", f"{size_of(osd.used_bytes)} of {size_of(osd.total_bytes)}, {percent(osd.used_ratio)}"),
        labelled("weight", f"{osd.weight:.4g}" + (f", reweighted to {osd.reweight:.4g}" if osd.reweight != 1 else "")),
        labelled("latency", milliseconds(osd.latency_ms)),
        labelled("PGs", str(osd.pgs)),
    ]


def pool_tabs(key: str, view: View) -> list[Tab]:
    """A pool by its name."""
    pool = view.cluster.storage.pools.get(key)
    if pool is None:
        return [GONE]
    volumes = view.cluster.storage.volumes.get(key, {})
    return [
        Tab(title="Summary", lines=lambda: _pool(pool)),
        Tab(title="Volumes", lines=lambda: _named([(name, size_of(one.size_bytes)) for name, one in volumes.items()])),
    ]


def _pool(pool: Pool) -> list[Line]:
    why = pool_why(pool)
    return [
        *([labelled("why", (why, "warn"))] if why else []),
        labelled("stored", f"{size_of(pool.stored_bytes)}, which takes {size_of(pool.used_bytes)} on disks"),
        labelled("free", f"{size_of(pool.available_bytes)} until the fullest OSD is full"),
        labelled("used", percent(pool.used_ratio)),
        labelled("copies", f"{pool.replicas}; stands still below {pool.replicas_min}"),
        labelled("PGs", str(pool.pgs)),
        labelled("objects", str(pool.objects)),
        labelled("volumes", str(pool.volumes)),
        *([labelled("namespaces", (namespace_words(pool), "warn"))] if pool.namespaces else []),
        labelled("applications", ", ".join(pool.applications) or (UNKNOWN, "dim")),
    ]


def volume_tabs(key: str, view: View) -> list[Tab]:
    """A volume by POOL/VOLUME."""
    volume = view.cluster.storage.find(key)
    if volume is None:
        return [GONE]
    return [
        Tab(title="Summary", lines=lambda: _volume(key, volume, view)),
        Tab(title="Snapshots", lines=lambda: _snapshots(volume)),
        Tab(title="Journal", lines=lambda: journal_lines(view, lambda entry: key in entry.what)),
    ]


def _volume(path: str, volume: Volume, view: View) -> list[Line]:
    cluster = view.cluster
    clones = cluster.storage.clones_of(*split_volume_path(path))
    return [
        *([labelled("why", (volume.error, "bad"))] if volume.error else []),
        labelled("size", size_of(volume.size_bytes)),
        labelled("written", size_of(volume.used_bytes) if volume.used_bytes >= 0 else ("not measured yet", "dim")),
        *opened_lines(volume, path, view),
        labelled("clone of", volume.parent or (UNKNOWN, "dim")),
        labelled("clones", ", ".join(clones) or (UNKNOWN, "dim")),
        labelled("snapshots", many(volume.snapshot_count, "snapshot") if volume.snapshots else ("none", "dim")),
        BLANK,
        *_users(users_of(cluster, path), view),
    ]


def _users(users: Sequence[Vm], view: View) -> list[Line]:
    if not users:
        return [(("no VM has it as a disk", "dim"),)]
    return [
        labelled("VM", vm.name, "  ", status_cell(view.book.status(vm.uuid)), (f"  on {vm.placement.node}", "dim"))
        for vm in users
    ]


def _snapshots(volume: Volume) -> list[Line]:
    lines = _named(
        [(one.name, size_of(one.size_bytes) + ("  protected" if one.is_protected else "")) for one in volume.snapshots]
    )
    older = volume.unlisted_snapshots
    return [*lines, ((f"and {older} older ones, which are not listed", "dim"),)] if older else lines


def snapshot_tabs(key: str, view: View) -> list[Tab]:
    """A snapshot by POOL/VOLUME@SNAPSHOT."""
    path, _, name = key.rpartition("@")
    volume = view.cluster.storage.find(path)
    try:
        snapshot = volume.snapshot(name) if volume is not None else None
    except NotFound:
        snapshot = None
    if snapshot is None:
        return [GONE]
    pool, volume_name = split_volume_path(path)
    clones = view.cluster.storage.clones_of(pool, volume_name, name)
    lines = [
        labelled("volume", path),
        labelled("size then", size_of(snapshot.size_bytes)),
        labelled("protected", "yes, a clone needs it" if snapshot.is_protected else "no"),
        labelled("clones", ", ".join(clones) or (UNKNOWN, "dim")),
    ]
    return [Tab(title="Summary", lines=lambda: lines)]


def _named(pairs: Sequence[tuple[str, str]]) -> list[Line]:
    if not pairs:
        return [(("none", "dim"),)]
    column = in_column((name for name, _ in pairs), at_most=32)
    lines: list[Line] = [(f"{column(name)}  ", (text, "dim")) for name, text in sorted(pairs)[:MOST_LISTED]]
    left = len(pairs) - MOST_LISTED
    return [*lines, ((f"and {left} more", "dim"),)] if left > 0 else lines
