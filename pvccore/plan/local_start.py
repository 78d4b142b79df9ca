"""How an agent starts a VM: claim, look at its volumes, start paused, record its clients, resume."""

from __future__ import annotations

from pvccore.model.cluster import LocalView
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import replace
from pvccore.model.vm import Claim, Vm, VmState
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import InspectVolumes, Outcome, Plan, Resume, StartPaused, Step
from pvccore.plan.local_changes import SHOWS_WITHIN_S, commit, destroy, perform
from pvccore.plan.recovery import at_rest

BACK_OFF_S = (0.0, 2.0, 5.0, 15.0, 30.0)
"""Pause before the next start, by the number of runs that ended by themselves; the last one holds."""
STARTS = 5
"""Starts that may fail in a row before the VM is failed."""
LOCK_LIMIT_S = 35.0
"""How long a foreign lock or watcher is looked at again: a dead client's watch lasts 30 s (LAB.md)."""
LOCK_AGAIN_S = 1.0


def plan_start(vm: Vm, view: LocalView, watch: LocalWatch, *, may_start: bool) -> Plan:
    """The next step of a VM that shall run here and has no domain: state stopped or starting."""
    claim = vm.placement.claim
    if vm.definition.version == UNREADABLE:
        return Plan()  # nobody knows the volumes to look at
    if vm.placement.state is VmState.STARTING and claim is not None and watch.is_own_run(claim.run_id):
        return _go_on(vm, claim, view, watch)
    if vm.placement.state is VmState.STARTING:
        return _claim(vm, view, watch)
    if not may_start:
        return Plan()
    pause_s = BACK_OFF_S[min(vm.placement.crashes, len(BACK_OFF_S) - 1)]
    waited_s = watch.placement_s.get(vm.uuid, 0.0)
    if waited_s < pause_s:
        return Plan(wake_at_s=watch.now_s + pause_s - waited_s)
    return _claim(vm, view, watch)


def plan_started(vm: Vm, domain: Domain, view: LocalView, watch: LocalWatch) -> Plan:
    """The next step of a VM whose claim is written and whose domain exists."""
    placement = vm.placement
    if domain.state is not DomainState.PAUSED:
        after = replace(placement, state=VmState.RUNNING, failure="")
        return commit(vm, after, view, f"{vm.name} running on {view.node.name}", gate=True)
    run_id = placement.claim.run_id if placement.claim is not None else ""
    started = watch.last_outcome(StartPaused(uuid=vm.uuid, run_id=run_id))
    if started is None or started.error or not watch.is_own_run(run_id):
        return destroy(
            vm.uuid, "never resumed", watch
        )  # of an earlier run, whose volumes nobody looked at for this one
    clients = started.value if isinstance(started.value, tuple) else ()
    if clients != placement.clients:
        return commit(vm, replace(placement, clients=clients), view)
    resume = Resume(uuid=vm.uuid, run_id=run_id)
    resumed = watch.last_outcome(resume)
    if (resumed is not None and resumed.error) or _is_late(vm, view, watch):
        return destroy(vm.uuid, "failed start", watch)
    return replace(perform(resume, watch), wake_at_s=_late_at_s(vm, view, watch))


def _claim(vm: Vm, view: LocalView, watch: LocalWatch) -> Plan:
    claim = Claim(boot_id=watch.boot_id, run_id=watch.next_run_id + "-" + vm.uuid[:8])
    after = at_rest(vm.placement, state=VmState.STARTING, claim=claim, unclaimed=0)
    return commit(vm, after, view, f"{vm.name} starting on {view.node.name}", vm.placement.failure, gate=True)


def _go_on(vm: Vm, claim: Claim, view: LocalView, watch: LocalWatch) -> Plan:
    inspect = InspectVolumes(uuid=vm.uuid, run_id=claim.run_id)
    inspected = watch.last_outcome(inspect)
    start = StartPaused(uuid=vm.uuid, run_id=claim.run_id)
    started = watch.last_outcome(start)
    if _is_late(vm, view, watch):
        return _fail(vm, view, _late_words(view, inspected, started))
    if started is not None:
        return _did_not_start(vm, claim, started, view, watch)
    if vm.definition.volumes and (inspected is None or inspected.error):
        return _inspect_again(vm, inspect, view, watch)
    return Plan(steps=(Step(effects=(start,)),))


def _did_not_start(vm: Vm, claim: Claim, started: Outcome, view: LocalView, watch: LocalWatch) -> Plan:
    """A start that has ended, and yet there is no domain; a fresh one may only not show yet."""
    shows_at_s = started.at_s + SHOWS_WITHIN_S
    if not started.error and watch.now_s < shows_at_s:
        return Plan(wake_at_s=shows_at_s)
    resumed = watch.last_outcome(Resume(uuid=vm.uuid, run_id=claim.run_id))
    said = started.error or (resumed.error if resumed is not None else "")
    return _failed_start(vm, view, said or "its domain was gone at once")


def _inspect_again(vm: Vm, inspect: InspectVolumes, view: LocalView, watch: LocalWatch) -> Plan:
    """Look at the volumes, again while somebody else holds one; a dead holder's watch ends by itself."""
    inspections = watch.outcomes_of(inspect)
    if inspections and watch.now_s - inspections[0].at_s >= LOCK_LIMIT_S:
        return _fail(vm, view, inspections[-1].error)
    return perform(inspect, watch, again_after_s=LOCK_AGAIN_S)


def _is_late(vm: Vm, view: LocalView, watch: LocalWatch) -> bool:
    return watch.placement_s.get(vm.uuid, 0.0) >= view.settings.start_timeout_s


def _late_at_s(vm: Vm, view: LocalView, watch: LocalWatch) -> float:
    return watch.now_s + view.settings.start_timeout_s - watch.placement_s.get(vm.uuid, 0.0)


def _late_words(view: LocalView, *outcomes: Outcome | None) -> str:
    errors = [outcome.error for outcome in outcomes if outcome is not None and outcome.error]
    return "; ".join([f"it did not run within {view.settings.start_timeout_s:.0f} s", *errors])


def _failed_start(vm: Vm, view: LocalView, error: str) -> Plan:
    """A start that did not work is tried again, a few times."""
    crashes = vm.placement.crashes + 1
    if crashes >= STARTS:
        return _fail(vm, view, f"it could not be started {crashes} times in a row: {error}")
    after = at_rest(vm.placement, crashes=crashes, failure=error)
    return commit(vm, after, view, f"{vm.name} did not start, {crashes} of {STARTS}", error)


def _fail(vm: Vm, view: LocalView, failure: str) -> Plan:
    after = at_rest(vm.placement, state=VmState.FAILED, failure=failure)
    return commit(vm, after, view, f"{vm.name} failed", failure)
