"""The line that is always there: which cluster, how true, and how it stands, in numbers."""

from __future__ import annotations

from pvccore.model.cluster import VmStatus
from pvccore.model.storage import StorageHealth, StorageStatus
from pvccore.model.vm import VmState
from pvccore.state.store import Connection
from pvctui.rows.forecast_lines import header_part
from pvctui.rows.lines import Line, text_of
from pvctui.rows.moments import clock
from pvctui.rows.view import Link, View
from pvctui.widgets.meter import age, percent
from pvctui.widgets.rows import Cell

WIDE_GAP, NARROW_GAP, MORE = "     ", "  ", " …"
COUNTED = ((VmStatus.UNKNOWN, "bad"), (VmState.FAILED.value, "bad"), (VmStatus.PARKED, "warn"))


def link_words(link: Link) -> Cell:
    """Whether what is shown is what is."""
    if link.connection is Connection.REFUSED:
        return (f"✗ refused{_age(link)}", "bad")
    if link.is_live:
        return ("● live", "ok")
    if link.trouble:
        return (f"✗ not connected{_age(link)}", "bad")
    if link.age_s is None:
        return ("◌ connecting", "warn")
    return (f"◌ reconnecting{_age(link)}", "warn")


def _age(link: Link) -> str:
    return "" if link.age_s is None else f", data {age(link.age_s)} old"


def header_parts(view: View) -> list[Line]:
    """The parts of the line in order; without a snapshot no numbers are told."""
    cluster = view.cluster
    name: Line = ((cluster.settings.cluster_name, "strong"),)
    parts: list[Line] = [(*name, "  ", link_words(view.link))]
    if view.link.age_s is None:
        return parts
    live = sum(node.is_alive for node in cluster.nodes.values())
    total = len(cluster.nodes)
    parts.append((("nodes ", "dim"), (f"{live}/{total}", "warn" if live < total else "")))
    parts.append((("VMs ", "dim"), f"{view.book.running}/{len(cluster.vms)}"))
    for status, state in COUNTED:
        number = view.book.count(status)
        if number:
            parts.append((("" + status + " ", "dim"), (str(number), state)))
    if cluster.problems:
        parts.append((("unreadable ", "dim"), (str(len(cluster.problems)), "warn")))
    return parts


def outlook_parts(view: View) -> list[Line]:
    """N−1 and the storage: told where there is room, N−1 first."""
    cluster = view.cluster
    if view.link.age_s is None:
        return []
    storage = _storage(cluster.storage.status) if cluster.storage.status.is_known else ()
    return [part for part in (header_part(cluster.forecast), storage) if part]


def _storage(status: StorageStatus) -> Line:
    """How full the storage is, in the colour of its health."""
    states = {StorageHealth.OK: "", StorageHealth.WARNING: "warn", StorageHealth.ERROR: "bad"}
    state = "warn" if status.error else states.get(status.health, "warn")
    return (("storage ", "dim"), (percent(status.used_ratio), state))


def header_line(view: View, width: int) -> Line:
    """The line in exactly this width: the air shrinks first, then the clock goes, then what is still to come."""
    parts = header_parts(view)
    if view.only_reads:
        parts.append((("read-only", "warn"),))
    outlook = outlook_parts(view)
    time = clock(view.now_s)
    for count in range(len(outlook), -1, -1):
        line = _fitted([*parts, *reversed(outlook[:count])], time, width)
        if line:
            return line
    while len(parts) > 1 and len(text_of(_joined(parts, NARROW_GAP))) + len(MORE) + 1 > width:
        del parts[-1]
    return (" ", *_joined(parts, NARROW_GAP), (MORE, "dim"))


def _fitted(parts: list[Line], time: str, width: int) -> Line:
    """The parts with as much air and as much of a clock as there is room for; empty where there is none."""
    for gap, right in ((WIDE_GAP, time), (NARROW_GAP, time), (NARROW_GAP, "")):
        line = _joined(parts, gap)
        spare = width - len(text_of(line)) - len(right) - 2
        if spare >= (len(NARROW_GAP) if right else 0):
            return (" ", *line, " " * spare, (right, "dim"), " ")
    return ()


def _joined(parts: list[Line], gap: str) -> Line:
    pieces: list[Cell] = []
    for index, part in enumerate(parts):
        pieces += [gap] if index else []
        pieces += part
    return tuple(pieces)
