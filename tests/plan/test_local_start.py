"""How an agent starts a VM: claim, look at its volumes, start paused, record its clients, resume."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import replace
from pvccore.model.vm import Claim, Definition, Vm, VmState
from pvccore.plan.domains import DomainState
from pvccore.plan.effects import Destroy, InspectVolumes, Outcomes, Plan, Resume, StartPaused
from pvccore.plan.local import plan_local
from tests.plan.clusters import (
    NOW_S,
    a_domain,
    a_local_watch,
    a_node,
    a_view,
    a_vm,
    at_rest,
    changes,
    checked,
    effects,
    ended,
    placement_after,
    said,
)

RUN = "hv1-daemon-1"
UUID = a_vm().uuid
INSPECT = InspectVolumes(uuid=UUID, run_id=RUN)
START = StartPaused(uuid=UUID, run_id=RUN)
RESUME = Resume(uuid=UUID, run_id=RUN)


def starting(**changes: Any) -> Vm:
    return a_vm(**{"state": VmState.STARTING, "volumes": ("vms/web1",), **changes})


def plan(vm: Vm, outcomes: Outcomes | None = None, domain: DomainState | None = None, **fields: Any) -> Plan:
    domains = [a_domain(vm, domain)] if domain is not None else []
    return plan_local(a_view(a_node("hv1"), vm), a_local_watch(*domains, outcomes=outcomes or {}, **fields))


INSPECTED: Outcomes = {INSPECT: (ended(),)}
STARTED: Outcomes = {**INSPECTED, START: (ended(("192.0.2.1:0/7",), ago_s=2.0),)}


def test_after_the_claim_the_volumes_are_looked_at() -> None:
    assert effects(plan(starting())) == [INSPECT]


def test_a_vm_without_volumes_is_started_at_once() -> None:
    assert effects(plan(starting(volumes=()))) == [START]


def test_then_the_domain_is_created_paused() -> None:
    assert effects(plan(starting(), INSPECTED)) == [START]


def test_then_its_clients_are_recorded_quietly() -> None:
    found = plan(starting(), STARTED, DomainState.PAUSED)
    assert placement_after(found).clients == ("192.0.2.1:0/7",)
    assert said(found) == []
    assert effects(found) == []


def test_only_then_it_is_resumed() -> None:
    found = plan(starting(clients=("192.0.2.1:0/7",)), STARTED, DomainState.PAUSED)
    assert effects(found) == [RESUME]
    assert found.wake_at_s == NOW_S + 60.0


def test_a_vm_whose_clients_nobody_knows_is_resumed_too() -> None:
    assert effects(plan(starting(), {START: (ended(),)}, DomainState.PAUSED)) == [RESUME]


def test_once_resumed_it_is_waited_for() -> None:
    outcomes: Outcomes = {START: (ended(),), RESUME: (ended(),)}
    assert effects(plan(starting(), outcomes, DomainState.PAUSED)) == []


def test_a_domain_that_runs_is_running() -> None:
    found = plan(starting(failure="x"), STARTED, DomainState.RUNNING)
    assert said(found) == ["web1 running on hv1"]
    assert placement_after(found).state is VmState.RUNNING
    assert placement_after(found).failure == ""
    assert checked(found) == {Kind.FENCE}


def test_a_vm_whose_definition_can_not_be_read_is_not_started_for_nobody_knows_its_volumes() -> None:
    for vm in (at_rest(), starting()):
        assert plan(replace(vm, definition=Definition(version=UNREADABLE))) == Plan()


# What an earlier daemon left behind


def test_a_start_of_an_earlier_daemon_is_claimed_anew() -> None:
    found = plan(starting(claim=Claim(boot_id="hv1-boot1", run_id="hv1-other-1")))
    claim = placement_after(found).claim
    assert claim is not None
    assert claim.run_id.startswith("hv1-daemon-9")


def test_even_when_as_many_as_may_are_starting() -> None:
    vm = starting(claim=None)
    view = a_view(a_node("hv1"), vm, starts_per_node=1)
    assert said(plan_local(view, a_local_watch())) == ["web1 starting on hv1"]


@pytest.mark.parametrize(
    "vm, outcomes",
    [
        (starting(claim=Claim(boot_id="hv1-boot1", run_id="hv1-other-1")), STARTED),
        (starting(claim=None), STARTED),
        (starting(), {}),
        (starting(), {START: (ended(error="a domain exists"),)}),
    ],
    ids=["another daemon's", "nobody's", "not started by this run", "not the one this run started"],
)
def test_a_paused_domain_of_an_earlier_run_is_ended(vm: Vm, outcomes: Outcomes) -> None:
    assert effects(plan(vm, outcomes, DomainState.PAUSED)) == [Destroy(uuid=UUID, run_id="never resumed")]


# Locks


def test_a_volume_that_somebody_else_holds_is_looked_at_again() -> None:
    held: Outcomes = {INSPECT: (ended(error="locked by hv9", ago_s=0.5),)}
    assert plan(starting(), held) == Plan(wake_at_s=NOW_S + 0.5)
    assert effects(plan(starting(), {INSPECT: (ended(error="locked by hv9", ago_s=1.0),)})) == [INSPECT]


def test_after_the_time_a_dead_holder_would_need_the_vm_fails_with_the_holders_name() -> None:
    held: Outcomes = {INSPECT: (ended(error="locked by hv9", ago_s=35.0), ended(error="locked by hv9", ago_s=1.0))}
    after = placement_after(plan(starting(), held))
    assert (after.state, after.failure) == (VmState.FAILED, "locked by hv9")


def test_a_volume_that_was_let_go_is_started_from() -> None:
    freed: Outcomes = {INSPECT: (ended(error="locked by hv9", ago_s=20.0), ended())}
    assert effects(plan(starting(), freed)) == [START]


# Starts that do not work


def test_a_start_that_failed_is_counted_with_its_reason() -> None:
    found = plan(starting(), {**INSPECTED, START: (ended(error="no such image"),)})
    after = placement_after(found)
    assert (after.state, after.crashes, after.failure) == (VmState.STOPPED, 1, "no such image")
    assert said(found) == ["web1 did not start, 1 of 5"]


def test_one_too_many_is_a_failure() -> None:
    after = placement_after(plan(starting(crashes=4), {**INSPECTED, START: (ended(error="no such image"),)}))
    assert after.state is VmState.FAILED
    assert after.failure == "it could not be started 5 times in a row: no such image"


def test_a_domain_that_does_not_show_yet_is_waited_for() -> None:
    outcomes: Outcomes = {**INSPECTED, START: (ended(ago_s=0.4),)}
    assert plan(starting(), outcomes).wake_at_s == pytest.approx(NOW_S + 0.6)


def test_one_that_never_shows_was_gone_at_once() -> None:
    assert placement_after(plan(starting(), STARTED)).failure == "its domain was gone at once"


def test_a_domain_that_could_not_be_resumed_is_ended_and_that_is_the_reason() -> None:
    outcomes: Outcomes = {**STARTED, RESUME: (ended(error="no memory"),)}
    there = plan(starting(clients=("192.0.2.1:0/7",)), outcomes, DomainState.PAUSED)
    assert effects(there) == [Destroy(uuid=UUID, run_id="failed start")]
    assert placement_after(plan(starting(), outcomes)).failure == "no memory"


def test_a_resume_that_worked_is_no_reason() -> None:
    outcomes: Outcomes = {**STARTED, RESUME: (ended(),)}
    assert placement_after(plan(starting(), outcomes)).failure == "its domain was gone at once"


@pytest.mark.parametrize("crashes, pause_s", [(1, 2.0), (2, 5.0), (3, 15.0), (4, 30.0), (9, 30.0)])
def test_the_next_start_waits_longer_after_each(crashes: int, pause_s: float) -> None:
    vm = at_rest(crashes=crashes)
    assert plan(vm, placement_s={vm.uuid: 1.0}) == Plan(wake_at_s=NOW_S + pause_s - 1.0)
    assert said(plan(vm, placement_s={vm.uuid: pause_s})) == ["web1 starting on hv1"]


def test_the_claim_tells_why_it_failed_before() -> None:
    vm = at_rest(crashes=1, failure="no such image")
    assert changes(plan(vm, placement_s={vm.uuid: 9.0}))[0].why == "no such image"


# Late


LATE = {UUID: 60.0}


def test_a_vm_that_does_not_run_in_time_fails_with_the_reason() -> None:
    after = placement_after(plan(starting(), placement_s=LATE))
    assert (after.state, after.failure) == (VmState.FAILED, "it did not run within 60 s")


def test_and_with_what_went_wrong() -> None:
    held: Outcomes = {INSPECT: (ended(error="timed out"),)}
    assert placement_after(plan(starting(), held, placement_s=LATE)).failure.endswith("60 s; timed out")


def test_what_there_is_of_it_is_ended_first() -> None:
    found = plan(starting(clients=("192.0.2.1:0/7",)), STARTED, DomainState.PAUSED, placement_s=LATE)
    assert effects(found) == [Destroy(uuid=UUID, run_id="failed start")]
