"""OSDs and pools as rows of lists."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.storage import Osd, Pool
from pvctui.rows.storage_lines import NEARLY_FULL, size_of
from pvctui.widgets.meter import UNKNOWN, bar, milliseconds, percent
from pvctui.widgets.rows import Align, Cell, Column, Measure, Row, Value

BAR_WIDTH = 6
RIGHT = Align.RIGHT

OSD_COLUMNS = (
    Column(key="osd", title="OSD", width=8, min_width=7, pinned=True),
    Column(key="node", title="NODE", width=10, min_width=5, max_width=20, weight=1),
    Column(key="device", title="DEVICE", width=10, max_width=20, weight=1, from_width=106),
    Column(key="class", title="CLASS", width=5, from_width=112),
    Column(key="state", title="STATE", width=12),
    Column(key="use", title="USE", width=12),
    Column(key="size", title="SIZE", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="weight", title="WEIGHT", width=7, align=RIGHT, from_width=86),
    Column(key="latency", title="LATENCY", width=7, align=RIGHT),
    Column(key="pgs", title="PGS", width=4, align=RIGHT),
    Column(key="why", title="WHY", width=10, min_width=6, weight=3, from_width=77, sortable=False),
)
POOL_COLUMNS = (
    Column(key="pool", title="POOL", width=14, min_width=10, max_width=30, weight=1, pinned=True),
    Column(key="use", title="USE", width=12),
    Column(key="stored", title="STORED", width=7, align=RIGHT, measure=Measure.BYTES),
    Column(key="available", title="MAX FREE", width=8, align=RIGHT, measure=Measure.BYTES),
    Column(key="volumes", title="VOLUMES", width=7, align=RIGHT),
    Column(key="replicas", title="COPIES", width=6, align=RIGHT),
    Column(key="pgs", title="PGS", width=5, align=RIGHT, from_width=66),
    Column(key="objects", title="OBJECTS", width=8, align=RIGHT, from_width=92),
    Column(key="why", title="WHY", width=10, min_width=6, weight=3, from_width=77, sortable=False),
)


def row_of(key: str, shown: tuple[tuple[Cell, Value], ...]) -> Row:
    """A row of what each column shows, and by what it is sorted and filtered."""
    cells, values = zip(*shown, strict=True)
    return Row(key=key, cells=cells, values=values)


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
    return row_of(
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
            (milliseconds(osd.latency_ms), osd.latency_ms),
            (str(osd.pgs), osd.pgs),
            ((why, state[1] or "warn") if why else "", why),
        ),
    )


def rows_of_pools(cluster: Cluster) -> list[Row]:
    """Every pool, by its name."""
    return [_pool(pool) for _, pool in sorted(cluster.storage.pools.items())]


def pool_why(pool: Pool) -> str:
    """What is worth a word of it."""
    if pool.error:
        return pool.error
    if pool.used_ratio >= NEARLY_FULL:
        return "nearly full: no new volume unless forced"
    return "one copy only: a dead disk loses it" if pool.replicas == 1 else ""


def _pool(pool: Pool) -> Row:
    why = pool_why(pool)
    return row_of(
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
