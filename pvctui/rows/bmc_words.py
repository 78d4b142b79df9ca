"""The last test of a node's BMC in words: whether a fence by it would work, and when that was seen."""

from __future__ import annotations

from pvccore.model.node import Node
from pvctui.rows.moments import ago, moment
from pvctui.rows.view import View
from pvctui.widgets.rows import Cell

NO_BMC, NOT_TESTED = "no BMC", "not yet"


def bmc_cell(node: Node, view: View) -> Cell:
    """In a column."""
    test = node.bmc
    if not node.config.bmcs:
        return (NO_BMC, "dim")
    if not test.is_known:
        return (NOT_TESTED, "dim")
    when = f"{ago(test.at, view.now_s)} ago"
    return (f"✗ {when}", "bad") if test.fails else f"✓ {when}"


def bmc_pieces(node: Node, view: View) -> tuple[Cell, ...]:
    """In a line of its own."""
    test = node.bmc
    if not node.config.bmcs:
        return ((NO_BMC, "dim"),)
    if not test.is_known:
        return (("not tested yet", "dim"),)
    when = f"  {ago(test.at, view.now_s)} ago from {test.by}"
    if not test.fails:
        return (("answers", "ok"), (when, "dim"))
    since = f", failing since {moment(test.failing_since, view.now_s)}" if test.failing_since else ""
    return ((f"fails: {test.error}", "bad"), (when + since, "dim"))
