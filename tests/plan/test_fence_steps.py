"""The steps of a fence, from requested to proven off."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.fence import BlocklistPhase, FenceAgent, FenceCause, FencePhase
from pvccore.model.node import Alive, Node, NodeConfig
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvccore.plan.effects import MarkOsdsDown, Outcome, Plan, Power, ReadPower, SendPowerOff
from pvccore.plan.fence_record import NEW_BOOT
from pvccore.plan.fence_steps import held, plan_steps
from pvccore.plan.watch import Watch
from tests.plan.clusters import (
    COMMAND,
    IPMI,
    NOW_S,
    STORAGE,
    WATCHDOG,
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
    proof_of,
    said,
    started_anew,
    with_ceph,
    with_changes,
)

OTHER = a_node("hv2")
BACK = Alive(token="s-2", zxid=90)
OFF_TWICE = (ended(Power.OFF, ago_s=0.6), ended(Power.OFF))


def steps_of(node: Node, watch: Watch, *, maintenance: bool = False, **settings: Any) -> Plan:
    vms = [a_vm("web1"), a_vm("web2", "hv2")]
    return plan_steps(a_cluster(node, OTHER, vms=vms, maintenance=maintenance, **settings), node, watch)


def reading(node: Node, agent: FenceAgent = IPMI) -> ReadPower:
    fence = node.fence
    return ReadPower(
        node=node.name, round=1, boot_id=fence.boot_id, agent=agent, attempt=fence.attempts, retry=fence.retries
    )


def sending(attempt: int, agent: FenceAgent = IPMI) -> SendPowerOff:
    return SendPowerOff(node="hv1", round=1, boot_id="hv1-boot1", agent=agent, attempt=attempt)


def read(node: Node, *readings: Outcome, **fields: Any) -> Watch:
    return a_watch({reading(node): readings}, **fields)


def requested(*agents: FenceAgent, **fields: Any) -> Node:
    return fenced(a_node("hv1", fence_agents=agents or (IPMI,)), FencePhase.REQUESTED, **fields)


def off_sent(*agents: FenceAgent, **fields: Any) -> Node:
    sent: dict[str, Any] = {"attempts": 1, "sends": 1, **fields}
    return fenced(a_node("hv1", fence_agents=agents or (IPMI,)), FencePhase.OFF_SENT, **sent)


def alive(node: Node, **changes: Any) -> Node:
    return with_changes(replace(node, alive=BACK), **changes)


def test_a_node_without_a_fence_has_no_next_step() -> None:
    assert steps_of(a_node("hv1"), a_watch()) == Plan()


def test_a_recovered_node_has_no_next_step_here() -> None:
    assert steps_of(fenced(a_node("hv1"), FencePhase.RECOVERED), a_watch()) == Plan()


# Requested


def test_ipmi_reads_the_power_first() -> None:
    node = requested()
    assert effects(steps_of(node, a_watch())) == [reading(node)]


def test_while_a_reading_is_under_way_no_other_is_begun() -> None:
    node = requested()
    assert steps_of(node, a_watch(in_flight=frozenset({reading(node)}))) == Plan()


def test_a_first_reading_of_off_is_followed_by_a_second_after_a_pause() -> None:
    node = requested()
    assert steps_of(node, read(node, ended(Power.OFF))).wake_at_s == pytest.approx(NOW_S + 0.4)


def test_off_twice_needs_no_power_off() -> None:
    node = requested()
    plan = steps_of(node, read(node, *OFF_TWICE))
    assert fence_after(plan).phase is FencePhase.POWERED_OFF
    assert effects(plan) == []


def test_the_proof_stands_only_if_nobody_started_there_nor_reported_meanwhile() -> None:
    node = requested()
    assert checked(steps_of(node, read(node, *OFF_TWICE))) == {Kind.PRESENCE, Kind.REPORT}


def test_a_node_that_never_reported_can_be_proven_off_too() -> None:
    node = with_changes(requested(), report=replace(a_node().report, version=-1))
    assert checked(steps_of(node, read(node, *OFF_TWICE))) == {Kind.PRESENCE}


def test_the_evidence_names_round_boot_agent_and_the_last_sign_of_life() -> None:
    node = requested()
    proof = fence_after(steps_of(node, read(node, *OFF_TWICE))).proof
    assert proof is not None
    assert (proof.round, proof.boot_id, proof.agent, proof.seen_zxid) == (1, "hv1-boot1", "ipmi", 20)


def test_two_readings_of_off_far_apart_prove_nothing() -> None:
    node = requested()
    plan = steps_of(node, read(node, ended(Power.OFF, ago_s=60.0), ended(Power.OFF, ago_s=1.0)))
    assert effects(plan) == [reading(node)]


def test_a_sign_of_life_since_the_first_reading_makes_it_worthless() -> None:
    node = requested()
    plan = steps_of(node, read(node, *OFF_TWICE, sign_s={"hv1": 0.3}))
    assert said(plan) == []


def test_an_older_sign_of_life_does_not() -> None:
    node = requested()
    plan = steps_of(node, read(node, *OFF_TWICE, sign_s={"hv1": 4.0}))
    assert fence_after(plan).phase is FencePhase.POWERED_OFF


def test_a_node_that_is_on_is_sent_a_power_off_after_that_is_written_down() -> None:
    node = requested()
    plan = steps_of(node, read(node, ended(Power.ON)))
    fence = fence_after(plan)
    assert (fence.phase, fence.attempts, fence.sends) == (FencePhase.OFF_SENT, 1, 1)
    assert effects(plan) == [sending(1)]
    assert checked(plan) == {Kind.MAINTENANCE, Kind.PRESENCE}


@pytest.mark.parametrize("cause", FenceCause)
def test_whoever_starts_there_meanwhile_is_not_hit_whatever_the_cause(cause: FenceCause) -> None:
    node = requested(cause=cause)
    assert Kind.PRESENCE in checked(steps_of(node, read(node, ended(Power.ON))))


def test_could_not_confirm_is_never_off() -> None:
    node = requested(IPMI, COMMAND)
    plan = steps_of(node, read(node, ended(error="no answer from the BMC")))
    fence = fence_after(plan)
    assert (fence.phase, fence.agent_index) == (FencePhase.REQUESTED, 1)
    assert fence.error == "ipmi: no answer from the BMC"


def test_a_power_that_is_unknown_is_not_off_either() -> None:
    node = requested()
    assert fence_after(steps_of(node, read(node, ended(Power.UNKNOWN)))).error == "ipmi: power unknown"


def test_after_the_last_agent_the_fence_has_failed() -> None:
    node = requested()
    plan = steps_of(node, read(node, ended(error="no answer")))
    assert said(plan) == ["fence hv1: failed"]
    assert fence_after(plan).phase is FencePhase.FAILED


@pytest.mark.parametrize("phase", [FencePhase.REQUESTED, FencePhase.OFF_SENT])
def test_a_node_without_fence_agents_can_only_fail(phase: FencePhase) -> None:
    node = fenced(a_node("hv1", fence_agents=()), phase)
    assert fence_after(steps_of(node, a_watch())).error == "it has no fence agent left to try"


def test_a_command_is_given_at_once() -> None:
    plan = steps_of(requested(COMMAND), a_watch())
    assert effects(plan) == [sending(1, COMMAND)]


# Back before anything was sent


def test_a_node_that_is_back_before_the_power_off_is_left_alone() -> None:
    plan = steps_of(alive(requested()), a_watch())
    assert said(plan) == ["fence hv1: withdrawn"]
    assert fence_after(plan).phase is FencePhase.NONE
    assert checked(plan) == {Kind.PRESENCE}


def test_a_node_that_started_anew_before_the_power_off_starts_its_own_vms() -> None:
    assert said(steps_of(started_anew(requested()), a_watch())) == ["fence hv1: withdrawn"]


@pytest.mark.parametrize("touched", [{"attempts": 1}, {"blocklist": blocklisted()}])
def test_a_node_that_was_touched_is_not_left_alone_though_it_is_back(touched: dict[str, Any]) -> None:
    node = alive(requested(**touched))
    assert effects(steps_of(node, a_watch())) == [reading(node)]


def test_a_sick_node_that_is_well_again_is_left_alone() -> None:
    plan = steps_of(alive(requested(cause=FenceCause.UNHEALTHY)), a_watch())
    assert said(plan) == ["fence hv1: withdrawn"]


def test_a_sick_node_that_is_still_sick_is_fenced_though_it_is_there() -> None:
    node = alive(requested(cause=FenceCause.UNHEALTHY), storage_error="no answer")
    assert effects(steps_of(node, a_watch())) == [reading(node)]


def test_a_sick_node_that_started_anew_is_proven_off_by_that() -> None:
    plan = steps_of(started_anew(requested(cause=FenceCause.UNHEALTHY)), a_watch())
    proof = fence_after(plan).proof
    assert proof is not None
    assert proof.agent == NEW_BOOT


def test_a_person_has_a_living_node_fenced() -> None:
    node = alive(requested(cause=FenceCause.PERSON))
    assert effects(steps_of(node, a_watch())) == [reading(node)]


# What holds a power-off


def test_maintenance_holds_a_fence_that_has_sent_nothing() -> None:
    node = requested()
    assert steps_of(node, read(node, ended(Power.ON)), maintenance=True) == Plan()


@pytest.mark.parametrize("watch", [a_watch(storm="a storm"), a_watch(cold=True)])
@pytest.mark.parametrize("agent", [IPMI, COMMAND, STORAGE])
def test_a_storm_and_a_cold_start_hold_what_absence_alone_decided(watch: Watch, agent: FenceAgent) -> None:
    node = with_ceph(requested(agent))
    watch = replace(watch, outcomes={reading(node, agent): (ended(Power.ON),)})
    assert said(steps_of(node, watch, storage_fence_is_enough=True)) == []


def test_a_held_fence_goes_on_reading() -> None:
    node = requested()
    plan = steps_of(node, read(node, ended(Power.ON, ago_s=1.0), storm="a storm"))
    assert effects(plan) == [reading(node)]


@pytest.mark.parametrize("cause", [FenceCause.PERSON, FenceCause.UNHEALTHY])
def test_neither_holds_a_persons_word_nor_a_sick_nodes_own(cause: FenceCause) -> None:
    node = alive(requested(cause=cause), hypervisor_error="hangs")
    watch = read(node, ended(Power.ON), storm="a storm", cold=True)
    assert effects(steps_of(node, watch)) == [sending(1)]


def test_a_storm_does_not_stop_what_was_sent_but_a_cold_start_does() -> None:
    node = off_sent()
    cluster = a_cluster(node)
    assert held(cluster, node, a_watch(storm="a storm")) is None
    assert held(cluster, node, a_watch(cold=True)) is not None


# Off sent


def test_after_a_power_off_the_power_is_read() -> None:
    node = off_sent()
    plan = steps_of(node, a_watch(stage_s={"hv1": 1.0}))
    assert effects(plan) == [reading(node)]
    assert plan.wake_at_s == NOW_S + 5.0


def test_the_power_is_not_read_while_the_power_off_is_under_way() -> None:
    assert steps_of(off_sent(), a_watch(in_flight=frozenset({sending(1)}))) == Plan()


def test_two_readings_of_off_are_proof() -> None:
    node = off_sent()
    assert fence_after(steps_of(node, read(node, *OFF_TWICE))).phase is FencePhase.POWERED_OFF


def test_readings_made_before_the_power_off_are_no_proof() -> None:
    node = off_sent()
    assert said(steps_of(node, a_watch({reading(requested()): OFF_TWICE}))) == []


@pytest.mark.parametrize("readings", [(ended(Power.ON, ago_s=1.0),), ()])
def test_a_power_off_that_does_not_show_is_sent_again(readings: tuple[Outcome, ...]) -> None:
    node = off_sent()
    plan = steps_of(node, read(node, *readings, stage_s={"hv1": 6.0}))
    assert effects(plan) == [sending(2)]
    assert fence_after(plan).sends == 2


def test_but_not_while_off_is_what_shows() -> None:
    node = off_sent()
    plan = steps_of(node, read(node, ended(Power.OFF, ago_s=1.0), stage_s={"hv1": 6.0}))
    assert effects(plan) == [reading(node)]


def test_after_two_power_offs_the_next_agent_is_tried() -> None:
    node = off_sent(IPMI, COMMAND, sends=2)
    fence = fence_after(steps_of(node, read(node, ended(Power.ON, ago_s=1.0), stage_s={"hv1": 6.0})))
    assert (fence.phase, fence.agent_index, fence.sends) == (FencePhase.REQUESTED, 1, 0)


def test_in_maintenance_nothing_more_is_sent_but_the_power_is_still_read() -> None:
    node = off_sent()
    plan = steps_of(node, read(node, ended(Power.ON, ago_s=1.0), stage_s={"hv1": 60.0}), maintenance=True)
    assert effects(plan) == [reading(node)]
    assert said(plan) == []


def test_a_recovery_goes_on_in_maintenance_when_the_node_reads_off() -> None:
    node = off_sent()
    assert fence_after(steps_of(node, read(node, *OFF_TWICE), maintenance=True)).phase is FencePhase.POWERED_OFF


def test_a_node_that_started_anew_is_proven_off_by_that() -> None:
    fence = fence_after(steps_of(started_anew(off_sent()), a_watch()))
    assert fence.phase is FencePhase.POWERED_OFF


def test_it_is_proven_off_even_if_the_new_boot_has_gone_again() -> None:
    node = replace(started_anew(off_sent()), alive=None)
    assert fence_after(steps_of(node, a_watch())).phase is FencePhase.POWERED_OFF


def test_the_same_boot_coming_back_after_the_power_off_changes_nothing() -> None:
    node = alive(off_sent())
    assert effects(steps_of(node, a_watch())) == [reading(node)]


# A command


def command_sent(outcome: Outcome | None, **fields: Any) -> Watch:
    return a_watch({sending(1, COMMAND): (outcome,)} if outcome is not None else {}, **fields)


def test_a_command_that_says_off_is_proof() -> None:
    fence = fence_after(steps_of(off_sent(COMMAND), command_sent(ended(Power.OFF))))
    assert fence.phase is FencePhase.POWERED_OFF


def test_a_command_that_failed_is_given_again_then_given_up() -> None:
    failed = command_sent(ended(error="exit 1"))
    assert effects(steps_of(off_sent(COMMAND), failed)) == [sending(2, COMMAND)]
    assert fence_after(steps_of(off_sent(COMMAND, sends=2), failed)).phase is FencePhase.FAILED


def test_a_command_under_way_is_waited_for() -> None:
    sent = frozenset({sending(1, COMMAND)})
    early = steps_of(off_sent(COMMAND), command_sent(None, in_flight=sent, stage_s={"hv1": 1.0}))
    late = steps_of(off_sent(COMMAND), command_sent(None, in_flight=sent, stage_s={"hv1": 9.0}))
    assert early == Plan(wake_at_s=NOW_S + 5.0)
    assert late == Plan()


def test_a_command_of_a_manager_that_died_is_given_again_after_a_while() -> None:
    assert said(steps_of(off_sent(COMMAND), command_sent(None, stage_s={"hv1": 1.0}))) == []
    assert effects(steps_of(off_sent(COMMAND), command_sent(None, stage_s={"hv1": 6.0}))) == [sending(2, COMMAND)]


def test_a_command_is_not_given_again_in_maintenance() -> None:
    assert steps_of(off_sent(COMMAND), command_sent(ended(error="exit 1")), maintenance=True) == Plan()


# A watchdog

ARMED = with_changes(a_node("hv1", fence_agents=(WATCHDOG, COMMAND)), watchdog_armed=True, self_fence_bound_s=15.0)


def by_watchdog(node: Node = ARMED, **fields: Any) -> Plan:
    return steps_of(fenced(node, FencePhase.REQUESTED), a_watch(**fields))


def test_an_armed_watchdog_is_waited_for_as_long_as_it_may_need() -> None:
    assert by_watchdog(absent_s={"hv1": 8.0}) == Plan(wake_at_s=NOW_S + 3.0)


def test_after_its_bound_the_node_is_off_by_its_own_watchdog() -> None:
    fence = fence_after(by_watchdog(absent_s={"hv1": 11.0}))
    assert fence.phase is FencePhase.POWERED_OFF
    assert fence.proof is not None
    assert fence.proof.agent == "watchdog"


@pytest.mark.parametrize(
    "node, absent_s, error",
    [
        (with_changes(ARMED, watchdog_armed=False), {"hv1": 99.0}, "watchdog: was not armed in this boot"),
        (with_changes(ARMED, self_fence_bound_s=0.0), {"hv1": 99.0}, "watchdog: was not armed in this boot"),
        (ARMED, {}, "watchdog: the node is not absent"),
    ],
)
def test_a_watchdog_that_can_not_have_fired_is_no_proof(node: Node, absent_s: dict[str, float], error: str) -> None:
    fence = fence_after(by_watchdog(node, absent_s=absent_s))
    assert (fence.phase, fence.agent_index, fence.error) == (FencePhase.REQUESTED, 1, error)


# Storage


def test_storage_fencing_is_used_only_where_it_is_allowed() -> None:
    node = with_ceph(requested(STORAGE))
    assert fence_after(steps_of(node, a_watch())).phase is FencePhase.FAILED
    assert fence_after(steps_of(requested(STORAGE), a_watch(), storage_fence_is_enough=True)).phase is FencePhase.FAILED
    allowed = steps_of(node, a_watch(), storage_fence_is_enough=True)
    assert fence_after(allowed).phase is FencePhase.OFF_SENT
    assert checked(allowed) == {Kind.MAINTENANCE, Kind.PRESENCE}


def test_storage_fencing_is_proof_once_it_is_acknowledged() -> None:
    sent = with_ceph(off_sent(STORAGE, blocklist=blocklisted(BlocklistPhase.SENT)))
    done = with_ceph(off_sent(STORAGE, blocklist=blocklisted()))
    assert steps_of(sent, a_watch()) == Plan()
    assert fence_after(steps_of(done, a_watch())).phase is FencePhase.POWERED_OFF


# Powered off


def powered_off(node: Node | None = None, **fields: Any) -> Node:
    return fenced(node or a_node("hv1"), FencePhase.POWERED_OFF, **fields)


def test_a_node_proven_off_is_recovered() -> None:
    fence = fence_after(steps_of(powered_off(), a_watch()))
    assert fence.phase is FencePhase.RECOVERING
    assert fence.recovering == (a_vm("web1").uuid,)


def test_where_there_is_ceph_only_after_the_blocklist_is_acknowledged() -> None:
    node = with_ceph(a_node("hv1"))
    assert steps_of(powered_off(node), a_watch()) == Plan()
    assert steps_of(powered_off(node, blocklist=blocklisted(BlocklistPhase.SENT)), a_watch()) == Plan()
    plan = steps_of(powered_off(node, blocklist=blocklisted()), a_watch())
    assert fence_after(plan).phase is FencePhase.RECOVERING
    assert effects(plan) == [MarkOsdsDown(node="hv1", round=1)]


def test_a_node_whose_configuration_can_not_be_read_may_have_ceph() -> None:
    node = with_changes(powered_off(), config=NodeConfig(version=UNREADABLE))
    assert steps_of(node, a_watch()) == Plan()


def test_an_entry_of_an_earlier_round_does_not_count() -> None:
    node = powered_off(with_ceph(a_node("hv1")), blocklist=blocklisted(round=0))
    assert steps_of(node, a_watch()) == Plan()


def test_the_address_first_recorded_counts_whatever_the_node_registers_later() -> None:
    node = with_changes(powered_off(with_ceph(a_node("hv1")), blocklist=blocklisted()), storage_address="")
    assert fence_after(steps_of(node, a_watch())).phase is FencePhase.RECOVERING


@pytest.mark.parametrize("agent", ["ceph-blocklist", NEW_BOOT])
def test_osds_that_may_be_up_are_not_marked_down(agent: str) -> None:
    node = with_ceph(a_node("hv1"))
    node = powered_off(node, blocklist=blocklisted(), evidence=(proof_of(node, agent=agent),))
    assert effects(steps_of(node, a_watch())) == []


def test_without_evidence_of_this_round_nothing_is_marked_down() -> None:
    node = with_ceph(a_node("hv1"))
    node = powered_off(node, blocklist=blocklisted(), evidence=(proof_of(node, round=0),))
    assert effects(steps_of(node, a_watch())) == []


def test_vms_of_a_recovery_that_was_broken_off_are_not_forgotten() -> None:
    fence = fence_after(steps_of(powered_off(recovering=(a_vm("old").uuid,)), a_watch()))
    assert fence.recovering == tuple(sorted((a_vm("old").uuid, a_vm("web1").uuid)))


@pytest.mark.parametrize("phase", [FencePhase.POWERED_OFF, FencePhase.RECOVERING])
@pytest.mark.parametrize(
    "living",
    [
        alive(fenced(a_node("hv1"), FencePhase.POWERED_OFF)),
        with_changes(powered_off(), report=replace(a_node("hv1").report, zxid=21)),
    ],
)
def test_a_sign_of_life_after_the_proof_is_a_veto(phase: FencePhase, living: Node) -> None:
    node = replace(living, fence=replace(living.fence, phase=phase))
    fence = fence_after(steps_of(node, a_watch()))
    assert fence.phase is FencePhase.FAILED
    assert fence.evidence == ()
    assert fence.error == "hv1 showed life after ipmi said off"


def test_storage_fencing_is_not_vetoed_by_a_node_that_lives_on() -> None:
    node = fenced(a_node("hv1"), FencePhase.RECOVERING, evidence=(proof_of(a_node(), agent="ceph-blocklist"),))
    assert steps_of(alive(node), a_watch()) == Plan()


def test_another_boot_is_no_veto() -> None:
    assert steps_of(started_anew(fenced(a_node("hv1"), FencePhase.RECOVERING)), a_watch()) == Plan()


# Failed


def failed(**fields: Any) -> Node:
    return fenced(a_node("hv1"), FencePhase.FAILED, error="no answer", **fields)


@pytest.mark.parametrize("retries, pause_s", [(0, 5.0), (1, 10.0), (4, 60.0), (99, 60.0)])
def test_a_failed_fence_is_tried_again_after_longer_and_longer_pauses(retries: int, pause_s: float) -> None:
    node = failed(retries=retries)
    assert steps_of(node, a_watch(stage_s={"hv1": pause_s - 1.0})) == Plan(wake_at_s=NOW_S + 1.0)
    plan = steps_of(node, a_watch(stage_s={"hv1": pause_s}))
    fence = fence_after(plan)
    assert (fence.phase, fence.agent_index, fence.retries) == (FencePhase.REQUESTED, 0, retries + 1)
    assert checked(plan) == {Kind.MAINTENANCE}


def test_a_failed_fence_waits_in_maintenance() -> None:
    assert steps_of(failed(), a_watch(stage_s={"hv1": 99.0}), maintenance=True) == Plan()


def test_a_failed_fence_is_withdrawn_once_the_node_has_been_back_for_a_while() -> None:
    node = alive(failed())
    assert steps_of(node, a_watch(alive_s={"hv1": 20.0}, stage_s={"hv1": 20.0})) == Plan(wake_at_s=NOW_S + 10.0)
    plan = steps_of(node, a_watch(alive_s={"hv1": 30.0}, stage_s={"hv1": 30.0}))
    assert said(plan) == ["fence hv1: withdrawn"]


def test_it_is_not_withdrawn_while_a_power_off_may_be_on_its_way() -> None:
    node = alive(failed(attempts=2))
    just_failed = a_watch(alive_s={"hv1": 99.0}, stage_s={"hv1": 1.0})
    in_flight = a_watch(alive_s={"hv1": 99.0}, stage_s={"hv1": 4.0}, in_flight=frozenset({sending(2)}))
    assert steps_of(node, just_failed) == Plan(wake_at_s=NOW_S + 3.0)
    assert "fence hv1: withdrawn" not in said(steps_of(node, in_flight))


def test_a_node_locked_out_of_its_storage_is_never_just_let_go_on() -> None:
    node = alive(failed(blocklist=blocklisted()))
    assert said(steps_of(node, a_watch(alive_s={"hv1": 99.0}, stage_s={"hv1": 99.0}))) == ["fence hv1: tried again"]


def test_nothing_is_tried_on_a_node_that_says_it_is_clean() -> None:
    node = alive(failed(blocklist=blocklisted()), clean_round=1)
    assert steps_of(node, a_watch(alive_s={"hv1": 99.0}, stage_s={"hv1": 99.0})) == Plan()


def test_what_a_person_asked_for_is_tried_a_few_times_before_it_is_withdrawn() -> None:
    node = alive(failed(cause=FenceCause.PERSON))
    living = {"hv1": 9999.0}
    assert said(steps_of(node, a_watch(alive_s=living, stage_s={"hv1": 5.0}))) == ["fence hv1: tried again"]
    later = alive(failed(cause=FenceCause.PERSON, retries=3))
    assert said(steps_of(later, a_watch(alive_s=living, stage_s={"hv1": 30.0}))) == ["fence hv1: withdrawn"]


def test_a_fence_of_a_sick_node_is_withdrawn_only_when_it_is_well() -> None:
    sick = alive(failed(cause=FenceCause.UNHEALTHY, retries=4), storage_error="hangs")
    well = alive(failed(cause=FenceCause.UNHEALTHY, retries=4))
    watch = a_watch(alive_s={"hv1": 9999.0}, stage_s={"hv1": 31.0})
    assert steps_of(sick, watch) == Plan(wake_at_s=NOW_S + 29.0)
    assert said(steps_of(well, watch)) == ["fence hv1: withdrawn"]


def test_a_failed_node_that_started_anew_is_proven_off_by_that() -> None:
    assert fence_after(steps_of(started_anew(failed()), a_watch())).phase is FencePhase.POWERED_OFF


def test_every_phase_notes_when_it_was_reached() -> None:
    node = requested()
    fence = fence_after(steps_of(node, read(node, ended(Power.ON))))
    assert fence.times == {"off_sent": 1_700_000_000.0}
    assert fence.phase_since == 1_700_000_000.0


def test_a_step_within_a_phase_keeps_the_time_it_was_reached() -> None:
    node = off_sent(phase_since=5.0)
    fence = fence_after(steps_of(node, a_watch(stage_s={"hv1": 6.0})))
    assert fence.phase_since == 5.0


def test_what_failed_vms_of_the_node_there_are_is_not_recovered() -> None:
    cluster = a_cluster(powered_off(), OTHER, vms=[a_vm("web1", state=VmState.FAILED)])
    plan = plan_steps(cluster, cluster.nodes["hv1"], a_watch())
    assert fence_after(plan).recovering == ()
    assert changes(plan)[0].why == "0 VMs to place"
