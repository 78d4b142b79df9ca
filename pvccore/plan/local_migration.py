"""How two agents move a VM: the source hands it over in writing, only then the target lets its copy run."""

from __future__ import annotations

from pvccore.model.cluster import LocalView
from pvccore.model.struct import replace
from pvccore.model.vm import Claim, Migration, MigrationMethod, MigrationPhase, Placement, Vm, VmState, Wanted
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import MigrateLive, Outcome, Plan, Resume, Step
from pvccore.plan.local_changes import SHOWS_WITHIN_S, commit, destroy, perform, shut_down_then_destroy
from pvccore.plan.recovery import at_rest

RESUMES = 5
"""How often a copy that arrived is told to run before it is given up and the VM is started anew."""
RESUME_AGAIN_S = 2.0
LOOK_S = 0.5
"""When to decide again what was decided too early: before the node's domains had been looked at anew."""
TELL_S = 2.0
"""What a manager takes to see that a target is gone, beyond the times that are settings."""


def plan_migration(vm: Vm, migration: Migration, domain: Domain | None, view: LocalView, watch: LocalWatch) -> Plan:
    """The next step of a migration, on whichever side this agent is."""
    if vm.placement.node == view.node.name and migration.target != view.node.name:
        return _plan_source(vm, migration, domain, view, watch)
    return _plan_target(vm, migration, domain, view, watch)


# The source


def _plan_source(vm: Vm, migration: Migration, domain: Domain | None, view: LocalView, watch: LocalWatch) -> Plan:
    if migration.phase is MigrationPhase.NOT_THERE:
        return _called_off(vm, domain, view, migration.error)
    if migration.phase is not MigrationPhase.PREPARED:
        return Plan()
    if domain is not None and vm.placement.wanted is not Wanted.RUNNING:
        return _called_off(vm, domain, view, "it is not wanted running any more")
    if migration.method is MigrationMethod.SHUTDOWN:
        return _shut_down_and_move(vm, migration, domain, view, watch)
    return _live(vm, migration, domain, view, watch)


def _called_off(vm: Vm, domain: Domain | None, view: LocalView, why: str) -> Plan:
    """It does not move: what is here goes on, or is started cold."""
    if domain is None:
        after = at_rest(vm.placement)
    else:
        state = VmState.PAUSED if domain.state is DomainState.PAUSED else VmState.RUNNING
        after = replace(vm.placement, state=state, migration=None)
    return commit(vm, after, view, f"{vm.name} stays on {view.node.name}", why)


def _shut_down_and_move(
    vm: Vm, migration: Migration, domain: Domain | None, view: LocalView, watch: LocalWatch
) -> Plan:
    if domain is None:
        after = moved(at_rest(vm.placement), migration)
        return commit(vm, after, view, f"{vm.name} moved to {migration.target}", migration.error or "shut down for it")
    if vm.placement.state is not VmState.MIGRATING:
        after = replace(vm.placement, state=VmState.MIGRATING)
        return commit(vm, after, view, f"{vm.name} shutting down to move to {migration.target}", migration.error)
    return shut_down_then_destroy(vm, domain, migration.id, migration.limit_s, watch)


def _live(vm: Vm, migration: Migration, domain: Domain | None, view: LocalView, watch: LocalWatch) -> Plan:
    effect = MigrateLive(
        uuid=vm.uuid,
        run_id=migration.id,
        target=migration.target,
        target_address=migration.target_address or migration.target,
        max_downtime_ms=vm.definition.max_downtime_ms,
        limit_s=migration.limit_s,
    )
    outcome = watch.last_outcome(effect)
    if domain is None and outcome is not None and not outcome.error:
        after = replace(vm.placement, migration=replace(migration, phase=MigrationPhase.HANDED_OVER))
        return commit(vm, after, view, f"{vm.name} handed over to {migration.target}")
    if domain is None:
        return _lost(vm, view)
    if outcome is not None:
        return _did_not_work(vm, migration, outcome, view, watch)
    if vm.placement.state is not VmState.MIGRATING:
        after = replace(vm.placement, state=VmState.MIGRATING)
        return commit(vm, after, view, f"{vm.name} migrating to {migration.target}", f"asked by {migration.by}")
    return Plan(steps=(Step(effects=(effect,)),))


def _lost(vm: Vm, view: LocalView) -> Plan:
    """No domain here and no word that it arrived: the target's copy is never resumed, the VM is started anew."""
    return commit(
        vm, at_rest(vm.placement), view, f"migration of {vm.name} failed", "its domain ended before it was handed over"
    )


def _did_not_work(vm: Vm, migration: Migration, outcome: Outcome, view: LocalView, watch: LocalWatch) -> Plan:
    """The domain is still here; after a success it may only still show."""
    gone_at_s = outcome.at_s + SHOWS_WITHIN_S
    if not outcome.error and watch.now_s < gone_at_s:
        return Plan(wake_at_s=gone_at_s)
    why = f"live migration failed: {outcome.error or 'its own copy is still here'}"
    if migration.method is MigrationMethod.LIVE_ONLY:
        after = replace(vm.placement, state=VmState.RUNNING, migration=None, why=why)
        return commit(vm, after, view, f"{vm.name} stays on {view.node.name}", why)
    falls_back_at_s = outcome.at_s + _patience_s(view)
    if watch.now_s < falls_back_at_s:
        return Plan(wake_at_s=falls_back_at_s)
    after = replace(vm.placement, migration=replace(migration, method=MigrationMethod.SHUTDOWN, error=why))
    return commit(vm, after, view, f"{vm.name} is shut down to move", why)


def _patience_s(view: LocalView) -> float:
    """How long the VM runs on before it is shut down to move after all.

    What broke the migration may be the target's death; then the manager gives it up before this is over, and nobody
    shuts a healthy VM down to bring it to a dead node.
    """
    settings = view.settings
    return settings.session_s + settings.fence_after_s + settings.settle_s + TELL_S


def moved(placement: Placement, migration: Migration) -> Placement:
    """The placement of a VM that has arrived, as far as its place goes."""
    home = migration.previous_node_after
    return replace(placement, node=migration.target, previous_node=home, migration=None, parked_on="", why="")


# The target


def _plan_target(vm: Vm, migration: Migration, domain: Domain | None, view: LocalView, watch: LocalWatch) -> Plan:
    if migration.phase is MigrationPhase.HANDED_OVER:
        return _take_over(vm, migration, domain, view, watch)
    if migration.phase is MigrationPhase.ARRIVED:
        return _let_run(vm, migration, domain, view, watch)
    if migration.phase is MigrationPhase.NOT_THERE and domain is not None:
        return destroy(vm.uuid, migration.id, watch)
    return Plan()


def _take_over(vm: Vm, migration: Migration, domain: Domain | None, view: LocalView, watch: LocalWatch) -> Plan:
    if domain is None and watch.migration_s.get(vm.uuid, 0.0) < watch.domains_age_s:
        return Plan(wake_at_s=watch.now_s + LOOK_S)  # what was seen is older than the hand-over
    if domain is None:
        after = moved(at_rest(vm.placement), migration)
        why = "its copy was gone when it was handed over; it is started anew"
        return commit(vm, after, view, f"{vm.name} moved to {view.node.name}", why, gate=True)
    claim = Claim(boot_id=watch.boot_id, run_id=watch.next_run_id + "-" + vm.uuid[:8])
    arrived = replace(migration, phase=MigrationPhase.ARRIVED)
    after = replace(moved(vm.placement, migration), claim=claim, clients=(), migration=arrived)
    return commit(vm, after, view, f"{vm.name} taken over by {view.node.name}", gate=True)


def _let_run(vm: Vm, migration: Migration, domain: Domain | None, view: LocalView, watch: LocalWatch) -> Plan:
    placement = vm.placement
    if domain is None:
        return commit(vm, at_rest(placement), view, f"{vm.name} stopped", "its migrated copy ended before it ran")
    run_id = placement.claim.run_id if placement.claim else migration.id
    resume = Resume(uuid=vm.uuid, run_id=run_id, arrived=True)
    if domain.state is DomainState.PAUSED:
        if sum(bool(outcome.error) for outcome in watch.outcomes_of(resume)) >= RESUMES:
            return destroy(vm.uuid, run_id, watch)
        return perform(resume, watch, again_after_s=RESUME_AGAIN_S)
    resumed = watch.last_outcome(resume)
    clients = resumed.value if resumed is not None and isinstance(resumed.value, tuple) else ()
    after = replace(placement, state=VmState.RUNNING, migration=None, clients=clients)
    return commit(vm, after, view, f"{vm.name} running on {view.node.name}", "migrated", gate=True)
