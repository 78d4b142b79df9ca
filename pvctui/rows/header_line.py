"""The line that is always there: which cluster, how true, and how it stands, in numbers."""

from __future__ import annotations

from pvccore.model.cluster import VmStatus
from pvccore.model.vm import VmState
from pvccore.state.store import Connection
from pvctui.rows.lines import Line, text_of
from pvctui.rows.moments import clock
from pvctui.rows.view import Link, View
from pvctui.widgets.meter import age
from pvctui.widgets.rows import Cell

WIDE_GAP, NARROW_GAP = "     ", "  "
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


def header_line(view: View, width: int) -> Line:
    """The line in exactly this width: the air shrinks first, then the clock goes."""
    parts = header_parts(view)
    if view.read_only:
        parts.append((("read-only", "warn"),))
    time = clock(view.now_s)
    for gap, right in ((WIDE_GAP, time), (NARROW_GAP, time), (NARROW_GAP, "")):
        line = _joined(parts, gap)
        spare = width - len(text_of(line)) - len(right) - 2
        if spare >= (1 if right else 0):
            return (" ", *line, " " * spare, (right, "dim"), " ")
    return (" ", *_joined(parts, NARROW_GAP))


def _joined(parts: list[Line], gap: str) -> Line:
    pieces: list[Cell] = []
    for index, part in enumerate(parts):
        pieces += [gap] if index else []
        pieces += part
    return tuple(pieces)
