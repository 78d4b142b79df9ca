"""What placements become when verbs are granted."""

from __future__ import annotations

from pvccore.model.struct import replace
from pvccore.model.vm import MigrationMethod, MigrationPhase, RequestVerb, VmState, Wanted
from pvccore.plan.requests import ended, kept_here, relocated, restarted, started
from tests.plan.asked import asked, node, vm


def test_a_start_forgets_failures_crashes_and_parking() -> None:
    failed = vm("web1", "hv1", VmState.FAILED, failure="locked", crashes=5, parked_on="hv1", why="no room")
    after = started(failed)
    assert (after.wanted, after.state) == (Wanted.RUNNING, VmState.STOPPED)
    assert (after.failure, after.crashes, after.parked_on, after.why) == ("", 0, "", "")


def test_a_start_of_a_vm_that_is_going_down_leaves_the_agents_state_alone() -> None:
    going = vm("web1", "hv1", VmState.SHUTTING_DOWN, wanted=Wanted.STOPPED, request=asked(RequestVerb.SHUTDOWN))
    assert started(going) == replace(going.placement, wanted=Wanted.RUNNING)


def test_an_active_vm_is_ended_by_its_agent() -> None:
    running = vm("web1", "hv1", parked_on="hv1")
    request = asked(RequestVerb.STOP)
    after = ended(running, Wanted.STOPPED, request)
    assert after == replace(running.placement, wanted=Wanted.STOPPED, request=request, parked_on="")


def test_a_vm_without_a_domain_is_at_rest_at_once() -> None:
    failed = vm("web1", "hv1", VmState.FAILED, failure="locked")
    after = ended(failed, Wanted.DISABLED, asked(RequestVerb.STOP))
    assert (after.wanted, after.state, after.request, after.failure) == (Wanted.DISABLED, VmState.STOPPED, None, "")


def test_a_restart_wants_it_running_again() -> None:
    running = vm("web1", "hv1", wanted=Wanted.STOPPED, crashes=2)
    after = restarted(running, asked(RequestVerb.RESTART))
    assert (after.wanted, after.crashes, after.request) == (Wanted.RUNNING, 0, asked(RequestVerb.RESTART))


def test_a_vm_at_rest_is_relocated_at_once_and_unparked() -> None:
    parked = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, parked_on="hv1", why="no room")
    after = relocated(parked, node("hv2"), "hv1", migration_id="m1", by="anna@ops1")
    assert (after.node, after.previous_node, after.parked_on, after.why) == ("hv2", "hv1", "", "")
    assert after.migration is None


def test_a_running_vm_is_sent_on_its_way() -> None:
    running = vm("web1", "hv1")
    shy = replace(running, definition=replace(running.definition, migration_method=MigrationMethod.LIVE_ONLY))
    after = relocated(shy, node("hv2"), "hv1", migration_id="m1", by="anna@ops1")
    assert (after.node, after.previous_node) == ("hv1", "")
    assert after.migration is not None
    assert (after.migration.source, after.migration.target) == ("hv1", "hv2")
    assert (after.migration.target_boot_id, after.migration.target_address) == ("boot-hv2", "hv2.migration")
    assert (after.migration.method, after.migration.phase) == (MigrationMethod.LIVE_ONLY, MigrationPhase.PREPARED)
    assert (after.migration.previous_node_after, after.migration.by) == ("hv1", "anna@ops1")


def test_a_vm_that_is_kept_where_it_is_belongs_there() -> None:
    after = kept_here(vm("web1", "hv1", previous_node="hv2", parked_on="hv1", why="no room"))
    assert (after.previous_node, after.parked_on, after.why) == ("", "", "")
