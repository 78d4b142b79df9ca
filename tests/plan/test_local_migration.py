"""How two agents move a VM."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.struct import replace
from pvccore.model.vm import Migration, MigrationMethod, MigrationPhase, Request, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.domains import DomainState
from pvccore.plan.effects import Destroy, MigrateLive, Outcome, Plan, Resume, Shutdown
from pvccore.plan.local import plan_local
from pvccore.plan.local_migration import moved
from tests.plan.clusters import (
    NOW_S,
    a_domain,
    a_local_watch,
    a_node,
    a_view,
    a_vm,
    changes,
    checked,
    effects,
    ended,
    migrating,
    placement_after,
    said,
)

UUID = a_vm().uuid
MOVE = MigrateLive(uuid=UUID, run_id="m1", target="hv2", target_address="192.0.2.2", max_downtime_ms=300, limit_s=300.0)


def moving(phase: MigrationPhase = MigrationPhase.PREPARED, **fields: Any) -> Vm:
    """A VM on its way from hv1 to hv2."""
    method = fields.pop("method", MigrationMethod.LIVE)
    error = fields.pop("error", "")
    migration = migrating("hv1", "hv2", phase=phase, method=method, error=error)
    on = "hv2" if phase is MigrationPhase.ARRIVED else "hv1"
    return a_vm(on=on, **{"state": VmState.MIGRATING, "migration": migration, **fields})


def at(node: str, vm: Vm, domain: DomainState | None, outcome: Outcome | None = None, **fields: Any) -> Plan:
    """The plan of one side's agent; `outcome` is that of the live migration."""
    domains = [a_domain(vm, domain)] if domain is not None else []
    outcomes = {MOVE: (outcome,)} if outcome is not None else {}
    watch = a_local_watch(*domains, node=node, **{"outcomes": outcomes, **fields})
    return plan_local(a_view(a_node(node), vm), watch)


def migration_after(plan: Plan) -> Migration:
    migration = placement_after(plan).migration
    assert migration is not None
    return migration


RUNS = DomainState.RUNNING
PAUSED = DomainState.PAUSED


# The source, alive


def test_the_source_says_that_it_migrates_before_it_does() -> None:
    plan = at("hv1", moving(state=VmState.RUNNING), RUNS)
    assert said(plan) == ["web1 migrating to hv2"]
    assert effects(plan) == []


def test_then_it_migrates() -> None:
    assert effects(at("hv1", moving(), RUNS)) == [MOVE]


def test_to_the_target_by_name_when_nobody_wrote_down_its_address() -> None:
    vm = moving()
    migration = replace(migrating("hv1", "hv2"), target_address="")
    vm = replace(vm, placement=replace(vm.placement, migration=migration))
    assert effects(at("hv1", vm, RUNS)) == [replace(MOVE, target_address="hv2")]


def test_when_its_own_copy_is_gone_it_hands_over() -> None:
    plan = at("hv1", moving(), None, ended())
    assert migration_after(plan).phase is MigrationPhase.HANDED_OVER
    assert placement_after(plan).node == "hv1"


def test_a_copy_that_is_gone_without_success_is_not_handed_over_but_started_anew() -> None:
    for outcome in (None, ended(error="connection reset")):
        after = placement_after(at("hv1", moving(), None, outcome))
        assert (after.migration, after.state, after.node) == (None, VmState.STOPPED, "hv1")


def test_a_copy_that_may_only_still_show_is_waited_for() -> None:
    assert at("hv1", moving(), RUNS, ended(ago_s=0.5)) == Plan(wake_at_s=NOW_S + 0.5)


def test_a_copy_that_stays_is_no_success() -> None:
    migration = migration_after(at("hv1", moving(), RUNS, ended(ago_s=10.0)))
    assert migration.error == "live migration failed: its own copy is still here"


def test_live_falls_back_to_shutdown_and_start() -> None:
    migration = migration_after(at("hv1", moving(), RUNS, ended(error="no route", ago_s=10.0)))
    assert (migration.method, migration.phase) == (MigrationMethod.SHUTDOWN, MigrationPhase.PREPARED)
    assert migration.error == "live migration failed: no route"


def test_before_that_it_runs_on_until_the_manager_would_have_seen_that_the_target_is_gone() -> None:
    assert at("hv1", moving(), RUNS, ended(error="no route", ago_s=4.0)) == Plan(wake_at_s=NOW_S + 6.0)


def test_live_only_stays_with_the_reason() -> None:
    after = placement_after(at("hv1", moving(method=MigrationMethod.LIVE_ONLY), RUNS, ended(error="no route")))
    assert (after.migration, after.state, after.node) == (None, VmState.RUNNING, "hv1")
    assert after.why == "live migration failed: no route"


@pytest.mark.parametrize("phase", [MigrationPhase.HANDED_OVER])
def test_once_handed_over_the_source_does_nothing_more(phase: MigrationPhase) -> None:
    assert at("hv1", moving(phase), None, ended()) == Plan()


# The source, by shutdown


def test_by_shutdown_the_guest_is_shut_down_first() -> None:
    vm = moving(method=MigrationMethod.SHUTDOWN)
    assert said(at("hv1", replace_state(vm, VmState.RUNNING), RUNS)) == ["web1 shutting down to move to hv2"]
    assert effects(at("hv1", vm, RUNS)) == [Shutdown(uuid=UUID, run_id="m1")]


def replace_state(vm: Vm, state: VmState) -> Vm:
    return replace(vm, placement=replace(vm.placement, state=state))


@pytest.mark.parametrize("error, why", [("", "shut down for it"), ("no route", "no route")])
def test_then_it_belongs_to_the_target_at_rest(error: str, why: str) -> None:
    plan = at("hv1", moving(method=MigrationMethod.SHUTDOWN, error=error), None)
    after = placement_after(plan)
    assert (after.node, after.previous_node, after.state, after.migration) == ("hv2", "hv1", VmState.STOPPED, None)
    assert changes(plan)[0].why == why


# Called off


def test_a_target_that_is_not_there_leaves_the_vm_where_it_is() -> None:
    vm = moving(MigrationPhase.NOT_THERE, error="its target hv2 is off")
    for domain, state in ((RUNS, VmState.RUNNING), (PAUSED, VmState.PAUSED)):
        after = placement_after(at("hv1", vm, domain))
        assert (after.node, after.state, after.migration) == ("hv1", state, None)
        assert after.claim is not None


def test_or_has_it_started_cold() -> None:
    plan = at("hv1", moving(MigrationPhase.NOT_THERE, error="its target hv2 is off"), None)
    after = placement_after(plan)
    assert (after.node, after.state, after.claim, after.migration) == ("hv1", VmState.STOPPED, None, None)
    assert changes(plan)[0].why == "its target hv2 is off"


@pytest.mark.parametrize("method", MigrationMethod)
def test_a_vm_that_nobody_wants_running_any_more_does_not_move(method: MigrationMethod) -> None:
    request = Request(id="r", verb=RequestVerb.SHUTDOWN, by="ann")
    after = placement_after(at("hv1", moving(method=method, wanted=Wanted.STOPPED, request=request), RUNS))
    assert (after.node, after.migration, after.request) == ("hv1", None, request)


def test_but_one_that_has_arrived_is_handed_over_all_the_same() -> None:
    plan = at("hv1", moving(wanted=Wanted.STOPPED), None, ended())
    assert migration_after(plan).phase is MigrationPhase.HANDED_OVER


# The target


@pytest.mark.parametrize("domain", [None, PAUSED])
def test_the_target_never_lets_a_copy_run_that_was_not_handed_over(domain: DomainState | None) -> None:
    assert at("hv2", moving(), domain) == Plan()


def test_a_copy_is_not_taken_for_gone_by_what_was_seen_before_the_hand_over() -> None:
    vm = moving(MigrationPhase.HANDED_OVER)
    plan = at("hv2", vm, None, domains_age_s=3.0, migration_s={vm.uuid: 2.9})
    assert changes(plan) == []
    assert plan.wake_at_s is not None
    assert changes(at("hv2", vm, None, domains_age_s=0.1, migration_s={vm.uuid: 0.2})) != []


def test_once_handed_over_it_claims_the_vm_unless_it_is_fenced() -> None:
    plan = at("hv2", moving(MigrationPhase.HANDED_OVER, clients=("old",)), PAUSED)
    after = placement_after(plan)
    assert (after.node, after.previous_node, after.clients) == ("hv2", "hv1", ())
    assert after.claim is not None
    assert after.claim.boot_id == "hv2-boot1"
    assert migration_after(plan).phase is MigrationPhase.ARRIVED
    assert effects(plan) == []
    assert checked(plan) == {Kind.FENCE}


def test_a_copy_that_was_gone_by_then_is_started_anew() -> None:
    after = placement_after(at("hv2", moving(MigrationPhase.HANDED_OVER), None))
    assert (after.node, after.state, after.migration) == ("hv2", VmState.STOPPED, None)


ARRIVED = moving(MigrationPhase.ARRIVED)
RESUME = Resume(uuid=UUID, run_id="hv2-daemon-1", arrived=True)


def test_then_it_lets_it_run_and_tries_again_if_that_fails() -> None:
    assert effects(at("hv2", ARRIVED, PAUSED)) == [RESUME]
    early = at("hv2", ARRIVED, PAUSED, outcomes={RESUME: (ended(error="busy", ago_s=0.5),)})
    late = at("hv2", ARRIVED, PAUSED, outcomes={RESUME: (ended(error="busy", ago_s=2.0),)})
    assert early == Plan(wake_at_s=NOW_S + 1.5)
    assert effects(late) == [RESUME]


def test_a_claim_that_was_lost_does_not_keep_it_from_running() -> None:
    vm = moving(MigrationPhase.ARRIVED, claim=None)
    assert effects(at("hv2", vm, PAUSED)) == [Resume(uuid=UUID, run_id="m1", arrived=True)]


def test_a_copy_that_can_not_be_made_to_run_is_given_up() -> None:
    failures = (ended(error="broken"),) * 5
    plan = at("hv2", ARRIVED, PAUSED, outcomes={RESUME: failures})
    assert effects(plan) == [Destroy(uuid=UUID, run_id="hv2-daemon-1")]
    after = placement_after(at("hv2", ARRIVED, None))
    assert (after.node, after.state, after.migration) == ("hv2", VmState.STOPPED, None)


@pytest.mark.parametrize("value, clients", [(("192.0.2.2:0/9",), ("192.0.2.2:0/9",)), (None, ())])
def test_a_copy_that_runs_ends_the_migration_with_its_own_clients(value: object, clients: tuple[str, ...]) -> None:
    plan = at("hv2", ARRIVED, RUNS, outcomes={RESUME: (ended(value),)})
    after = placement_after(plan)
    assert said(plan) == ["web1 running on hv2"]
    assert (after.state, after.migration, after.clients) == (VmState.RUNNING, None, clients)


def test_a_copy_found_running_by_another_daemon_ends_it_too() -> None:
    assert placement_after(at("hv2", ARRIVED, RUNS)).migration is None


def test_a_target_that_is_not_to_have_it_ends_its_copy() -> None:
    assert effects(at("hv2", moving(MigrationPhase.NOT_THERE), PAUSED)) == [Destroy(uuid=UUID, run_id="m1")]
    assert at("hv2", moving(MigrationPhase.NOT_THERE), None) == Plan()


def test_arriving_clears_the_mark_of_parking_and_its_reason() -> None:
    vm = moving(parked_on="hv1", why="no room")
    assert vm.placement.migration is not None
    after = moved(vm.placement, vm.placement.migration)
    assert (after.parked_on, after.why, after.node) == ("", "", "hv2")
