"""The fence record: how each of its steps is worded and guarded, and what counts as proof that a node is off."""

from __future__ import annotations

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.fence import BlocklistPhase, Evidence, Fence, FenceAgent, FenceCause, FencePhase
from pvccore.model.node import Node
from pvccore.model.record import NEW, UNREADABLE
from pvccore.model.struct import replace
from pvccore.plan.effects import Outcome, Plan, Power, ReadPower, SendPowerOff, Step
from pvccore.plan.watch import Watch

READINGS_NEEDED = 2
"""Readings of off in a row that prove a node off: one alone may be a sick BMC's."""
READING_PAUSE_S = 0.5
"""Between two readings of the power."""
READINGS_GO_STALE_S = 5.0
"""Readings that prove together lie this close, beside the time that a BMC may take for each."""
NEW_BOOT = "boot id"
"""The agent named in evidence when the machine itself gave the proof, by starting anew."""


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


def storage_address(node: Node) -> str:
    """What is, or would be, on Ceph's blocklist in this round: as recorded first, whatever the node registers later."""
    blocklist = node.fence.blocklist
    is_sent = blocklist.phase is not BlocklistPhase.NONE and blocklist.round == node.fence.round
    return blocklist.address if is_sent else node.config.storage_address


def blocklist_is_done(node: Node) -> bool:
    """Whether the node's Ceph clients of this round are locked out, or there is no Ceph."""
    blocklist = node.fence.blocklist
    if not storage_address(node):
        return node.config.version != UNREADABLE  # then nobody knows whether there is Ceph
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


# Readings of the power


def reading_of(node: Node, agent: FenceAgent) -> ReadPower:
    """The look at the node's power at the present stage of its fence; other stages' readings are others."""
    fence = node.fence
    return ReadPower(
        node=node.name,
        round=fence.round,
        boot_id=fence.boot_id,
        agent=agent,
        attempt=fence.attempts,
        retry=fence.retries,
    )


def sending_of(node: Node, agent: FenceAgent) -> SendPowerOff:
    """The power-off of the attempt that the record names."""
    fence = node.fence
    return SendPowerOff(node=node.name, round=fence.round, boot_id=fence.boot_id, agent=agent, attempt=fence.attempts)


def proves_off(cluster: Cluster, node: Node, readings: tuple[Outcome, ...], watch: Watch) -> bool:
    """Whether the last readings are off, in a row and fresh, and the node gave no sign of life since the first."""
    last = readings[-READINGS_NEEDED:]
    if len(last) < READINGS_NEEDED or any(outcome.value is not Power.OFF for outcome in last):
        return False
    if watch.now_s - last[0].at_s > READINGS_GO_STALE_S + READINGS_NEEDED * cluster.settings.bmc_limit_s:
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


def is_sending(node: Node, watch: Watch) -> bool:
    """Whether a power-off of this manager's may still reach the node."""
    return any(isinstance(effect, SendPowerOff) and effect.node == node.name for effect in watch.in_flight)


# Proof


def proven_off(
    cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent, text: str, *, maintenance: bool = False
) -> Step:
    """The step to powered_off, with its evidence; fails if the node came back or reported meanwhile.

    maintenance: on condition that it was not switched, for a fence that only begins with this.
    """
    change = powered_off(cluster, node, watch, str(agent.kind), text, report=True, maintenance=maintenance)
    return Step(change=change)


def powered_off(
    cluster: Cluster,
    node: Node,
    watch: Watch,
    agent: str,
    text: str,
    *,
    report: bool = False,
    maintenance: bool = False,
) -> Change:
    """The record with the evidence that the fenced boot is off. report: on condition that it did not report."""
    fence = node.fence
    evidence = Evidence(round=fence.round, boot_id=fence.boot_id, agent=agent, text=text, seen_zxid=last_sign(node))
    after = replace(fence, phase=FencePhase.POWERED_OFF, evidence=(*fence.evidence, evidence), error="")
    said = f"{agent}: {text}"
    return fence_change(
        cluster, node, after, watch, "powered off", said, maintenance=maintenance, presence=True, report=report
    )


def last_sign(node: Node) -> int:
    """The zxid of the last sign of life of the boot that is fenced; 0 when it gave none."""
    boot_id = node.fence.boot_id
    report = node.report.zxid if node.report.boot_id == boot_id else 0
    alive = node.alive.zxid if node.alive is not None and node.presence.boot_id == boot_id else 0
    return max(report, alive)


def is_new_boot(node: Node) -> bool:
    """Whether the machine has started anew since it was fenced, which proves that the fenced boot is gone."""
    return bool(node.presence.boot_id) and node.presence.boot_id != node.fence.boot_id


def was_touched(node: Node) -> bool:
    """Whether this fence has sent a power-off or locked the node out of its storage: its VMs can't just go on."""
    fence = node.fence
    return fence.attempts > 0 or is_locked_out(node)


def is_locked_out(node: Node) -> bool:
    """Whether the node's storage address may be on the blocklist by this fence."""
    return node.fence.blocklist.phase is not BlocklistPhase.NONE
