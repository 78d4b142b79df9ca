"""The storage as a whole in a few lines: health with its checks, how full it is, flags, and how old all that is."""

from __future__ import annotations

from functools import lru_cache

from pvccore.model.storage import HealthCheck, StorageHealth, StorageStatus
from pvctui.rows.lines import Line, many, text_of
from pvctui.rows.moments import ago
from pvctui.rows.view import View
from pvctui.widgets.meter import bar, percent, size
from pvctui.widgets.rows import Cell

MEBIBYTE = 1024 * 1024
MOST_CHECKS = 3
OLD_AFTER_S = 120.0
"""Figures older than this are told as old even when nobody has said why."""
BAR_WIDTH, NARROW_BAR_WIDTH, ROOMY = 20, 12, 90
WIDE = 200
GAP = "   "
NEARLY_FULL = 0.8
HEALTH_LOOK = {
    StorageHealth.OK: ("● ok", "ok"),
    StorageHealth.WARNING: ("▲ warning", "warn"),
    StorageHealth.ERROR: ("✗ error", "bad"),
    StorageHealth.UNKNOWN: ("? unknown", "warn"),
}
CLEAN = "active+clean"


@lru_cache(maxsize=4096)
def size_of(size_bytes: float | None) -> str:
    """Bytes as a person reads them; `–` for what is not known."""
    return size(None if size_bytes is None or size_bytes < 0 else size_bytes / MEBIBYTE)


def status_lines(view: View, width: int = WIDE) -> list[Line]:
    """The head of the storage screen; what passes by is told where there is room."""
    status = view.cluster.storage.status
    if not status.is_known:
        why = f": {status.error}" if status.error else ""
        words = f"no daemon of this cluster has reported Ceph's state{why}"
        return [(("No storage report yet", "strong"),), ((words, "dim"),)]
    lines = [*_health(status, width), _use(status, view.now_s, width)]
    if status.error:
        lines.append((("▌", "bad"), (f"figures {ago(status.at, view.now_s)} old: {status.error}", "bad")))
    lines += _flags(status)
    told = [check for check in status.checks if not check.muted]
    lines += [_check(check) for check in told[:MOST_CHECKS]]
    muted = len(status.checks) - len(told)
    left = max(0, len(told) - MOST_CHECKS)
    if left or muted:
        counts = [f"{left} more" if left else "", f"{muted} muted" if muted else ""]
        lines.append(((", ".join(count for count in counts if count), "dim"),))
    return lines


def age_cell(status: StorageStatus, now_s: float) -> Cell:
    """How old the figures are."""
    is_old = bool(status.error) or now_s - status.at > OLD_AFTER_S
    return (f"figures {ago(status.at, now_s)} old", "warn" if is_old else "dim")


def _health(status: StorageStatus, width: int) -> list[Line]:
    """Health, OSDs and placement groups: in one line, or in two where they would be wrapped anywhere."""
    osds = f"OSDs {status.osds_up}/{status.osds_total} up, {status.osds_in} in"
    all_up = status.osds_up == status.osds_total
    word, look = HEALTH_LOOK[status.health]
    # What does not answer is not well: then green would be a lie.
    health = (f"{word}, when last heard", "dim") if status.error else (word, look)
    head: Line = (health, GAP, osds if all_up else (osds, "warn"))
    whole: Line = (*head, GAP, *_pgs(status))
    return [whole] if len(text_of(whole)) <= width else [head, _pgs(status)]


def _pgs(status: StorageStatus) -> Line:
    clean = sum(count for state, count in status.pg_states.items() if state.startswith(CLEAN))
    if clean == status.pgs_total:
        return (f"PGs {status.pgs_total}, all clean",)
    degraded = f", {percent(status.degraded_ratio)} degraded" if status.degraded_ratio else ""
    misplaced = f", {percent(status.misplaced_ratio)} misplaced" if status.misplaced_ratio else ""
    return ((f"{status.pgs_total - clean} of {status.pgs_total} PGs not clean{degraded}{misplaced}", "warn"),)


def _use(status: StorageStatus, now_s: float, width: int) -> Line:
    used = status.used_ratio
    drawn = bar(used, BAR_WIDTH if width >= ROOMY else NARROW_BAR_WIDTH)
    picture: Cell = (drawn, "warn") if used >= NEARLY_FULL else drawn
    free = f"{size_of(status.available_bytes)} free"
    recovering = status.recovering_bytes_s
    moved: Line = (f"{GAP}moving {size_of(recovering)}/s",) if recovering else ()
    figures = f" {percent(used)} of {size_of(status.total_bytes)}, {free}"
    line: Line = (picture, figures, GAP, age_cell(status, now_s), *moved)
    flow = f"{GAP}read {size_of(status.read_bytes_s)}/s, write {size_of(status.write_bytes_s)}/s"
    return (*line, (flow, "dim")) if len(text_of(line)) + len(flow) <= width else line


def _flags(status: StorageStatus) -> list[Line]:
    if not status.flags:
        return []
    named = ", ".join(status.flags)
    noun = many(len(status.flags), "flag")
    return [((f"▌{noun} set: {named}", "warn"),)]


def _check(check: HealthCheck) -> Line:
    glyph, state = HEALTH_LOOK[check.severity][0][0], HEALTH_LOOK[check.severity][1]
    return ((f"{glyph} {check.code}  ", state), check.summary)
