"""What surrounds a fence: the blocklist, the end of recovery, power again, and admission."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.fence import BlocklistPhase, FencePhase
from pvccore.model.node import Alive, Node, Readiness, ReadinessState, WantedReadiness
from pvccore.model.settings import AfterFence, ReturnAfterFence
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvccore.plan.effects import AddBlocklist, LiftBlocklist, Plan, SendPowerOff, SendPowerOn
from pvccore.plan.returning import plan_blocklist, plan_return
from pvccore.plan.watch import Watch
from tests.plan.clusters import (
    COMMAND,
    FLUSHED,
    IPMI,
    NOW_S,
    a_cluster,
    a_node,
    a_vm,
    a_watch,
    blocklisted,
    changes,
    checked,
    effects,
    ended,
    fence_after,
    fenced,
    readiness_after,
    said,
    with_ceph,
    with_changes,
)

ADDRESS = "192.0.2.101"
ADD = AddBlocklist(node="hv1", round=1, address=ADDRESS)
ADD_AGAIN = replace(ADD, attempt=2)
LIFT = LiftBlocklist(node="hv1", round=1, address=ADDRESS)
LIFT_NEXT = replace(LIFT, attempt=2)
POWER_ON = SendPowerOn(node="hv1", round=1, agent=IPMI)
SEND = SendPowerOff(node="hv1", round=1, boot_id="hv1-boot1", agent=IPMI, attempt=1)
HELD_LONG_ENOUGH = {"hv1": 4.0}


def off_sent(**fields: Any) -> Node:
    return fenced(with_ceph(a_node("hv1")), FencePhase.OFF_SENT, **fields)


def blocklist_of(node: Node, watch: Watch) -> Plan:
    return plan_blocklist(a_cluster(node), node, watch)


def return_of(node: Node, watch: Watch, cluster: Cluster | None = None, **settings: Any) -> Plan:
    known = cluster or a_cluster(node, a_node("hv2"), **settings)
    return plan_return(known, node, watch)


# The blocklist


@pytest.mark.parametrize("phase", [FencePhase.NONE, FencePhase.REQUESTED, FencePhase.FAILED])
def test_nobody_is_blocklisted_before_a_power_off_was_sent(phase: FencePhase) -> None:
    assert blocklist_of(fenced(with_ceph(a_node("hv1")), phase), a_watch()) == Plan()


def test_where_there_is_no_ceph_nobody_is_blocklisted() -> None:
    node = fenced(a_node("hv1"), FencePhase.OFF_SENT)
    assert blocklist_of(node, a_watch()) == Plan()


@pytest.mark.parametrize(
    "phase", [FencePhase.OFF_SENT, FencePhase.POWERED_OFF, FencePhase.RECOVERING, FencePhase.RECOVERED]
)
def test_from_the_power_off_on_the_storage_address_is_blocklisted_once(phase: FencePhase) -> None:
    plan = blocklist_of(fenced(with_ceph(a_node("hv1")), phase), a_watch())
    assert effects(plan) == [ADD]
    assert fence_after(plan).blocklist == blocklisted(BlocklistPhase.SENT)


def test_an_entry_of_an_earlier_round_is_no_entry_of_this_one() -> None:
    plan = blocklist_of(off_sent(round=2, blocklist=blocklisted()), a_watch())
    assert fence_after(plan).blocklist.round == 2


def test_the_entry_is_acknowledged_when_ceph_says_so() -> None:
    plan = blocklist_of(off_sent(blocklist=blocklisted(BlocklistPhase.SENT)), a_watch({ADD: (ended(),)}))
    assert fence_after(plan).blocklist.phase is BlocklistPhase.ACKNOWLEDGED


def test_an_acknowledged_entry_needs_nothing_more() -> None:
    assert blocklist_of(off_sent(blocklist=blocklisted()), a_watch()) == Plan()


def test_a_command_under_way_is_waited_for() -> None:
    node = off_sent(blocklist=blocklisted(BlocklistPhase.SENT))
    assert blocklist_of(node, a_watch(in_flight=frozenset({ADD}))) == Plan()


def test_a_command_that_failed_is_recorded_with_its_error_and_given_again_after_a_pause() -> None:
    node = off_sent(blocklist=blocklisted(BlocklistPhase.SENT))
    early = blocklist_of(node, a_watch({ADD: (ended(error="timed out", ago_s=0.5),)}))
    late = blocklist_of(node, a_watch({ADD: (ended(error="timed out", ago_s=2.0),)}))
    assert early == Plan(wake_at_s=NOW_S + 1.5)
    assert effects(late) == [ADD_AGAIN]
    assert fence_after(late).blocklist == blocklisted(BlocklistPhase.SENT, attempts=2, error="timed out")
    assert said(late) == ["fence hv1: blocklisting again"]


def test_the_same_error_again_is_not_journalled_again() -> None:
    node = off_sent(blocklist=blocklisted(BlocklistPhase.SENT, attempts=2, error="timed out"))
    plan = blocklist_of(node, a_watch({ADD_AGAIN: (ended(error="timed out", ago_s=2.0),)}))
    assert effects(plan) == [replace(ADD, attempt=3)]
    assert said(plan) == []


def test_a_successor_gives_the_command_again_and_records_that_first() -> None:
    plan = blocklist_of(off_sent(blocklist=blocklisted(BlocklistPhase.SENT)), a_watch())
    assert effects(plan) == [ADD_AGAIN]
    assert fence_after(plan).blocklist.attempts == 2


def test_the_entry_of_a_fence_that_failed_is_still_completed() -> None:
    node = fenced(with_ceph(a_node("hv1")), FencePhase.FAILED, blocklist=blocklisted(BlocklistPhase.SENT))
    assert effects(blocklist_of(node, a_watch())) == [ADD_AGAIN]


def test_the_address_first_recorded_is_the_one_that_is_blocklisted() -> None:
    node = with_changes(off_sent(blocklist=blocklisted(BlocklistPhase.SENT)), storage_address="192.0.2.199")
    assert effects(blocklist_of(node, a_watch())) == [ADD_AGAIN]


# Recovered


def recovering(*listed: str) -> Node:
    return fenced(a_node("hv1"), FencePhase.RECOVERING, recovering=listed)


def test_a_node_is_recovered_when_all_its_vms_are_settled() -> None:
    node = recovering(a_vm().uuid)
    plan = return_of(node, a_watch(), a_cluster(node, a_node("hv2"), vms=[a_vm(on="hv2")]))
    assert said(plan) == ["fence hv1: recovered"]
    assert changes(plan)[0].why == "1 VMs settled"


def test_it_is_not_while_one_of_them_is_still_starting() -> None:
    node = recovering(a_vm().uuid)
    cluster = a_cluster(node, a_node("hv2"), vms=[a_vm(on="hv2", state=VmState.STARTING)])
    assert return_of(node, a_watch(), cluster) == Plan()


@pytest.mark.parametrize("phase", [FencePhase.NONE, FencePhase.REQUESTED, FencePhase.OFF_SENT, FencePhase.POWERED_OFF])
def test_no_earlier_phase_has_an_end(phase: FencePhase) -> None:
    assert return_of(fenced(a_node("hv1"), phase), a_watch()) == Plan()


# Power again


def recovered(node: Node | None = None, **fields: Any) -> Node:
    return fenced(node or a_node("hv1"), FencePhase.RECOVERED, **fields)


def test_a_recovered_node_gets_its_power_back_which_is_recorded_first() -> None:
    plan = return_of(recovered(), a_watch())
    assert effects(plan) == [POWER_ON]
    assert fence_after(plan).power_ons == 1
    assert checked(plan) == {Kind.MAINTENANCE}


@pytest.mark.parametrize(
    "node, settings",
    [
        (recovered(), {"after_fence": AfterFence.LEAVE_OFF}),
        (recovered(), {"maintenance": True}),
        (recovered(leave_off=True), {}),
        (recovered(a_node("hv1", fence_agents=(COMMAND,))), {}),
        (recovered(power_on_sent=True), {}),
        (replace(recovered(), alive=Alive(token="s-2")), {}),
    ],
)
def test_a_node_is_left_as_it_is_when_it_shall_be_or_has_been_seen_to(node: Node, settings: dict[str, Any]) -> None:
    assert return_of(node, a_watch(), **settings) == Plan()


def test_once_it_worked_that_is_noted_quietly() -> None:
    plan = return_of(recovered(power_ons=1), a_watch({POWER_ON: (ended(),)}))
    assert fence_after(plan).power_on_sent
    assert said(plan) == []


def test_a_power_on_that_failed_is_repeated_after_a_pause_a_few_times_at_most() -> None:
    failed = ended(error="no answer", ago_s=4.0)
    long_ago = ended(error="no answer", ago_s=10.0)
    assert return_of(recovered(power_ons=1), a_watch({POWER_ON: (failed,)})) == Plan(wake_at_s=NOW_S + 6.0)
    assert effects(return_of(recovered(power_ons=1), a_watch({POWER_ON: (long_ago,)}))) == [POWER_ON]
    assert return_of(recovered(power_ons=3), a_watch({POWER_ON: (long_ago,)})) == Plan()


def test_a_power_on_under_way_is_waited_for() -> None:
    assert return_of(recovered(power_ons=1), a_watch(in_flight=frozenset({POWER_ON}))) == Plan()


def test_a_successor_goes_on_with_a_power_on_that_it_has_not_seen_to_work() -> None:
    assert effects(return_of(recovered(power_ons=1), a_watch())) == [POWER_ON]


# Admission


def back(phase: FencePhase = FencePhase.RECOVERED, **fields: Any) -> Node:
    """The node is there again and says that it is clean."""
    node = fenced(with_ceph(a_node("hv1")), phase, **fields)
    return with_changes(replace(node, alive=Alive(token="s-2", zxid=90)), clean_round=1)


def admission(node: Node, watch: Watch, **settings: Any) -> Plan:
    return return_of(node, replace(watch, stage_s=HELD_LONG_ENOUGH), **settings)


def test_a_node_that_is_not_clean_yet_is_not_admitted() -> None:
    node = with_changes(back(), clean_round=0)
    assert return_of(node, a_watch()) == Plan()


@pytest.mark.parametrize("phase", [FencePhase.RECOVERED, FencePhase.FAILED])
def test_a_clean_node_has_its_address_lifted_first(phase: FencePhase) -> None:
    plan = admission(back(phase, blocklist=blocklisted()), a_watch())
    assert effects(plan) == [LIFT_NEXT]
    assert fence_after(plan).blocklist.attempts == 2


@pytest.mark.parametrize("phase", [FencePhase.RECOVERED, FencePhase.FAILED])
def test_a_node_that_is_being_admitted_is_not_blocklisted_again(phase: FencePhase) -> None:
    clean = back(phase, blocklist=blocklisted(BlocklistPhase.SENT))
    assert blocklist_of(clean, a_watch()) == Plan()
    assert effects(blocklist_of(replace(clean, alive=None), a_watch())) == [ADD_AGAIN]


def test_what_is_being_lifted_does_not_count_as_blocklisted_any_more() -> None:
    plan = admission(back(blocklist=blocklisted()), a_watch())
    assert fence_after(plan).blocklist.phase is BlocklistPhase.SENT


def test_a_lifting_before_the_last_command_does_not_admit() -> None:
    node = back(blocklist=blocklisted(BlocklistPhase.SENT, attempts=3))
    plan = admission(node, a_watch({LIFT_NEXT: (ended(),)}))
    assert effects(plan) == [replace(LIFT, attempt=4)]


def test_the_address_is_not_lifted_while_it_is_blocklisted() -> None:
    assert admission(back(blocklist=blocklisted()), a_watch(in_flight=frozenset({ADD}))) == Plan()


def test_the_address_is_lifted_again_after_an_error() -> None:
    node = back(blocklist=blocklisted())
    assert effects(admission(node, a_watch({LIFT: (ended(error="timed out", ago_s=3.0),)}))) == [LIFT_NEXT]
    assert admission(node, a_watch(in_flight=frozenset({LIFT}))) == Plan()


def test_then_its_fence_ends_and_it_comes_back_flushed() -> None:
    plan = admission(back(blocklist=blocklisted()), a_watch({LIFT: (ended(),)}))
    fence = fence_after(plan)
    assert (fence.phase, fence.round, fence.blocklist.phase) == (FencePhase.NONE, 1, BlocklistPhase.NONE)
    readiness = readiness_after(plan)
    assert (readiness.wanted, readiness.state) == (WantedReadiness.FLUSHED, ReadinessState.FLUSHING)
    assert readiness.reason == "returned after a fence"
    assert checked(plan) == {Kind.PRESENCE}


def test_without_an_entry_there_is_nothing_to_lift() -> None:
    assert said(admission(back(), a_watch())) == ["fence hv1: ended"]


def test_it_comes_back_ready_where_that_is_wanted() -> None:
    plan = admission(back(), a_watch(), return_after_fence=ReturnAfterFence.READY)
    readiness = readiness_after(plan)
    assert (readiness.wanted, readiness.state) == (WantedReadiness.READY, ReadinessState.READYING)


@pytest.mark.parametrize("wish", ReturnAfterFence)
def test_a_node_that_a_person_had_flushed_comes_back_flushed_as_by_that_person(wish: ReturnAfterFence) -> None:
    plan = admission(with_changes(back(), readiness=FLUSHED), a_watch(), return_after_fence=wish)
    readiness = readiness_after(plan)
    assert (readiness.state, readiness.by) == (ReadinessState.FLUSHING, "ann")


def test_a_readiness_that_stays_as_it_is_is_not_written() -> None:
    flushing = Readiness(version=1, wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHING)
    plan = admission(with_changes(back(), readiness=flushing), a_watch())
    assert [write.kind for write in changes(plan)[0].writes] == [Kind.FENCE]


def test_nobody_is_admitted_until_the_last_manager_can_not_send_anything_any_more() -> None:
    assert return_of(back(), a_watch(stage_s={"hv1": 1.5})) == Plan(wake_at_s=NOW_S + 2.5)


@pytest.mark.parametrize("effect", [SEND, ADD, POWER_ON])
def test_nor_while_something_of_ours_is_under_way(effect: SendPowerOff | AddBlocklist | SendPowerOn) -> None:
    assert admission(back(), a_watch(in_flight=frozenset({effect}))) == Plan()


def test_what_is_under_way_to_others_does_not_matter() -> None:
    other = replace(SEND, node="hv2")
    assert said(admission(back(), a_watch(in_flight=frozenset({other, LIFT})))) == ["fence hv1: ended"]


def test_the_ended_record_keeps_the_round_so_that_no_round_is_used_twice() -> None:
    node = with_changes(back(round=5), clean_round=5)
    assert fence_after(admission(node, a_watch())).round == 5
