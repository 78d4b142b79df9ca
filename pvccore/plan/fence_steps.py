"""The steps of a fence: from requested to proven off, each written before it is taken (DESIGN §5, "How")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.fence import BlocklistPhase, Evidence, Fence, FenceAgent, FenceAgentKind, FenceCause, FencePhase
from pvccore.model.node import Node
from pvccore.model.record import NEW
from pvccore.plan.effects import Effect, MarkOsdsDown, Outcome, Plan, Power, ReadPower, SendPowerOff, Step, earliest
from pvccore.plan.recovery import vms_to_recover
from pvccore.plan.watch import Watch

READINGS_NEEDED = 2
"""Readings of off in a row that prove a node off: one alone may be a sick BMC's."""
READING_PAUSE_S = 0.5
"""Between two readings of the power."""
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


def begun(node: Node, cause: FenceCause, wall_s: float, *, by: str = "", reason: str = "") -> Fence:
    """The record of a new round of fencing the present boot of `node`."""
    return Fence(
        version=node.fence.version,
        zxid=node.fence.zxid,
        extra=node.fence.extra,
        cause=cause,
        round=node.fence.round + 1,
        boot_id=node.presence.boot_id,
        phase=FencePhase.REQUESTED,
        since=wall_s,
        by=by,
        reason=reason,
    )


def blocklist_is_done(node: Node) -> bool:
    """Whether the node's Ceph clients of this round are locked out, or there is no Ceph."""
    blocklist = node.fence.blocklist
    if not node.config.storage_address:
        return True
    return blocklist.phase is BlocklistPhase.ACKNOWLEDGED and blocklist.round == node.fence.round


def fence_change(  # noqa: PLR0913 - the three conditions are what callers differ in
    cluster: Cluster,
    node: Node,
    after: Fence,
    watch: Watch,
    what: str,
    why: str,
    *,
    maintenance: bool = False,
    presence: bool = False,
    report: bool = False,
) -> Change:
    """A step of the record, on condition that what it was decided from has not changed.

    maintenance: it must not have been switched. presence: nobody started there. report: it did not report.
    """
    checks = []
    if maintenance:
        checks.append(Check(kind=Kind.MAINTENANCE, version=cluster.maintenance.version))
    if presence:
        checks.append(Check(kind=Kind.PRESENCE, key=node.name, version=node.presence.version))
    if report and node.report.version != NEW:
        checks.append(Check(kind=Kind.REPORT, key=node.name, version=node.report.version))
    before = cluster.nodes[node.name].fence
    return Change(
        writes=(Write(kind=Kind.FENCE, key=node.name, before=before, after=_timed(before, after, watch.wall_s)),),
        checks=tuple(checks),
        what=f"fence {node.name}: {what}",
        why=why,
        node=node.name,
    )


def _timed(before: Fence, after: Fence, wall_s: float) -> Fence:
    if before.phase is after.phase and before.round == after.round:
        return after
    return replace(after, phase_since=wall_s, times={**after.times, after.phase.value: wall_s})


def present_agent(node: Node) -> FenceAgent | None:
    """The fence agent whose turn it is; None when all were tried."""
    agents = node.config.fence_agents
    return agents[node.fence.agent_index] if node.fence.agent_index < len(agents) else None


def proves_off(node: Node, readings: tuple[Outcome, ...], watch: Watch) -> bool:
    """Whether the last readings are off in a row, and the node gave no sign of life since the first of them."""
    last = readings[-READINGS_NEEDED:]
    if len(last) < READINGS_NEEDED or any(outcome.value is not Power.OFF for outcome in last):
        return False
    sign_s = watch.sign_s.get(node.name)
    return sign_s is None or watch.now_s - sign_s <= last[0].at_s


def read_again(reading: ReadPower, readings: tuple[Outcome, ...], watch: Watch, pause_s: float) -> Plan:
    """Read the power, at the earliest `pause_s` after the last reading."""
    if reading in watch.in_flight:
        return Plan()
    due_at_s = readings[-1].at_s + pause_s if readings else watch.now_s
    if due_at_s > watch.now_s:
        return Plan(wake_at_s=due_at_s)
    return Plan(steps=(Step(effects=(reading,)),))


def proven_off(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent, text: str) -> Step:
    """The step to powered_off, with its evidence; fails if the node came back or reported meanwhile."""
    return Step(change=_powered_off_change(cluster, node, watch, str(agent.kind), text, report=True))


def _do(change: Change) -> Plan:
    return Plan(steps=(Step(change=change),))


def _requested(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    if node.fence.cause is FenceCause.ABSENT and node.is_alive:
        return _do(_withdrawn(cluster, node, watch, "it is back"))
    if _is_new_boot(node):
        return _do(_new_boot_proof(cluster, node, watch))
    if cluster.maintenance.on:
        return Plan()
    agent = present_agent(node)
    if agent is None:
        return _do(_given_up(cluster, node, watch, "it has no fence agent left to try"))
    return _REQUESTED_BY_KIND[agent.kind](cluster, node, watch, agent)


def _requested_ipmi(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    reading = _reading(node, agent)
    readings = watch.outcomes_of(reading)
    if proves_off(node, readings, watch):
        return Plan(steps=(proven_off(cluster, node, watch, agent, "was off already"),))
    if readings and readings[-1].value is Power.ON:
        return Plan(steps=(_send_off(cluster, node, watch, agent, "its power was on"),))
    if readings and readings[-1].value is not Power.OFF:
        return _do(_next_agent(cluster, node, watch, agent, _said(readings[-1])))
    return read_again(reading, readings, watch, READING_PAUSE_S)


def _requested_command(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    return Plan(steps=(_send_off(cluster, node, watch, agent, f"by {agent.address}"),))


def _requested_watchdog(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    """Off by its own watchdog, if that was armed in this boot and has had the time it is bound to need."""
    bound_s = node.config.self_fence_bound_s
    if not node.presence.watchdog_armed or node.presence.boot_id != node.fence.boot_id or bound_s <= 0:
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
    if not cluster.settings.storage_fence_is_enough or not node.config.storage_address:
        return _do(_next_agent(cluster, node, watch, agent, "is not allowed by storage_fence_is_enough"))
    after = replace(node.fence, phase=FencePhase.OFF_SENT, attempts=node.fence.attempts + 1, sends=1)
    return _do(
        fence_change(cluster, node, after, watch, "blocklist is next", "no agent could cut the power", maintenance=True)
    )


_AgentStep = Callable[[Cluster, Node, Watch, FenceAgent], Plan]
_REQUESTED_BY_KIND: Mapping[FenceAgentKind, _AgentStep] = {
    FenceAgentKind.IPMI: _requested_ipmi,
    FenceAgentKind.COMMAND: _requested_command,
    FenceAgentKind.WATCHDOG: _requested_watchdog,
    FenceAgentKind.CEPH_BLOCKLIST: _requested_blocklist,
}


def _off_sent(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    if _is_new_boot(node):
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
    return _do(_powered_off_change(cluster, node, watch, str(agent.kind), "its storage refuses it", report=False))


def _off_sent_command(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    sending = _sending(node, agent)
    outcome = watch.last_outcome(sending)
    if outcome is not None and outcome.value is Power.OFF:
        return Plan(steps=(proven_off(cluster, node, watch, agent, f"{agent.address} confirmed it"),))
    waited_s = watch.stage_s.get(node.name, 0.0)
    if outcome is None and (sending in watch.in_flight or waited_s < OFF_LIMIT_S):
        return Plan(wake_at_s=watch.now_s + OFF_LIMIT_S - waited_s if waited_s < OFF_LIMIT_S else None)
    return _send_again(cluster, node, watch, agent, _said(outcome) if outcome else "no answer")


def _off_sent_ipmi(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
    reading = _reading(node, agent)
    readings = watch.outcomes_of(reading)
    if proves_off(node, readings, watch):
        return Plan(steps=(proven_off(cluster, node, watch, agent, "two readings of off"),))
    if _sending(node, agent) in watch.in_flight:
        return Plan()
    waited_s = watch.stage_s.get(node.name, 0.0)
    off_shows = bool(readings) and readings[-1].value is Power.OFF
    if waited_s < OFF_LIMIT_S or cluster.maintenance.on or off_shows:
        plan = read_again(reading, readings, watch, READING_PAUSE_S)
        limit_at_s = watch.now_s + OFF_LIMIT_S - waited_s if waited_s < OFF_LIMIT_S else None
        return replace(plan, wake_at_s=earliest(plan.wake_at_s, limit_at_s))
    return _send_again(cluster, node, watch, agent, _said(readings[-1]) if readings else "no reading")


def _send_again(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent, said: str) -> Plan:
    if cluster.maintenance.on:
        return Plan()
    if node.fence.sends < SENDS_PER_AGENT:
        return Plan(steps=(_send_off(cluster, node, watch, agent, f"again: {said}"),))
    return _do(_next_agent(cluster, node, watch, agent, f"{said} after {node.fence.sends} power offs"))


def _powered_off(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    vetoed = _vetoed(cluster, node, watch)
    if vetoed is not None or not blocklist_is_done(node):
        return vetoed or Plan()
    listed = tuple(sorted(vm.uuid for vm in vms_to_recover(cluster.vms.values(), node.name)))
    after = replace(node.fence, phase=FencePhase.RECOVERING, recovering=listed)
    change = fence_change(cluster, node, after, watch, "recovering", f"{len(listed)} VMs to place")
    return Plan(steps=(Step(change=change, effects=_osds_down(node)),))


def _osds_down(node: Node) -> tuple[Effect, ...]:
    """Tell Ceph what is proven, rather than wait for its heartbeats; storage fencing alone proves nothing of OSDs."""
    proof = node.fence.proof
    if not node.config.storage_address or proof is None or proof.agent == FenceAgentKind.CEPH_BLOCKLIST:
        return ()
    return (MarkOsdsDown(node=node.name, round=node.fence.round),)


def _recovering(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    return _vetoed(cluster, node, watch) or Plan()


def _failed(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    if _is_new_boot(node):
        return _do(_new_boot_proof(cluster, node, watch))
    alive_s = watch.alive_s.get(node.name, 0.0) if node.is_alive else 0.0
    withdraws = node.is_alive and _may_be_withdrawn(node)
    if withdraws and alive_s >= WITHDRAW_ALIVE_S:
        return _do(_withdrawn(cluster, node, watch, f"it has been back for {alive_s:.0f} s"))
    withdraw_at_s = watch.now_s + WITHDRAW_ALIVE_S - alive_s if withdraws else None
    pause_s = RETRY_S[min(node.fence.retries, len(RETRY_S) - 1)]
    waited_s = watch.stage_s.get(node.name, 0.0)
    if cluster.maintenance.on or (withdraws and node.fence.cause is FenceCause.ABSENT):
        return Plan(wake_at_s=withdraw_at_s)
    if waited_s < pause_s:
        return Plan(wake_at_s=earliest(watch.now_s + pause_s - waited_s, withdraw_at_s))
    after = replace(node.fence, phase=FencePhase.REQUESTED, agent_index=0, sends=0, retries=node.fence.retries + 1)
    return _do(
        fence_change(cluster, node, after, watch, "tried again", f"failed {waited_s:.0f} s ago", maintenance=True)
    )


def _may_be_withdrawn(node: Node) -> bool:
    """Whether the fenced boot was never off, nor locked out of its storage, so that its VMs go on in place."""
    fence = node.fence
    untouched = fence.proof is None and fence.blocklist.phase is BlocklistPhase.NONE
    return untouched and (fence.cause is not FenceCause.UNHEALTHY or node.is_healthy)


def _vetoed(cluster: Cluster, node: Node, watch: Watch) -> Plan | None:
    """A sign of life of the fenced boot, written after it was proven off: the proof was wrong."""
    proof = node.fence.proof
    if proof is None or proof.agent == FenceAgentKind.CEPH_BLOCKLIST or _last_sign(node) <= proof.seen_zxid:
        return None
    error = f"{node.name} showed life after {proof.agent} said off"
    return _do(_given_up(cluster, node, watch, error))


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
    after = replace(node.fence, phase=FencePhase.NONE, error="")
    return fence_change(cluster, node, after, watch, "withdrawn", why, presence=True)


def _send_off(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent, why: str) -> Step:
    """Record off_sent and the attempt, then send: in this order, so that a successor knows."""
    fence = node.fence
    after = replace(fence, phase=FencePhase.OFF_SENT, attempts=fence.attempts + 1, sends=fence.sends + 1)
    is_absent = fence.cause is FenceCause.ABSENT and fence.phase is FencePhase.REQUESTED
    change = fence_change(
        cluster, node, after, watch, "power off sent", f"{agent.kind}: {why}", maintenance=True, presence=is_absent
    )
    return Step(change=change, effects=(_sending(replace(node, fence=after), agent),))


def _new_boot_proof(cluster: Cluster, node: Node, watch: Watch) -> Change:
    return _powered_off_change(cluster, node, watch, "boot id", "the same machine has started anew", report=False)


def _powered_off_change(
    cluster: Cluster, node: Node, watch: Watch, agent: str, text: str, *, report: bool
) -> Change:
    fence = node.fence
    evidence = Evidence(round=fence.round, boot_id=fence.boot_id, agent=agent, text=text, seen_zxid=_last_sign(node))
    after = replace(fence, phase=FencePhase.POWERED_OFF, evidence=(*fence.evidence, evidence), error="")
    return fence_change(
        cluster, node, after, watch, "powered off", f"{agent}: {text}", presence=True, report=report
    )


def _last_sign(node: Node) -> int:
    """The zxid of the last sign of life of the boot that is fenced; 0 when it gave none."""
    boot_id = node.fence.boot_id
    report = node.report.zxid if node.report.boot_id == boot_id else 0
    alive = node.alive.zxid if node.alive is not None and node.presence.boot_id == boot_id else 0
    return max(report, alive)


def _reading(node: Node, agent: FenceAgent) -> ReadPower:
    fence = node.fence
    return ReadPower(
        node=node.name,
        round=fence.round,
        boot_id=fence.boot_id,
        agent=agent,
        attempt=fence.attempts,
        retry=fence.retries,
    )


def _sending(node: Node, agent: FenceAgent) -> SendPowerOff:
    fence = node.fence
    return SendPowerOff(
        node=node.name, round=fence.round, boot_id=fence.boot_id, agent=agent, attempt=fence.attempts
    )


def _said(outcome: Outcome) -> str:
    return outcome.error or f"power {outcome.value}"


def _is_new_boot(node: Node) -> bool:
    return node.is_alive and node.presence.boot_id != node.fence.boot_id


_PHASES: Mapping[FencePhase, Callable[[Cluster, Node, Watch], Plan]] = {
    FencePhase.REQUESTED: _requested,
    FencePhase.OFF_SENT: _off_sent,
    FencePhase.POWERED_OFF: _powered_off,
    FencePhase.RECOVERING: _recovering,
    FencePhase.FAILED: _failed,
}
