"""How the cluster stands a death: N−1, the manager, and what is known of each node's fencing."""

from __future__ import annotations

from collections.abc import Sequence

from pvccore.model.fence import FencePhase
from pvccore.model.naming import natural
from pvccore.model.node import Node
from pvctui.rows.bmc_words import bmc_pieces
from pvctui.rows.journal_lines import journal_lines
from pvctui.rows.lines import BLANK, Line, labelled, many
from pvctui.rows.moments import ago, moment
from pvctui.rows.node_rows import PHASE_WORDS
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.widgets.meter import UNKNOWN, age

MOST_NAMED = 4
IN_ORDER = (
    FencePhase.REQUESTED,
    FencePhase.OFF_SENT,
    FencePhase.POWERED_OFF,
    FencePhase.RECOVERING,
    FencePhase.RECOVERED,
)


def summary_lines(view: View) -> tuple[Line, Line]:
    """N−1 and the manager, each in one line."""
    return _n_minus_one(view), _manager(view)


def _n_minus_one(view: View) -> Line:
    forecast = view.cluster.forecast
    if not forecast.is_known:
        return (("N−1 ", "strong"), ("not worked out yet: the manager does it when it has led for a moment", "dim"))
    since: Line = ((f"   as of {moment(forecast.at, view.now_s)}", "dim"),)
    if forecast.holds:
        return (("N−1 ", "strong"), ("holds", "ok"), ": any single node may die, its VMs run elsewhere", *since)
    failing = sorted(forecast.parked.items(), key=lambda one: (-one[1], natural(one[0])))
    named = ", ".join(f"{name} would leave {many(count, 'VM')} parked" for name, count in failing[:MOST_NAMED])
    more = f" and {len(failing) - MOST_NAMED} more" if len(failing) > MOST_NAMED else ""
    return (("N−1 ", "strong"), ("does not hold", "warn"), f": {named}{more}", *since)


def _manager(view: View) -> Line:
    cluster = view.cluster
    if not cluster.leases:
        return (("Manager ", "strong"), ("nobody", "bad"), ": nobody fences or recovers")
    waiting = len(cluster.leases) - 1
    line = many(waiting, "more coordinator") + (" stands" if waiting == 1 else " stand") + " in line"
    stand_by: Line = (line if waiting else ("no other coordinator stands in line", "warn"),)
    return (("Manager ", "strong"), cluster.manager or UNKNOWN, (f", {cluster.leases[0]}; ", "dim"), *stand_by)


def resilience_tabs(subject: str, view: View) -> list[Tab]:
    """The tabs of a node; `subject`: its name, then those of the nodes marked as dead, divided by blanks."""
    name, *marked = subject.split(" ")
    node = view.cluster.nodes.get(name)
    if node is None:
        return [Tab(title="Gone", lines=lambda: [(("this node is not registered any more", "dim"),)])]
    return [
        Tab(title="What if", lines=lambda: _what_if(name, marked, view)),
        Tab(title="Fencing", lines=lambda: fencing_lines(node, view)),
    ]


def _what_if(name: str, marked: Sequence[str], view: View) -> list[Line]:
    from pvctui.rows.what_if import what_if, what_if_lines

    hint = "Space marks more nodes as dead." if not marked else "These are marked; Space takes the mark away."
    return [*what_if_lines(what_if(view.cluster, marked or [name])), BLANK, ((hint, "dim"),)]


def fencing_lines(node: Node, view: View) -> list[Line]:
    """By what a node is fenced, when that was last tried out, and how its last fence went."""
    agents = [f"{agent.kind} {agent.address}".strip() for agent in node.config.fence_agents]
    lines: list[Line] = [
        labelled("fenced by", ", then ".join(agents) or ("nothing: it can't be fenced", "warn")),
        labelled("BMC tested", *bmc_pieces(node, view)),
        labelled("watchdog", "armed" if node.presence.watchdog_armed else "not armed"),
        labelled("fenced", f"{many(node.fence.round, 'time')}" if node.fence.round else "never"),
        BLANK,
        *_last_fence(node, view),
    ]
    told = journal_lines(view, lambda entry: entry.node == node.name and "fence" in entry.what)
    return [*lines, BLANK, (("In the journal", "accent"),), *told]


def _last_fence(node: Node, view: View) -> list[Line]:
    times = node.fence.times
    found = [(phase, times[phase.value]) for phase in IN_ORDER if times.get(phase.value)]
    if not found:
        return [(("no fence to tell the times of", "dim"),)]
    began_at = found[0][1]
    lines: list[Line] = [((f"Its last fence, {ago(began_at, view.now_s)} ago", "accent"),)]
    lines += [
        labelled(PHASE_WORDS[phase], f"{moment(at, view.now_s)}", (f"   after {age(at - began_at)}", "dim"))
        for phase, at in found
    ]
    return lines
