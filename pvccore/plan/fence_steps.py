"""The steps of a fence: from requested to proven off, each written before it is taken (DESIGN §5, "How")."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pvccore.model.change import Change
from pvccore.model.cluster import Cluster
from pvccore.model.fence import FenceAgent, FenceAgentKind, FenceCause, FencePhase
from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvccore.plan.effects import Effect, MarkOsdsDown, Outcome, Plan, Power, Step, earliest
from pvccore.plan.fence_record import (
    NEW_BOOT,
    READING_PAUSE_S,
    blocklist_is_done,
    fence_change,
    is_locked_out,
    is_new_boot,
    is_sending,
    last_sign,
    powered_off,
    present_agent,
    proven_off,
    proves_off,
    read_again,
    reading_of,
    sending_of,
    storage_address,
    was_touched,
)
from pvccore.plan.recovery import vms_to_recover
from pvccore.plan.watch import Watch

OFF_LIMIT_S = 6.0
"""A power-off that has not shown for this long is sent again."""
SENDS_PER_AGENT = 2
"""Power-offs sent by one fence agent before the next agent is tried."""
RETRY_S = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Pause before a failed fence is tried again, by the number of tries; the last one holds."""
WITHDRAW_ALIVE_S = 30.0
"""A failed fence of a boot that was never off is withdrawn once that boot has been alive for this long."""


def plan_steps(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    """The next step of the fence of `node`, up to the start of its recovery."""
    step = _PHASES.get(node.fence.phase)
    return step(cluster, node, watch) if step is not None else Plan()


def held(cluster: Cluster, node: Node, watch: Watch) -> str | None:
    """Why no power-off is sent to `node` now, in words; None when one may be.

    A storm and a cold start hold what was decided by absence alone: a person's word and a sick node are no guesses.
    A storm doesn't stop a fence that has sent its power-off already, for that node is not counted in it.
    """
    if cluster.maintenance.on:
        return "maintenance is on"
    if node.fence.cause is not FenceCause.ABSENT:
        return None
    if watch.cold:
        return "the cluster is starting and not all nodes were seen"
    return watch.storm or None if not was_touched(node) else None


def _do(change: Change) -> Plan:
    return Plan(steps=(Step(change=change),))


# Requested


def _requested(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    if not was_touched(node) and (reason := _no_cause_left(node)):
        return _do(_withdrawn(cluster, node, watch, reason))
    if is_new_boot(node):
        return _do(_new_boot_proof(cluster, node, watch))
    if cluster.maintenance.on:
        return Plan()
    agent = present_agent(node)
    if agent is None:
        return _do(_given_up(cluster, node, watch, "it has no fence agent left to try"))
    return _REQUESTED_BY_KIND[agent.kind](cluster, node, watch, agent)


def _no_cause_left(node: Node) -> str:
    """Why a fence that has not touched its node is not needed any more; "" when it still is."""
    if node.fence.cause is FenceCause.ABSENT and node.is_alive:
        return "it is back"
    if node.fence.cause is FenceCause.UNHEALTHY and node.is_alive and node.is_healthy and not is_new_boot(node):
        return "it is healthy again"
    return ""


def _requested_ipmi(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    reading = reading_of(node, agent)
    readings = watch.outcomes_of(reading)
    if proves_off(cluster, node, readings, watch):
        return Plan(steps=(proven_off(cluster, node, watch, agent, "was off already"),))
    if readings and readings[-1].value is Power.ON and held(cluster, node, watch) is None:
        return Plan(steps=(_send_off(cluster, node, watch, agent, "its power was on"),))
    if readings and readings[-1].value not in (Power.ON, Power.OFF):
        return _do(_next_agent(cluster, node, watch, agent, _said(readings[-1])))
    return read_again(reading, readings, watch, READING_PAUSE_S)


def _requested_command(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    if held(cluster, node, watch) is not None:
        return Plan()
    return Plan(steps=(_send_off(cluster, node, watch, agent, f"by {agent.address}"),))


def _requested_watchdog(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    """Off by its own watchdog, if that was armed in this boot and has had the time it is bound to need."""
    bound_s = node.config.self_fence_bound_s
    if not node.presence.watchdog_armed or bound_s <= 0:
        return _do(_next_agent(cluster, node, watch, agent, "was not armed in this boot"))
    absent_s = watch.absent_s.get(node.name)
    if absent_s is None:
        return _do(_next_agent(cluster, node, watch, agent, "the node is not absent"))
    left_s = bound_s - cluster.settings.session_s - absent_s
    if left_s > 0:
        return Plan(wake_at_s=watch.now_s + left_s)
    text = f"armed, and absent for {absent_s:.1f} s, longer than its bound"
    return Plan(steps=(proven_off(cluster, node, watch, agent, text),))


def _requested_blocklist(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    """Storage fencing alone: the record goes to off_sent so that the entry is made; it is the proof."""
    if not cluster.settings.storage_fence_is_enough or not storage_address(node):
        return _do(_next_agent(cluster, node, watch, agent, "is not allowed by storage_fence_is_enough"))
    if held(cluster, node, watch) is not None:
        return Plan()
    after = replace(node.fence, phase=FencePhase.OFF_SENT, attempts=node.fence.attempts + 1, sends=1)
    why = "no agent could cut the power"
    return _do(fence_change(cluster, node, after, watch, "blocklist is next", why, maintenance=True, presence=True))


_AgentStep = Callable[[Cluster, Node, Watch, FenceAgent], Plan]
_REQUESTED_BY_KIND: Mapping[FenceAgentKind, _AgentStep] = {
    FenceAgentKind.IPMI: _requested_ipmi,
    FenceAgentKind.COMMAND: _requested_command,
    FenceAgentKind.WATCHDOG: _requested_watchdog,
    FenceAgentKind.CEPH_BLOCKLIST: _requested_blocklist,
}


# Off sent


def _off_sent(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    if is_new_boot(node):
        return _do(_new_boot_proof(cluster, node, watch))
    agent = present_agent(node)
    if agent is None:
        return _do(_given_up(cluster, node, watch, "it has no fence agent left to try"))
    if agent.kind is FenceAgentKind.CEPH_BLOCKLIST:
        return _off_sent_blocklist(cluster, node, watch, agent)
    if agent.kind is FenceAgentKind.COMMAND:
        return _off_sent_command(cluster, node, watch, agent)
    return _off_sent_ipmi(cluster, node, watch, agent)


def _off_sent_blocklist(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    if not blocklist_is_done(node):
        return Plan()
    return _do(powered_off(cluster, node, watch, str(agent.kind), "its storage refuses it"))


def _off_sent_command(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    sending = sending_of(node, agent)
    outcome = watch.last_outcome(sending)
    if outcome is not None and outcome.value is Power.OFF:
        return Plan(steps=(proven_off(cluster, node, watch, agent, f"{agent.address} confirmed it"),))
    waited_s = watch.stage_s.get(node.name, 0.0)
    if outcome is None and (sending in watch.in_flight or waited_s < OFF_LIMIT_S):
        return Plan(wake_at_s=watch.now_s + OFF_LIMIT_S - waited_s if waited_s < OFF_LIMIT_S else None)
    return _send_again(cluster, node, watch, agent, _said(outcome) if outcome else "no answer")


def _off_sent_ipmi(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    reading = reading_of(node, agent)
    readings = watch.outcomes_of(reading)
    if proves_off(cluster, node, readings, watch):
        return Plan(steps=(proven_off(cluster, node, watch, agent, "two readings of off"),))
    if sending_of(node, agent) in watch.in_flight:
        return Plan()
    waited_s = watch.stage_s.get(node.name, 0.0)
    off_shows = bool(readings) and readings[-1].value is Power.OFF
    if waited_s < OFF_LIMIT_S or off_shows or held(cluster, node, watch) is not None:
        plan = read_again(reading, readings, watch, READING_PAUSE_S)
        limit_at_s = watch.now_s + OFF_LIMIT_S - waited_s if waited_s < OFF_LIMIT_S else None
        return replace(plan, wake_at_s=earliest(plan.wake_at_s, limit_at_s))
    return _send_again(cluster, node, watch, agent, _said(readings[-1]) if readings else "no reading")


def _send_again(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent, said: str) -> Plan:
    if held(cluster, node, watch) is not None:
        return Plan()
    if node.fence.sends < SENDS_PER_AGENT:
        return Plan(steps=(_send_off(cluster, node, watch, agent, f"again: {said}"),))
    return _do(_next_agent(cluster, node, watch, agent, f"{said} after {node.fence.sends} power offs"))


# Proven off


def _powered_off(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    vetoed = _vetoed(cluster, node, watch)
    if vetoed is not None or not blocklist_is_done(node):
        return vetoed or Plan()
    listed = {vm.uuid for vm in vms_to_recover(cluster.vms.values(), node.name)}
    # A recovery that was broken off by a veto has placed some already; those are not forgotten either.
    after = replace(
        node.fence, phase=FencePhase.RECOVERING, recovering=tuple(sorted(listed.union(node.fence.recovering)))
    )
    change = fence_change(cluster, node, after, watch, "recovering", f"{len(listed)} VMs to place")
    return Plan(steps=(Step(change=change, effects=_osds_down(node)),))


def _osds_down(node: Node) -> tuple[Effect, ...]:
    """Tell Ceph what is proven, rather than wait for its heartbeats.

    Storage fencing alone proves nothing of OSDs, and those of a new boot may be up again.
    """
    proof = node.fence.proof
    says_nothing = proof is None or proof.agent in (FenceAgentKind.CEPH_BLOCKLIST, NEW_BOOT)
    if says_nothing or not storage_address(node):
        return ()
    return (MarkOsdsDown(node=node.name, round=node.fence.round),)


def _recovering(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    return _vetoed(cluster, node, watch) or Plan()


def _vetoed(cluster: Cluster, node: Node, watch: Watch) -> Plan | None:
    """A sign of life of the fenced boot, written after it was proven off: the proof was wrong."""
    proof = node.fence.proof
    if proof is None or proof.agent == FenceAgentKind.CEPH_BLOCKLIST or last_sign(node) <= proof.seen_zxid:
        return None
    error = f"{node.name} showed life after {proof.agent} said off"
    return _do(_given_up(cluster, node, watch, error))


# Failed


def _failed(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    if is_new_boot(node):
        return _do(_new_boot_proof(cluster, node, watch))
    if node.is_alive and node.presence.clean_round == node.fence.round:
        return Plan()  # nothing of before runs there: `plan_return` admits it
    waited_s = watch.stage_s.get(node.name, 0.0)
    withdraws_in_s = _withdraws_in_s(cluster, node, watch)
    if withdraws_in_s is not None and withdraws_in_s <= 0:
        return _do(_withdrawn(cluster, node, watch, f"it has been back for {watch.alive_s[node.name]:.0f} s"))
    withdraw_at_s = watch.now_s + withdraws_in_s if withdraws_in_s is not None else None
    if cluster.maintenance.on or (withdraws_in_s is not None and node.fence.cause is FenceCause.ABSENT):
        return Plan(wake_at_s=withdraw_at_s)
    pause_s = RETRY_S[min(node.fence.retries, len(RETRY_S) - 1)]
    if waited_s < pause_s:
        return Plan(wake_at_s=earliest(watch.now_s + pause_s - waited_s, withdraw_at_s))
    after = replace(node.fence, phase=FencePhase.REQUESTED, agent_index=0, sends=0, retries=node.fence.retries + 1)
    why = f"failed {waited_s:.0f} s ago"
    return _do(fence_change(cluster, node, after, watch, "tried again", why, maintenance=True))


def _withdraws_in_s(cluster: Cluster, node: Node, watch: Watch) -> float | None:
    """When a failed fence is withdrawn, so that the node's VMs go on in place; None when it is not.

    Not while a power-off may be on its way: the manager before us sent its last one within its session.
    A fence that was asked for, or is for a sick node that has got well, is tried again a few times before.
    """
    fence = node.fence
    if not node.is_alive or is_locked_out(node) or is_sending(node, watch):
        return None
    if fence.cause is FenceCause.UNHEALTHY and not node.is_healthy:
        return None
    stage_s = watch.stage_s.get(node.name, 0.0)
    since_failed_s = cluster.settings.session_s if fence.cause is FenceCause.ABSENT else WITHDRAW_ALIVE_S
    return max(WITHDRAW_ALIVE_S - watch.alive_s.get(node.name, 0.0), since_failed_s - stage_s)


# Changes


def _next_agent(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent, said: str) -> Change:
    error = f"{agent.kind}: {said}"
    index = node.fence.agent_index + 1
    if index >= len(node.config.fence_agents):
        return _given_up(cluster, node, watch, error)
    after = replace(node.fence, phase=FencePhase.REQUESTED, agent_index=index, sends=0, error=error)
    return fence_change(cluster, node, after, watch, f"trying {node.config.fence_agents[index].kind}", error)


def _given_up(cluster: Cluster, node: Node, watch: Watch, error: str) -> Change:
    after = replace(node.fence, phase=FencePhase.FAILED, error=error, evidence=())
    return fence_change(cluster, node, after, watch, "failed", error)


def _withdrawn(cluster: Cluster, node: Node, watch: Watch, why: str) -> Change:
    after = replace(node.fence, phase=FencePhase.NONE, error="", recovering=(), recent=node.fence.proven_off)
    return fence_change(cluster, node, after, watch, "withdrawn", why, presence=True)


def _send_off(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent, why: str) -> Step:
    """Record off_sent and the attempt, then send: in this order, so that a successor knows.

    Whoever starts there meanwhile, under another boot id, must not be hit: hence the check on presence.
    """
    fence = node.fence
    after = replace(fence, phase=FencePhase.OFF_SENT, attempts=fence.attempts + 1, sends=fence.sends + 1)
    what = f"{agent.kind}: {why}"
    change = fence_change(cluster, node, after, watch, "power off sent", what, maintenance=True, presence=True)
    return Step(change=change, effects=(sending_of(replace(node, fence=after), agent),))


def _new_boot_proof(cluster: Cluster, node: Node, watch: Watch) -> Change:
    return powered_off(cluster, node, watch, NEW_BOOT, "the same machine has started anew")


def _said(outcome: Outcome) -> str:
    return outcome.error or f"power {outcome.value}"


_PHASES: Mapping[FencePhase, Callable[[Cluster, Node, Watch], Plan]] = {
    FencePhase.REQUESTED: _requested,
    FencePhase.OFF_SENT: _off_sent,
    FencePhase.POWERED_OFF: _powered_off,
    FencePhase.RECOVERING: _recovering,
    FencePhase.FAILED: _failed,
}
