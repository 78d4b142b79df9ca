"""What an agent does about each VM of its node: a table over what is wanted, what is written and what is found."""

from __future__ import annotations

from dataclasses import replace

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import LocalView
from pvccore.model.fence import BlocklistPhase
from pvccore.model.vm import Claim, Placement, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import Destroy, Plan, Shutdown, Step, earliest
from pvccore.plan.local_changes import commit, perform
from pvccore.plan.local_migration import plan_migration
from pvccore.plan.local_start import plan_start, plan_started
from pvccore.plan.recovery import at_rest

DESTROY_AGAIN_S = 2.0
"""Pause before a domain that would not end is destroyed again."""
CRASHES = 5
"""Runs that end by themselves in a row before the VM is failed."""
HOST_STOP_LIMIT_S = 90.0
"""How long guests may take to shut down when the whole host stops."""


def plan_local(view: LocalView, watch: LocalWatch) -> Plan:
    """The next step of every VM that is, or should be, on this node; empty when all is as it should be."""
    if watch.domains is None or not watch.session_is_fresh or not view.alive:
        return Plan()
    if view.node.fence.under_way:
        return _plan_gated(view, watch, watch.domains)
    busy = {effect.uuid for effect in watch.in_flight if hasattr(effect, "uuid")}
    places = view.settings.starts_per_node - sum(vm.placement.state is VmState.STARTING for vm in view.vms.values())
    plans = []
    for uuid, vm in sorted({**view.elsewhere, **view.vms}.items()):
        if uuid in busy:
            continue
        plan = _plan_vm(vm, watch.domains.get(uuid), view, watch, may_start=places > 0)
        places -= _claims(plan)
        plans.append(plan)
    return Plan(
        steps=tuple(step for plan in plans for step in plan.steps),
        wake_at_s=earliest(*(plan.wake_at_s for plan in plans)),
    )


def _claims(plan: Plan) -> int:
    written = [write.after for step in plan.steps if step.change for write in step.change.writes]
    return sum(isinstance(after, Placement) and after.state is VmState.STARTING for after in written)


# The gate: a fenced node may only clean up


def _plan_gated(view: LocalView, watch: LocalWatch, domains: dict[str, Domain] | object) -> Plan:
    fence = view.node.fence
    locked_out = fence.blocklist.phase is not BlocklistPhase.NONE and fence.blocklist.round == fence.round
    if not (locked_out or fence.proven_off) or view.node.presence.clean_round == fence.round:
        return Plan()
    known = [uuid for uuid in watch.domains or () if uuid in view.vms or uuid in view.elsewhere]
    if known:
        return _destroy_all(known, f"round {fence.round}", watch)
    presence = replace(view.node.presence, clean_round=fence.round)
    change = Change(
        writes=(Write(kind=Kind.PRESENCE, key=view.node.name, before=view.node.presence, after=presence),),
        checks=(Check(kind=Kind.FENCE, key=view.node.name, version=fence.version),),
        what=f"{view.node.name} is clean",
        why=f"nothing of before round {fence.round} runs here",
        node=view.node.name,
    )
    return Plan(steps=(Step(change=change),))


def _destroy_all(uuids: list[str], run_id: str, watch: LocalWatch) -> Plan:
    busy = {effect.uuid for effect in watch.in_flight if isinstance(effect, Destroy)}
    plans = [
        perform(Destroy(uuid=uuid, run_id=run_id), watch, again_after_s=DESTROY_AGAIN_S)
        for uuid in sorted(uuids)
        if uuid not in busy
    ]
    return Plan(
        steps=tuple(step for plan in plans for step in plan.steps),
        wake_at_s=earliest(*(plan.wake_at_s for plan in plans)),
    )


# One VM


def _plan_vm(vm: Vm, domain: Domain | None, view: LocalView, watch: LocalWatch, *, may_start: bool) -> Plan:
    if vm.placement.migration is not None and view.node.name in vm.placement.assigned_to:
        return plan_migration(vm, domain, view, watch)
    if vm.placement.node != view.node.name:
        return _superseded(vm, domain, watch)
    if domain is None:
        return _plan_absent(vm, view, watch, may_start=may_start)
    return _plan_present(vm, domain, view, watch)


def _superseded(vm: Vm, domain: Domain | None, watch: LocalWatch) -> Plan:
    """A copy of a VM that is placed elsewhere, with no migration that names this node: it must not be."""
    if domain is None:
        return Plan()
    return perform(Destroy(uuid=vm.uuid, run_id="superseded"), watch, again_after_s=DESTROY_AGAIN_S)


def _plan_absent(vm: Vm, view: LocalView, watch: LocalWatch, *, may_start: bool) -> Plan:
    placement = vm.placement
    if placement.wanted is not Wanted.RUNNING or vm.is_parked:
        return _stopped(vm, view)
    if placement.request is not None:
        return _request_done(vm, view)
    if placement.state in (VmState.STOPPED, VmState.STARTING):
        if watch.host_is_stopping:
            return Plan()
        return plan_start(vm, view, watch, may_start=may_start)
    if placement.state is VmState.FAILED:
        return Plan()
    return _ended(vm, view, watch)


def _stopped(vm: Vm, view: LocalView) -> Plan:
    placement = vm.placement
    if placement.state is VmState.STOPPED and placement.request is None and placement.claim is None:
        return Plan()
    if placement.state is VmState.FAILED and placement.request is None:
        return Plan()
    after = replace(at_rest(placement), why=placement.why)
    return commit(vm, after, view, f"{vm.name} stopped" if vm.is_active else "", _asked_by(placement))


def _request_done(vm: Vm, view: LocalView) -> Plan:
    """The domain of a restart is gone: the VM is stopped for a moment, and is started as any other."""
    return commit(vm, at_rest(vm.placement), view, f"{vm.name} stopped", _asked_by(vm.placement))


def _asked_by(placement: Placement) -> str:
    request = placement.request
    return f"{request.verb} asked by {request.by}" if request is not None else "it is not wanted running"


def _ended(vm: Vm, view: LocalView, watch: LocalWatch) -> Plan:
    """A VM that ran here has no domain any more, and nobody asked for that."""
    placement = vm.placement
    if watch.host_is_stopping:
        return commit(vm, at_rest(placement), view, f"{vm.name} stopped", "its host is being shut down")
    if placement.claim is None or placement.claim.boot_id != watch.boot_id:
        return commit(vm, at_rest(placement), view, f"{vm.name} stopped", "its node has started anew")
    if vm.uuid in watch.shut_down_inside:
        after = replace(at_rest(placement), wanted=Wanted.STOPPED)
        return commit(vm, after, view, f"{vm.name} stopped", "shut down from inside the guest")
    crashes = placement.crashes + 1
    if crashes >= CRASHES:
        failure = f"its domain ended by itself {crashes} times in a row"
        after = replace(at_rest(placement), state=VmState.FAILED, failure=failure, crashes=crashes)
        return commit(vm, after, view, f"{vm.name} failed", failure)
    after = replace(at_rest(placement), crashes=crashes)
    return commit(vm, after, view, f"{vm.name} crashed", f"its domain is gone, {crashes} of {CRASHES}; it is started again")


def _plan_present(vm: Vm, domain: Domain, view: LocalView, watch: LocalWatch) -> Plan:
    placement = vm.placement
    if watch.host_is_stopping:
        return _shut_down(vm, "host-stop", HOST_STOP_LIMIT_S, watch)
    if placement.request is not None:
        return _carry_out(vm, view, watch)
    if placement.wanted is not Wanted.RUNNING or vm.is_parked:
        run_id = placement.claim.run_id if placement.claim else "unwanted"
        return perform(Destroy(uuid=vm.uuid, run_id=run_id), watch, again_after_s=DESTROY_AGAIN_S)
    if placement.state is VmState.STARTING:
        return plan_started(vm, domain, view, watch)
    return _plan_running(vm, domain, view, watch)


def _plan_running(vm: Vm, domain: Domain, view: LocalView, watch: LocalWatch) -> Plan:
    """A domain that should run and was not just started: adopt it and record how it is."""
    placement = vm.placement
    at_rest_though_here = placement.state in (VmState.STOPPED, VmState.FAILED)
    if at_rest_though_here and domain.state is DomainState.PAUSED:
        return perform(Destroy(uuid=vm.uuid, run_id="never resumed"), watch, again_after_s=DESTROY_AGAIN_S)
    state = VmState.PAUSED if domain.state is DomainState.PAUSED else VmState.RUNNING
    ours = placement.claim is not None and placement.claim.boot_id == watch.boot_id
    claim = placement.claim if ours else Claim(boot_id=watch.boot_id, run_id=watch.next_run_id)
    after = replace(placement, state=state, claim=claim, failure="")
    words = "" if placement.state is state else f"{vm.name} {state}"
    return commit(vm, after, view, words, "as found on its node", gate=True)


def _carry_out(vm: Vm, view: LocalView, watch: LocalWatch) -> Plan:
    """A person's stop, shutdown or restart: written down first, then done, in the end by force."""
    placement = vm.placement
    request = placement.request
    if request is None:
        return Plan()
    state = VmState.RESTARTING if request.verb is RequestVerb.RESTART else VmState.SHUTTING_DOWN
    if placement.state is not state:
        return commit(vm, replace(placement, state=state), view, f"{vm.name} {state}", f"asked by {request.by}")
    if request.verb is RequestVerb.STOP:
        return perform(Destroy(uuid=vm.uuid, run_id=request.id), watch, again_after_s=DESTROY_AGAIN_S)
    return _shut_down(vm, request.id, request.limit_s, watch)


def _shut_down(vm: Vm, run_id: str, limit_s: float, watch: LocalWatch) -> Plan:
    return shut_down_then_destroy(vm, run_id, limit_s, watch)


def shut_down_then_destroy(vm: Vm, run_id: str, limit_s: float, watch: LocalWatch) -> Plan:
    """Press the power button once; when the guest has not gone within `limit_s`, end it."""
    press = Shutdown(uuid=vm.uuid, run_id=run_id)
    pressed = watch.last_outcome(press)
    if pressed is None:
        return Plan(steps=(Step(effects=(press,)),))
    due_at_s = pressed.at_s if pressed.error else pressed.at_s + limit_s
    if watch.now_s < due_at_s:
        return Plan(wake_at_s=due_at_s)
    return perform(Destroy(uuid=vm.uuid, run_id=run_id), watch, again_after_s=DESTROY_AGAIN_S)
