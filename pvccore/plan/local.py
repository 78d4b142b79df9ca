"""What an agent does about each VM of its node: a table over what is wanted, what is written and what is found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import LocalView
from pvccore.model.fence import BlocklistPhase, Fence
from pvccore.model.struct import replace
from pvccore.model.vm import Claim, Placement, Request, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import Destroy, Plan, Step, VmEffect, earliest
from pvccore.plan.local_changes import commit, destroy, shut_down_then_destroy
from pvccore.plan.local_migration import plan_migration
from pvccore.plan.local_start import plan_start, plan_started
from pvccore.plan.recovery import at_rest

CRASHES = 5
"""Runs that end by themselves in a row before the VM is failed."""
RAN_WELL_S = 600.0
"""A VM that has run for this long has had its last crash forgotten."""
SHUTDOWN_LIMIT_S = 60.0
"""How long a guest may take to shut down when nobody said how long."""
HOST_STOP_LIMIT_S = 90.0
"""How long guests may take to shut down when the whole host stops."""


def plan_local(view: LocalView, watch: LocalWatch) -> Plan:
    """The next step of every VM that is, or should be, on this node; empty when all is as it should be."""
    if watch.domains is None or not watch.session_is_fresh or not view.alive:
        return Plan()
    if view.node.fence.under_way:
        return _plan_gated(view, watch.domains, watch)
    busy = {effect.uuid for effect in watch.in_flight if isinstance(effect, VmEffect)}
    places = view.settings.starts_per_node - sum(vm.placement.state is VmState.STARTING for vm in view.vms.values())
    plans = []
    for uuid, vm in sorted({**view.elsewhere, **view.vms}.items()):
        if uuid in busy or not vm.placement.is_stored:
            continue
        plan = _plan_vm(vm, watch.domains.get(uuid), view, watch, may_start=places > 0)
        places -= _claims(plan)
        plans.append(plan)
    return _together(plans)


def _claims(plan: Plan) -> int:
    written = [write.after for step in plan.steps if step.change for write in step.change.writes]
    return sum(isinstance(after, Placement) and after.state is VmState.STARTING for after in written)


# The gate: a fenced node may only clean up


def _plan_gated(view: LocalView, domains: Mapping[str, Domain], watch: LocalWatch) -> Plan:
    """Start and adopt nothing; when what runs here may be started elsewhere, end it, and say when it is gone."""
    fence = view.node.fence
    locked_out = fence.blocklist.phase is not BlocklistPhase.NONE and fence.blocklist.round == fence.round
    if not (locked_out or fence.proven_off):
        return _together(
            _superseded(vm, domains.get(uuid), watch)
            for uuid, vm in sorted(view.elsewhere.items())
            if _is_foreign(vm, view)
        )
    if view.node.presence.clean_round == fence.round:
        return Plan()
    known = [uuid for uuid in sorted(domains) if uuid in view.vms or uuid in view.elsewhere]
    if known or any(isinstance(effect, VmEffect) for effect in watch.in_flight):
        return _together(
            destroy(uuid, f"round {fence.round}", watch) for uuid in known if uuid not in _being_destroyed(watch)
        )
    return Plan(steps=(Step(change=_clean(view, fence)),))


def _clean(view: LocalView, fence: Fence) -> Change:
    presence = replace(view.node.presence, clean_round=fence.round)
    return Change(
        writes=(Write(kind=Kind.PRESENCE, key=view.node.name, before=view.node.presence, after=presence),),
        checks=(Check(kind=Kind.FENCE, key=view.node.name, version=fence.version),),
        what=f"{view.node.name} is clean",
        why=f"nothing of before round {fence.round} runs here",
        node=view.node.name,
    )


def _being_destroyed(watch: LocalWatch) -> set[str]:
    return {effect.uuid for effect in watch.in_flight if isinstance(effect, Destroy)}


def _together(plans: Iterable[Plan]) -> Plan:
    known = list(plans)
    return Plan(
        steps=tuple(step for plan in known for step in plan.steps),
        wake_at_s=earliest(*(plan.wake_at_s for plan in known)),
    )


# One VM


def _plan_vm(vm: Vm, domain: Domain | None, view: LocalView, watch: LocalWatch, *, may_start: bool) -> Plan:
    migration = vm.placement.migration
    if migration is not None and not _is_foreign(vm, view):
        return plan_migration(vm, migration, domain, view, watch)
    if _is_foreign(vm, view):
        return _superseded(vm, domain, watch)
    if domain is None:
        return _plan_absent(vm, view, watch, may_start=may_start)
    return _plan_present(vm, domain, view, watch)


def _is_foreign(vm: Vm, view: LocalView) -> bool:
    """Whether a copy of `vm` must not be here: it is placed elsewhere, and no migration names this node."""
    return vm.placement.is_stored and view.node.name not in vm.placement.assigned_to


def _superseded(vm: Vm, domain: Domain | None, watch: LocalWatch) -> Plan:
    """End a copy that must not be; one still being received may belong to a migration newer than what we read."""
    if domain is None or domain.arriving or vm.uuid in _being_destroyed(watch):
        return Plan()
    return destroy(vm.uuid, "superseded", watch)


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
    after = at_rest(placement, why=placement.why)
    return commit(vm, after, view, f"{vm.name} stopped" if vm.is_active else "", _asked_by(placement))


def _request_done(vm: Vm, view: LocalView) -> Plan:
    """The domain of a restart is gone: the VM is stopped for a moment, and is started as any other."""
    return commit(vm, at_rest(vm.placement), view, f"{vm.name} stopped", _asked_by(vm.placement))


def _asked_by(placement: Placement) -> str:
    request = placement.request
    if request is not None:
        return f"{request.verb} asked by {request.by}"
    return "it is parked" if placement.parked_on else "it is not wanted running"


def _ended(vm: Vm, view: LocalView, watch: LocalWatch) -> Plan:
    """A VM that ran here has no domain any more."""
    placement = vm.placement
    if placement.state in (VmState.SHUTTING_DOWN, VmState.RESTARTING):
        return commit(vm, at_rest(placement), view, f"{vm.name} stopped", "it was shut down")
    if watch.host_is_stopping:
        return commit(vm, at_rest(placement), view, f"{vm.name} stopped", "its host is being shut down")
    if placement.claim is None or placement.claim.boot_id != watch.boot_id:
        return commit(vm, at_rest(placement), view, f"{vm.name} stopped", "its node has started anew")
    if vm.uuid in watch.shut_down_inside:
        after = at_rest(placement, wanted=Wanted.STOPPED)
        return commit(vm, after, view, f"{vm.name} stopped", "shut down from inside the guest")
    crashes = placement.crashes + 1
    if crashes >= CRASHES:
        failure = f"its domain ended by itself {crashes} times in a row"
        after = at_rest(placement, state=VmState.FAILED, failure=failure, crashes=crashes)
        return commit(vm, after, view, f"{vm.name} failed", failure)
    after = at_rest(placement, crashes=crashes)
    return commit(
        vm, after, view, f"{vm.name} crashed", f"its domain is gone, {crashes} of {CRASHES}; it is started again"
    )


def _plan_present(vm: Vm, domain: Domain, view: LocalView, watch: LocalWatch) -> Plan:
    placement = vm.placement
    if watch.host_is_stopping:
        return shut_down_then_destroy(vm, domain, "host-stop", HOST_STOP_LIMIT_S, watch)
    if placement.request is not None:
        return _carry_out(vm, domain, placement.request, view, watch)
    if placement.wanted is not Wanted.RUNNING or vm.is_parked:
        return _bring_down(vm, domain, view, watch)
    if placement.state in (VmState.SHUTTING_DOWN, VmState.RESTARTING):
        return shut_down_then_destroy(vm, domain, _run_id(placement), SHUTDOWN_LIMIT_S, watch)
    if placement.state is VmState.STARTING:
        return plan_started(vm, domain, view, watch)
    return _plan_running(vm, domain, view, watch)


def _bring_down(vm: Vm, domain: Domain, view: LocalView, watch: LocalWatch) -> Plan:
    """Shut down what is parked or not wanted running; once begun it goes to its end, whatever is wanted then."""
    placement = vm.placement
    if placement.state is not VmState.SHUTTING_DOWN:
        why = f"no node can take it: {placement.why}" if vm.is_parked else "it is not wanted running"
        after = replace(placement, state=VmState.SHUTTING_DOWN)
        return commit(vm, after, view, f"{vm.name} {VmState.SHUTTING_DOWN}", why)
    return shut_down_then_destroy(vm, domain, _run_id(placement), SHUTDOWN_LIMIT_S, watch)


def _run_id(placement: Placement) -> str:
    return placement.claim.run_id if placement.claim is not None else "unwanted"


def _plan_running(vm: Vm, domain: Domain, view: LocalView, watch: LocalWatch) -> Plan:
    """A domain that should run and was not just started: adopt it and record how it is."""
    placement = vm.placement
    if not vm.is_active and domain.state is DomainState.PAUSED:
        return destroy(vm.uuid, "never resumed", watch)
    state = VmState.PAUSED if domain.state is DomainState.PAUSED else VmState.RUNNING
    ours = placement.claim is not None and placement.claim.boot_id == watch.boot_id
    claim = placement.claim if ours else Claim(boot_id=watch.boot_id, run_id=watch.next_run_id)
    after = replace(placement, state=state, claim=claim, failure="", crashes=_crashes(vm, watch), unclaimed=0)
    words = "" if placement.state is state else f"{vm.name} {state}"
    plan = commit(vm, after, view, words, "as found on its node", gate=True)
    return plan if plan.steps or not after.crashes else Plan(wake_at_s=_ran_well_at_s(vm, watch))


def _crashes(vm: Vm, watch: LocalWatch) -> int:
    ran_well = vm.placement.state is VmState.RUNNING and watch.now_s >= _ran_well_at_s(vm, watch)
    return 0 if ran_well else vm.placement.crashes


def _ran_well_at_s(vm: Vm, watch: LocalWatch) -> float:
    return watch.now_s + RAN_WELL_S - watch.placement_s.get(vm.uuid, 0.0)


def _carry_out(vm: Vm, domain: Domain, request: Request, view: LocalView, watch: LocalWatch) -> Plan:
    """A person's stop, shutdown or restart: written down first, then done, in the end by force."""
    state = VmState.RESTARTING if request.verb is RequestVerb.RESTART else VmState.SHUTTING_DOWN
    if vm.placement.state is not state:
        after = replace(vm.placement, state=state)
        return commit(vm, after, view, f"{vm.name} {state}", f"asked by {request.by}")
    if request.verb is RequestVerb.STOP:
        return destroy(vm.uuid, request.id, watch)
    return shut_down_then_destroy(vm, domain, request.id, request.limit_s, watch)
