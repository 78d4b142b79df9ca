"""What surrounds a fence: the Ceph blocklist, the end of recovery, power on again, and the node's admission."""

from __future__ import annotations

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.fence import Blocklist, BlocklistPhase, Fence, FencePhase
from pvccore.model.node import MANAGER, Node, Readiness, ReadinessState, WantedReadiness
from pvccore.model.settings import AfterFence, ReturnAfterFence
from pvccore.model.struct import replace
from pvccore.plan.effects import (
    AddBlocklist,
    Effect,
    LiftBlocklist,
    NodeEffect,
    Plan,
    SendPowerOff,
    SendPowerOn,
    Step,
)
from pvccore.plan.fence_record import fence_change, storage_address
from pvccore.plan.recovery import unsettled
from pvccore.plan.watch import Watch

RETRY_S = 2.0
"""Pause before a blocklist command that did not work is given again."""
POWER_ON_RETRY_S = 10.0
"""Pause before a node is told to power on again."""
POWER_ONS = 3
"""How often a fenced node is told to power on again before it is left to a person."""
LOCKED_OUT = frozenset({FencePhase.OFF_SENT, FencePhase.POWERED_OFF, FencePhase.RECOVERING, FencePhase.RECOVERED})
"""Phases in which the fenced node's storage address must be on Ceph's blocklist."""


def plan_blocklist(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    """The node's one blocklist entry of this round: recorded, sent, retried on its own, acknowledged."""
    fence = node.fence
    sent = fence.blocklist.phase is not BlocklistPhase.NONE and fence.blocklist.round == fence.round
    address = storage_address(node)
    if not address or _is_being_admitted(node) or not (fence.phase in LOCKED_OUT or (sent and fence.under_way)):
        return Plan()
    attempts = fence.blocklist.attempts if sent else 1
    effect = AddBlocklist(node=node.name, round=fence.round, address=address, attempt=attempts)
    if not sent:
        first = Blocklist(phase=BlocklistPhase.SENT, address=address, round=fence.round, attempts=attempts)
        change = _blocklist_change(cluster, node, first, watch, "blocklisting", f"{address}, any port")
        return Plan(steps=(Step(change=change, effects=(effect,)),))
    if fence.blocklist.phase is BlocklistPhase.ACKNOWLEDGED:
        return Plan()
    outcome = watch.last_outcome(effect)
    if outcome is not None and not outcome.error:
        after = replace(fence.blocklist, phase=BlocklistPhase.ACKNOWLEDGED, error="")
        return Plan(steps=(Step(change=_blocklist_change(cluster, node, after, watch, "blocklisted", address)),))
    return _command_again(cluster, node, watch, effect)


def plan_return(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    """The end of a fence: recovered when all VMs are settled, power on again, and admission."""
    phase = node.fence.phase
    if phase is FencePhase.RECOVERING:
        return _recovered(cluster, node, watch)
    if phase not in (FencePhase.RECOVERED, FencePhase.FAILED):
        return Plan()
    if _is_being_admitted(node):
        return _admission(cluster, node, watch)
    return _power_on(cluster, node, watch) if phase is FencePhase.RECOVERED else Plan()


def _is_being_admitted(node: Node) -> bool:
    """Whether the node is back, with nothing of before running there; from now on its address is only lifted."""
    is_over = node.fence.phase in (FencePhase.RECOVERED, FencePhase.FAILED)
    return is_over and node.is_alive and node.presence.clean_round == node.fence.round


def _recovered(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    if unsettled(cluster, node):
        return Plan()
    count = len(node.fence.recovering)
    after = replace(node.fence, phase=FencePhase.RECOVERED)
    return Plan(steps=(Step(change=fence_change(cluster, node, after, watch, "recovered", f"{count} VMs settled")),))


def _power_on(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    """Power again, a few times at most; a manager that takes over goes on with what has not been seen to work."""
    fence = node.fence
    agent = next(iter(node.config.bmcs), None)
    wanted = cluster.settings.after_fence is AfterFence.POWER_ON and not fence.leave_off and not cluster.maintenance.on
    if agent is None or not wanted or node.is_alive or fence.power_on_sent:
        return Plan()
    effect = SendPowerOn(node=node.name, round=fence.round, agent=agent)
    outcome = watch.last_outcome(effect)
    if outcome is not None and not outcome.error:
        done = fence_change(cluster, node, replace(fence, power_on_sent=True), watch, "power is on", str(agent.kind))
        return Plan(steps=(Step(change=replace(done, quiet=True)),))
    if fence.power_ons >= POWER_ONS:
        return Plan()
    after = replace(fence, power_ons=fence.power_ons + 1)
    change = fence_change(cluster, node, after, watch, "power on", "its VMs are settled", maintenance=True)
    return _again(Step(change=change, effects=(effect,)), effect, watch, POWER_ON_RETRY_S)


def _admission(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    """The clean node may act again: its address is lifted, then the record goes to none.

    Not before the last power-off, blocklisting or power-on that any manager committed has ended: each of them ends
    within the session of its commit, and none is committed at this stage.
    """
    hold_s = cluster.settings.session_s - watch.stage_s.get(node.name, 0.0)
    if any(_may_hit(effect, node) for effect in watch.in_flight):
        return Plan()
    if hold_s > 0:
        return Plan(wake_at_s=watch.now_s + hold_s)
    blocklist = node.fence.blocklist
    if blocklist.phase is not BlocklistPhase.NONE:
        attempts = blocklist.attempts
        effect = LiftBlocklist(node=node.name, round=node.fence.round, address=blocklist.address, attempt=attempts)
        outcome = watch.last_outcome(effect)
        if outcome is None or outcome.error:
            return _command_again(cluster, node, watch, effect)
    return Plan(steps=(Step(change=_admitted(cluster, node, watch)),))


def _may_hit(effect: Effect, node: Node) -> bool:
    return isinstance(effect, AddBlocklist | SendPowerOff | SendPowerOn) and effect.node == node.name


def _admitted(cluster: Cluster, node: Node, watch: Watch) -> Change:
    fence = node.fence
    cleared = Fence(
        version=fence.version,
        zxid=fence.zxid,
        extra=fence.extra,
        round=fence.round,
        times=dict(fence.times),
        recent=True,
    )
    readiness = _readiness_after(cluster, node)
    change = fence_change(
        cluster, node, cleared, watch, "ended", f"it is back and clean, {readiness.state}", presence=True
    )
    write = Write(kind=Kind.READINESS, key=node.name, before=node.readiness, after=readiness)
    return replace(change, writes=(*change.writes, write)) if readiness != node.readiness else change


def _readiness_after(cluster: Cluster, node: Node) -> Readiness:
    """How the node comes back: as a person had it wanted, or flushed until one has looked at it."""
    before = node.readiness
    if before.wanted is WantedReadiness.READY and cluster.settings.return_after_fence is ReturnAfterFence.READY:
        return replace(before, state=ReadinessState.READYING, waits_for=())
    flushing = replace(before, wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHING, waits_for=())
    if before.wanted is WantedReadiness.FLUSHED:
        return flushing
    return replace(flushing, by=MANAGER, reason="returned after a fence")


def _command_again(cluster: Cluster, node: Node, watch: Watch, last: AddBlocklist | LiftBlocklist) -> Plan:
    """A command to Ceph, recorded before it is given; `last` is the one that would be of the record's last attempt.

    The first of its kind, the first in our reign, or one after a failure. Only the outcome of the last command counts,
    whichever kind it was: an address that has been lifted is not blocklisted any more, whatever was acknowledged.
    """
    if any(isinstance(effect, AddBlocklist | LiftBlocklist) and effect.node == node.name for effect in watch.in_flight):
        return Plan()
    outcome = watch.last_outcome(last)
    error = outcome.error if outcome is not None else ""
    before = node.fence.blocklist
    after = replace(before, phase=BlocklistPhase.SENT, attempts=before.attempts + 1, error=error)
    what = "lifting the blocklist" if isinstance(last, LiftBlocklist) else "blocklisting again"
    change = _blocklist_change(cluster, node, after, watch, what, error or last.address)
    quiet = error == before.error and after.attempts > 1
    step = Step(change=replace(change, quiet=quiet), effects=(replace(last, attempt=after.attempts),))
    return _again(step, last, watch, RETRY_S)


def _again(step: Step, effect: NodeEffect, watch: Watch, pause_s: float) -> Plan:
    """The step, unless its effect is under way; at the earliest `pause_s` after it last ended."""
    if effect in watch.in_flight:
        return Plan()
    outcome = watch.last_outcome(effect)
    due_at_s = outcome.at_s + pause_s if outcome is not None else watch.now_s
    if due_at_s > watch.now_s:
        return Plan(wake_at_s=due_at_s)
    return Plan(steps=(step,))


def _blocklist_change(cluster: Cluster, node: Node, blocklist: Blocklist, watch: Watch, what: str, why: str) -> Change:
    return fence_change(cluster, node, replace(node.fence, blocklist=blocklist), watch, what, why)
