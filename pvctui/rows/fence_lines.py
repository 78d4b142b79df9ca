"""Fences in words: the line above every screen, and the steps behind it."""

from __future__ import annotations

from collections import Counter

from pvccore.model.change import Change
from pvccore.model.cluster import Cluster
from pvccore.model.fence import BlocklistPhase, Fence, FencePhase
from pvccore.model.naming import natural_items
from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvccore.model.vm import Placement
from pvccore.plan.fence_record import blocklist_is_done, present_agent
from pvccore.plan.placement import Rooms
from pvccore.plan.recovery import plan_recovery, unsettled, vms_to_recover
from pvctui.rows.lines import Line, many
from pvctui.rows.moments import ago, clock
from pvctui.rows.view import View
from pvctui.widgets.rows import Cell

DONE, UNDER_WAY, TO_COME, WENT_WRONG = "✓", "…", " ", "✗"
LABEL_WIDTH = 22
MOST_PARKED_NAMED = 3
PHASES_PAST_OFF = (FencePhase.POWERED_OFF, FencePhase.RECOVERING, FencePhase.RECOVERED)


def agent_words(node: Node) -> str:
    """The fence agent whose turn it is: `ipmi 10.1.0.13:623`."""
    agent = present_agent(node)
    if agent is None:
        return "no fence agent left"
    return f"{agent.kind} {agent.address}".strip()


def waiting_vms(node: Node, cluster: Cluster) -> int:
    """How many VMs this fence still has to settle."""
    if node.fence.recovering:
        return len(unsettled(cluster, node))
    return len(vms_to_recover(cluster.vms.values(), node.name))


def phase_words(node: Node, cluster: Cluster, now_s: float) -> str:
    """Where a fence is and how long it has been there."""
    fence = node.fence
    since = ago(fence.phase_since or fence.since, now_s)
    held = cluster.maintenance.on
    match fence.phase:
        case FencePhase.REQUESTED:
            doing = "held: maintenance is on" if held else f"asking {agent_words(node)}"
            return f"requested {since} ago, {doing}"
        case FencePhase.OFF_SENT:
            return f"power off sent {since} ago, reading its power ({agent_words(node).split()[0]})"
        case FencePhase.POWERED_OFF:
            done = "" if blocklist_is_done(node) else ", waiting for the blocklist"
            return f"confirmed off {since} ago{done}"
        case FencePhase.RECOVERING:
            return f"off; its VMs are being placed again, for {since}"
        case FencePhase.RECOVERED:
            return f"recovered {since} ago; it may come back"
        case _:
            return f"FAILED {since} ago: {fence.error or 'no reason given'}"


def fence_banner(node: Node, view: View) -> list[Line]:
    """One line for one fence, in parts, the weightiest first."""
    waiting = waiting_vms(node, view.cluster)
    waits: Line = (f"{many(waiting, 'VM')} {'waits' if waiting == 1 else 'wait'}",)
    failed = node.fence.phase is FencePhase.FAILED
    heading = "FENCE FAILED" if failed else "FENCING" if node.fence.unfinished else "FENCED"
    phase = phase_words(node, view.cluster, view.now_s)
    first: Line = ((f"{heading} {node.name}   ", "strong"), phase)
    return [first, *([waits] if waiting else []), (f"round {node.fence.round}",)]


def fence_steps(node: Node, view: View) -> list[Line]:
    """The steps of a fence: what is done, what is under way, what is to come."""
    fence = node.fence
    if not fence.under_way:
        return [(("no fence", "dim"),)]
    lines = [_silent(node), _requested(fence), _off_sent(node), _confirmed(node), _blocklist(node)]
    lines += _recovery(node, view)
    if fence.error:
        lines += [("",), ((f"{WENT_WRONG} {fence.error}", "bad"),)]
    if fence.phase is FencePhase.REQUESTED and view.cluster.maintenance.on:
        lines += [("",), (("held: maintenance is on, so nothing is powered off", "warn"),)]
    return lines


def _step(mark: str, label: str, when: float | None, text: str) -> Line:
    states = {DONE: "ok", UNDER_WAY: "busy", WENT_WRONG: "bad"}
    state = states.get(mark, "dim")
    time = clock(when) if when else ""
    words: Cell = (text, "dim") if mark == TO_COME else text
    return ((f"{mark} ", state), f"{label.ljust(LABEL_WIDTH)} ", (f"{time.ljust(9)} ", "label"), words)


def _silent(node: Node) -> Line:
    fence = node.fence
    words = {
        "absent": "alive gone, no goodbye",
        "unhealthy": "its hypervisor or storage does not answer",
        "person": f"asked by {fence.by}" + (f": {fence.reason}" if fence.reason else ""),
    }
    label = {"absent": "silent", "unhealthy": "unhealthy", "person": "asked for"}[fence.cause.value]
    return _step(DONE, label, None, words[fence.cause.value])


def _requested(fence: Fence) -> Line:
    when = fence.times.get(FencePhase.REQUESTED.value) or fence.since
    tried = f"{many(fence.attempts, 'attempt')} so far" if fence.attempts else ""
    return _step(DONE, f"requested, round {fence.round}", when, tried)


def _off_sent(node: Node) -> Line:
    fence = node.fence
    when = fence.times.get(FencePhase.OFF_SENT.value)
    if when or fence.phase in PHASES_PAST_OFF:
        words = agent_words(node) if when else "it was off already"
        return _step(DONE, "power off sent", when, words)
    mark = UNDER_WAY if fence.phase is FencePhase.REQUESTED else WENT_WRONG
    return _step(mark, "power off", None, f"asking {agent_words(node)}")


def _confirmed(node: Node) -> Line:
    fence, proof = node.fence, node.fence.proof
    when = fence.times.get(FencePhase.POWERED_OFF.value)
    if fence.phase in PHASES_PAST_OFF:
        return _step(DONE, "confirmed off", when, f"{proof.agent}: {proof.text}" if proof else "")
    if fence.phase is FencePhase.OFF_SENT:
        return _step(UNDER_WAY, "confirm off", None, "two readings of off in a row")
    mark = WENT_WRONG if fence.phase is FencePhase.FAILED else TO_COME
    return _step(mark, "confirm off", None, "two readings of off in a row")


def _blocklist(node: Node) -> Line:
    fence, blocklist = node.fence, node.fence.blocklist
    if not node.config.storage_address:
        return _step(TO_COME, "blocklist", None, "no Ceph address: none needed")
    address = blocklist.address or node.config.storage_address
    if fence.phase is FencePhase.RECOVERED and not blocklist_is_done(node):
        return _step(DONE, "blocklist", None, f"{address} was locked out; that is lifted as it comes back")
    if blocklist_is_done(node):
        return _step(DONE, "blocklist", None, f"{address} can't write any more")
    if blocklist.phase is BlocklistPhase.SENT:
        return _step(UNDER_WAY, "blocklist", None, f"{address} {blocklist.error}".strip())
    return _step(TO_COME, "blocklist", None, address)


def _recovery(node: Node, view: View) -> list[Line]:
    fence, cluster = node.fence, view.cluster
    waiting = waiting_vms(node, cluster)
    when = fence.times.get(FencePhase.RECOVERING.value)
    if fence.phase is FencePhase.RECOVERED:
        return [_step(DONE, "recovered", fence.times.get(fence.phase.value), f"{many(len(fence.recovering), 'VM')}")]
    mark = UNDER_WAY if fence.phase is FencePhase.RECOVERING else TO_COME
    label = f"recover {many(waiting, 'VM')}"
    first, *more = _planned(node, cluster)
    return [_step(mark, label, when, first), *(_step(TO_COME, "", None, text) for text in more)]


def _planned(node: Node, cluster: Cluster) -> list[str]:
    """What recovery would do now, by the plan itself."""
    listed = node.fence.recovering or tuple(vm.uuid for vm in vms_to_recover(cluster.vms.values(), node.name))
    if not listed:
        return ["nothing runs there"]
    steps = plan_recovery(cluster, _with_listed(node, listed), Rooms(cluster))
    changes = [step.change for step in steps if step.change is not None]
    return _summary(changes, node) or ["all placed; waiting for their nodes to start them"]


def _with_listed(node: Node, listed: tuple[str, ...]) -> Node:
    return replace(node, fence=replace(node.fence, recovering=listed))


def _summary(changes: list[Change], node: Node) -> list[str]:
    targets: Counter[str] = Counter()
    parked: list[str] = []
    for change in changes:
        after = change.writes[0].after
        if not isinstance(after, Placement):
            continue
        if after.parked_on:
            parked.append(f"{change.vm} ({change.why})")
        elif after.node != node.name:
            targets[after.node] += 1
    lines = []
    if targets:
        shares = ", ".join(f"{name} {count}" for name, count in natural_items(targets))
        lines.append(f"plan: {targets.total()} elsewhere ({shares})")
    if parked:
        lines.append(f"{len(parked)} parked: " + "; ".join(parked[:MOST_PARKED_NAMED]))
    return lines
