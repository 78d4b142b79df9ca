"""What an agent does about each VM of its node."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.fence import BlocklistPhase, FencePhase
from pvccore.model.node import Presence
from pvccore.model.record import NEW, UNREADABLE
from pvccore.model.struct import replace
from pvccore.model.vm import Claim, MigrationPhase, Placement, Request, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import Destroy, Outcome, Plan, Resume, Shutdown, StartPaused
from pvccore.plan.local import plan_local
from tests.plan.clusters import (
    NOW_S,
    a_domain,
    a_local_watch,
    a_node,
    a_view,
    a_vm,
    at_rest,
    blocklisted,
    changes,
    checked,
    effects,
    ended,
    fenced,
    migrating,
    parked,
    placement_after,
    said,
)

NODE = a_node("hv1")
RUN = "hv1-daemon-1"


def local(vm: Vm, domain: DomainState | None = None, **fields: Any) -> Plan:
    """The plan of hv1's agent for one VM of its own, with such a domain."""
    domains = [a_domain(vm, domain)] if domain is not None else []
    return plan_local(a_view(NODE, vm), a_local_watch(*domains, **fields))


def destroyed(vm: Vm, run_id: str) -> list[Destroy]:
    return [Destroy(uuid=vm.uuid, run_id=run_id)]


def test_an_agent_whose_vms_are_as_they_should_be_does_nothing() -> None:
    vms = [a_vm("a"), at_rest("b", wanted=Wanted.STOPPED), parked("c"), a_vm("d", state=VmState.FAILED)]
    watch = a_local_watch(a_domain(vms[0]))
    assert plan_local(a_view(NODE, *vms), watch) == Plan()


# When it only looks


@pytest.mark.parametrize(
    "fields", [{"domains": None}, {"session_is_fresh": False}], ids=["no hypervisor", "session in doubt"]
)
def test_an_agent_in_doubt_only_looks(fields: dict[str, Any]) -> None:
    assert plan_local(a_view(NODE, at_rest()), replace(a_local_watch(), **fields)) == Plan()


def test_an_agent_without_its_token_only_looks() -> None:
    assert plan_local(replace(a_view(NODE, at_rest()), alive=""), a_local_watch()) == Plan()


def test_an_agent_waits_for_what_it_is_doing_with_a_vm() -> None:
    vm = at_rest()
    doing = frozenset({StartPaused(uuid=vm.uuid, run_id=RUN)})
    assert local(vm, in_flight=doing) == Plan()


# Starts


def test_a_vm_wanted_running_is_claimed_first() -> None:
    plan = local(at_rest())
    after = placement_after(plan)
    assert said(plan) == ["web1 starting on hv1"]
    assert after.state is VmState.STARTING
    assert after.claim is not None
    assert after.claim.boot_id == "hv1-boot1"
    assert after.claim.run_id.startswith("hv1-daemon-9-")
    assert effects(plan) == []
    assert checked(plan) == {Kind.FENCE}


def test_no_more_start_at_a_time_than_allowed() -> None:
    vms = [a_vm("a", state=VmState.STARTING), at_rest("b"), at_rest("c"), at_rest("d")]
    view = a_view(NODE, *vms, starts_per_node=3)
    watch = a_local_watch(in_flight=frozenset({StartPaused(uuid=vms[0].uuid, run_id=RUN)}))
    assert said(plan_local(view, watch)) == ["b starting on hv1", "c starting on hv1"]


@pytest.mark.parametrize("vm", [at_rest(), a_vm(state=VmState.STARTING)])
def test_a_host_that_is_being_shut_down_starts_nothing(vm: Vm) -> None:
    assert local(vm, host_is_stopping=True) == Plan()


@pytest.mark.parametrize(
    "vm",
    [
        at_rest(wanted=Wanted.STOPPED),
        at_rest(wanted=Wanted.DISABLED),
        parked(),
        a_vm(state=VmState.FAILED),
        a_vm(state=VmState.FAILED, wanted=Wanted.STOPPED),
    ],
)
def test_nothing_else_is_started(vm: Vm) -> None:
    assert local(vm) == Plan()


# Ends


def test_a_domain_that_is_gone_is_a_crash_and_is_started_again() -> None:
    plan = local(a_vm(clients=("c",)))
    after = placement_after(plan)
    assert said(plan) == ["web1 crashed"]
    assert (after.state, after.wanted, after.crashes, after.claim, after.clients) == (
        VmState.STOPPED,
        Wanted.RUNNING,
        1,
        None,
        (),
    )


def test_one_crash_too_many_is_a_failure_with_a_reason() -> None:
    after = placement_after(local(a_vm(crashes=4)))
    assert (after.state, after.crashes) == (VmState.FAILED, 5)
    assert after.failure == "its domain ended by itself 5 times in a row"


def test_a_guest_that_shut_itself_down_is_wanted_stopped() -> None:
    vm = a_vm()
    after = placement_after(local(vm, shut_down_inside=frozenset({vm.uuid})))
    assert (after.wanted, after.state) == (Wanted.STOPPED, VmState.STOPPED)


@pytest.mark.parametrize("state", [VmState.SHUTTING_DOWN, VmState.RESTARTING])
def test_but_not_one_that_we_had_asked_to(state: VmState) -> None:
    vm = a_vm(state=state)
    after = placement_after(local(vm, shut_down_inside=frozenset({vm.uuid})))
    assert (after.wanted, after.state, after.crashes) == (Wanted.RUNNING, VmState.STOPPED, 0)


def test_nor_one_on_a_host_that_is_being_shut_down() -> None:
    vm = a_vm()
    after = placement_after(local(vm, shut_down_inside=frozenset({vm.uuid}), host_is_stopping=True))
    assert (after.wanted, after.state, after.crashes) == (Wanted.RUNNING, VmState.STOPPED, 0)


@pytest.mark.parametrize("claim", [None, Claim(boot_id="hv1-boot0", run_id="old")])
def test_what_ran_before_the_node_started_anew_did_not_crash(claim: Claim | None) -> None:
    plan = local(a_vm(claim=claim))
    assert changes(plan)[0].why == "its node has started anew"
    assert placement_after(plan).crashes == 0


def test_what_was_to_be_stopped_and_is_gone_is_stopped() -> None:
    request = Request(id="r", verb=RequestVerb.STOP, by="ann")
    plan = local(a_vm(wanted=Wanted.STOPPED, state=VmState.SHUTTING_DOWN, request=request))
    after = placement_after(plan)
    assert (after.state, after.request, after.claim) == (VmState.STOPPED, None, None)
    assert changes(plan)[0].why == "stop asked by ann"


def test_what_was_to_be_parked_and_is_gone_is_parked_with_its_reason() -> None:
    plan = local(a_vm(parked_on="hv1", why="limit hv1", state=VmState.SHUTTING_DOWN))
    after = placement_after(plan)
    assert (after.state, after.parked_on, after.why) == (VmState.STOPPED, "hv1", "limit hv1")
    assert changes(plan)[0].why == "it is parked"


def test_what_nobody_wants_and_is_gone_is_stopped() -> None:
    assert changes(local(a_vm(wanted=Wanted.DISABLED)))[0].why == "it is not wanted running"


def test_a_claim_or_request_left_over_at_rest_is_cleared_quietly() -> None:
    plan = local(at_rest(wanted=Wanted.STOPPED, claim=Claim(boot_id="b", run_id="r")))
    assert placement_after(plan).claim is None
    assert said(plan) == []


def test_a_failed_vm_that_a_person_stops_is_stopped() -> None:
    request = Request(id="r", verb=RequestVerb.STOP, by="ann")
    after = placement_after(local(a_vm(state=VmState.FAILED, wanted=Wanted.STOPPED, failure="x", request=request)))
    assert (after.state, after.failure) == (VmState.STOPPED, "")


def test_a_restart_whose_domain_is_gone_is_stopped_for_a_moment_and_starts_then() -> None:
    request = Request(id="r", verb=RequestVerb.RESTART, by="ann")
    plan = local(a_vm(state=VmState.RESTARTING, request=request))
    after = placement_after(plan)
    assert (after.state, after.wanted, after.request) == (VmState.STOPPED, Wanted.RUNNING, None)
    assert changes(plan)[0].why == "restart asked by ann"


# Adoption


def test_a_domain_found_running_is_adopted_by_a_new_claim() -> None:
    vm = at_rest(failure="x")
    plan = local(vm, DomainState.RUNNING)
    after = placement_after(plan)
    assert (after.state, after.failure, after.claim) == (
        VmState.RUNNING,
        "",
        Claim(boot_id="hv1-boot1", run_id="hv1-daemon-9"),
    )
    assert said(plan) == ["web1 running"]
    assert checked(plan) == {Kind.FENCE}


def test_a_claim_of_this_boot_is_kept() -> None:
    vm = a_vm(state=VmState.MIGRATING)
    assert placement_after(local(vm, DomainState.RUNNING)).claim == vm.placement.claim


def test_a_paused_domain_is_recorded_as_paused() -> None:
    assert placement_after(local(a_vm(), DomainState.PAUSED)).state is VmState.PAUSED
    assert placement_after(local(a_vm(state=VmState.PAUSED), DomainState.RUNNING)).state is VmState.RUNNING


def test_a_paused_domain_of_a_vm_at_rest_was_never_resumed_and_is_ended() -> None:
    vm = at_rest()
    assert effects(local(vm, DomainState.PAUSED)) == destroyed(vm, "never resumed")


def test_crashes_are_forgotten_after_running_well_for_long() -> None:
    vm = a_vm(crashes=2)
    assert local(vm, DomainState.RUNNING, placement_s={vm.uuid: 500.0}) == Plan(wake_at_s=NOW_S + 100.0)
    plan = local(vm, DomainState.RUNNING, placement_s={vm.uuid: 600.0})
    assert placement_after(plan).crashes == 0
    assert said(plan) == []


# What a person asks


@pytest.mark.parametrize(
    "verb, state",
    [
        (RequestVerb.SHUTDOWN, VmState.SHUTTING_DOWN),
        (RequestVerb.STOP, VmState.SHUTTING_DOWN),
        (RequestVerb.RESTART, VmState.RESTARTING),
    ],
)
def test_a_request_is_written_down_before_it_is_carried_out(verb: RequestVerb, state: VmState) -> None:
    plan = local(a_vm(request=Request(id="r", verb=verb, by="ann")), DomainState.RUNNING)
    assert placement_after(plan).state is state
    assert effects(plan) == []


def asked(verb: RequestVerb, state: VmState = VmState.SHUTTING_DOWN) -> Vm:
    return a_vm(state=state, request=Request(id="r", verb=verb, by="ann", limit_s=30.0))


def test_a_stop_ends_the_domain_at_once_and_again_until_it_is_gone() -> None:
    vm = asked(RequestVerb.STOP)
    (end,) = destroyed(vm, "r")
    assert effects(local(vm, DomainState.RUNNING)) == [end]
    assert local(vm, DomainState.RUNNING, outcomes={end: (ended(ago_s=0.5),)}) == Plan(wake_at_s=NOW_S + 1.5)
    assert effects(local(vm, DomainState.RUNNING, outcomes={end: (ended(ago_s=2.0),)})) == [end]


@pytest.mark.parametrize(
    "vm", [asked(RequestVerb.SHUTDOWN), asked(RequestVerb.RESTART, VmState.RESTARTING)], ids=["shutdown", "restart"]
)
def test_a_shutdown_presses_the_button_waits_and_then_ends_the_domain(vm: Vm) -> None:
    press = Shutdown(uuid=vm.uuid, run_id="r")
    assert effects(local(vm, DomainState.RUNNING)) == [press]
    assert shut_down(vm, press, ended(ago_s=10.0)) == Plan(wake_at_s=NOW_S + 20.0)
    assert effects(shut_down(vm, press, ended(ago_s=30.0))) == destroyed(vm, "r")


def shut_down(vm: Vm, press: Shutdown, outcome: Outcome) -> Plan:
    return local(vm, DomainState.RUNNING, outcomes={press: (outcome,)})


def test_a_button_that_can_not_be_pressed_is_not_waited_for() -> None:
    vm = asked(RequestVerb.SHUTDOWN)
    plan = shut_down(vm, Shutdown(uuid=vm.uuid, run_id="r"), ended(error="no ACPI"))
    assert effects(plan) == destroyed(vm, "r")


def test_a_paused_guest_hears_no_button() -> None:
    vm = asked(RequestVerb.SHUTDOWN)
    assert effects(local(vm, DomainState.PAUSED)) == destroyed(vm, "r")


# Brought down


@pytest.mark.parametrize(
    "vm, why",
    [
        (a_vm(parked_on="hv1", why="limit hv1"), "no node can take it: limit hv1"),
        (a_vm(wanted=Wanted.DISABLED), "it is not wanted running"),
    ],
)
def test_what_is_parked_or_unwanted_is_shut_down_kindly(vm: Vm, why: str) -> None:
    plan = local(vm, DomainState.RUNNING)
    assert placement_after(plan).state is VmState.SHUTTING_DOWN
    assert changes(plan)[0].why == why
    going = replace(vm, placement=placement_after(plan))
    assert effects(local(going, DomainState.RUNNING)) == [Shutdown(uuid=vm.uuid, run_id=RUN)]


def test_without_a_claim_too() -> None:
    vm = a_vm(wanted=Wanted.STOPPED, state=VmState.SHUTTING_DOWN, claim=None)
    assert effects(local(vm, DomainState.RUNNING)) == [Shutdown(uuid=vm.uuid, run_id="unwanted")]


@pytest.mark.parametrize("state", [VmState.SHUTTING_DOWN, VmState.RESTARTING])
def test_a_shutdown_once_begun_goes_to_its_end_whatever_is_wanted_then(state: VmState) -> None:
    vm = a_vm(state=state)
    assert effects(local(vm, DomainState.RUNNING)) == [Shutdown(uuid=vm.uuid, run_id=RUN)]


@pytest.mark.parametrize("vm", [a_vm(), a_vm(state=VmState.STARTING), a_vm(wanted=Wanted.STOPPED)])
def test_a_host_that_is_being_shut_down_shuts_its_guests_down_first(vm: Vm) -> None:
    plan = local(vm, DomainState.RUNNING, host_is_stopping=True)
    assert effects(plan) == [Shutdown(uuid=vm.uuid, run_id="host-stop")]
    assert changes(plan) == []


# Copies that must not be


def foreign(vm: Vm, domain: Domain | None, **fields: Any) -> Plan:
    watch = a_local_watch(*([domain] if domain else []), **fields)
    return plan_local(a_view(NODE, elsewhere=[vm]), watch)


def test_a_copy_of_a_vm_that_is_placed_elsewhere_is_ended() -> None:
    vm = a_vm(on="hv2")
    assert effects(foreign(vm, a_domain(vm))) == destroyed(vm, "superseded")
    assert foreign(vm, None) == Plan()


def test_one_that_is_still_being_received_may_be_newer_than_what_was_read() -> None:
    vm = a_vm(on="hv2")
    assert foreign(vm, a_domain(vm, DomainState.PAUSED, arriving=True)) == Plan()


def test_a_domain_that_the_cluster_does_not_know_is_never_touched() -> None:
    stranger = Domain(uuid="stranger", state=DomainState.RUNNING)
    assert plan_local(a_view(NODE), a_local_watch(stranger)) == Plan()


def test_the_source_of_a_migration_that_has_arrived_keeps_no_copy() -> None:
    vm = a_vm(on="hv2", migration=migrating("hv1", "hv2", phase=MigrationPhase.ARRIVED))
    assert effects(foreign(vm, a_domain(vm))) == destroyed(vm, "superseded")


@pytest.mark.parametrize("version", [NEW, UNREADABLE])
def test_a_vm_whose_placement_is_missing_or_can_not_be_read_is_never_touched(version: int) -> None:
    vm = replace(a_vm(), placement=Placement(version=version))
    assert local(vm, DomainState.RUNNING) == Plan()
    assert foreign(vm, a_domain(vm)) == Plan()
    assert plan_local(a_view(fenced(NODE, FencePhase.FAILED), elsewhere=[vm]), a_local_watch(a_domain(vm))) == Plan()


# The gate

GATED = fenced(NODE, FencePhase.OFF_SENT, blocklist=blocklisted(BlocklistPhase.SENT))


def gated(node: Any = GATED, *domains: Domain, vms: tuple[Vm, ...] = (), **fields: Any) -> Plan:
    return plan_local(a_view(node, *vms), a_local_watch(*domains, **fields))


def presence_after(plan: Plan) -> Presence:
    (presence,) = [write.after for change in changes(plan) for write in change.writes]
    assert isinstance(presence, Presence)
    return presence


@pytest.mark.parametrize("phase", [FencePhase.REQUESTED, FencePhase.OFF_SENT, FencePhase.FAILED])
def test_a_fenced_node_starts_and_adopts_nothing(phase: FencePhase) -> None:
    assert gated(fenced(NODE, phase), a_domain(a_vm("b")), vms=(at_rest("a"), at_rest("b"))) == Plan()


@pytest.mark.parametrize(
    "node",
    [
        GATED,
        fenced(NODE, FencePhase.FAILED, blocklist=blocklisted()),
        fenced(NODE, FencePhase.POWERED_OFF),
        fenced(NODE, FencePhase.RECOVERING),
        fenced(NODE, FencePhase.RECOVERED),
    ],
)
def test_a_node_that_is_locked_out_or_counts_as_off_ends_all_it_has_and_says_so(node: Any) -> None:
    vm, other = a_vm("a"), a_vm("b", "hv2")
    view = a_view(node, vm, elsewhere=[other])
    stranger = Domain(uuid="stranger", state=DomainState.RUNNING)
    plan = plan_local(view, a_local_watch(a_domain(vm), a_domain(other), stranger))
    assert effects(plan) == [Destroy(uuid=one.uuid, run_id="round 1") for one in (vm, other)]
    cleaned = plan_local(view, a_local_watch(stranger))
    assert said(cleaned) == ["hv1 is clean"]
    assert presence_after(cleaned).clean_round == 1
    assert checked(cleaned) == {Kind.FENCE}


def test_an_entry_of_an_earlier_round_locks_nobody_out() -> None:
    node = fenced(NODE, FencePhase.REQUESTED, round=2, blocklist=blocklisted())
    assert gated(node) == Plan()


def test_it_says_so_once() -> None:
    node = replace(GATED, presence=replace(GATED.presence, clean_round=1))
    assert gated(node) == Plan()


def test_it_is_not_clean_while_something_is_still_being_started() -> None:
    start = StartPaused(uuid=a_vm().uuid, run_id=RUN)
    assert gated(in_flight=frozenset({start}), vms=(a_vm(),)) == Plan()


def test_what_is_being_ended_is_not_ended_twice() -> None:
    vm = a_vm()
    (end,) = destroyed(vm, "round 1")
    assert gated(GATED, a_domain(vm), vms=(vm,), in_flight=frozenset({end})) == Plan()


def test_at_every_gate_copies_of_vms_placed_elsewhere_are_ended() -> None:
    node, vm = fenced(NODE, FencePhase.FAILED), a_vm(on="hv2")
    coming = a_vm("b", "hv2", migration=migrating("hv2", "hv1"))
    view = a_view(node, elsewhere=[vm, coming])
    watch = a_local_watch(a_domain(vm), a_domain(coming))
    assert effects(plan_local(view, watch)) == destroyed(vm, "superseded")
    under_way = replace(watch, in_flight=frozenset(destroyed(vm, "superseded")))
    assert plan_local(view, under_way) == Plan()


def test_a_plan_of_many_wakes_at_the_first() -> None:
    vms = [at_rest("a", crashes=2), at_rest("b", crashes=1)]
    plan = plan_local(a_view(NODE, *vms), a_local_watch())
    assert plan == Plan(wake_at_s=NOW_S + 2.0)


def test_what_an_agent_remembers_of_an_effect_is_its_newest_outcome() -> None:
    resume = Resume(uuid="u", run_id="r")
    watch: LocalWatch = a_local_watch(outcomes={resume: (ended(error="x"), ended("y"))})
    assert watch.last_outcome(resume) == ended("y")
    assert watch.last_outcome(replace(resume, run_id="other")) is None


def test_another_daemons_run_is_not_its_own_though_its_name_begins_alike() -> None:
    watch = a_local_watch()
    assert watch.is_own_run("hv1-daemon-1")
    assert not watch.is_own_run("hv1-daemon2-1")


def test_a_placement_names_the_nodes_that_must_look_at_it() -> None:
    assert Placement(node="hv1", migration=migrating("hv1", "hv2")).assigned_to == {"hv1", "hv2"}
