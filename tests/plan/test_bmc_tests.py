"""A BMC that fails is known before it is needed: when it is asked, and what its answers count for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pvccore.model.bmc import BmcTest
from pvccore.model.fence import FencePhase
from pvccore.model.node import Node
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import replace
from pvccore.plan.bmc_tests import (
    DAILY_S,
    IN_MAINTENANCE_S,
    NODES_AT_ONCE,
    OF_ANOTHER_LEASE_S,
    WHILE_FAILING_S,
    TestWatch,
    failing_bmcs,
    plan_bmc_tests,
    tries,
)
from pvccore.plan.effects import Outcome, Plan, Power, TryBmc
from tests.plan.clusters import COMMAND, IPMI, NOW_S, a_cluster, a_node, changes, fenced, gone

LEASE = "lease-7"
OTHER_IPMI = replace(IPMI, address="192.0.2.2:623")
ON, OFF = Outcome(at_s=NOW_S, value=Power.ON), Outcome(at_s=NOW_S, value=Power.OFF)
SILENT = Outcome(at_s=NOW_S, error="it does not answer", value=Power.UNKNOWN)
WELL = BmcTest(version=4, at=1_699_999_000.0, by="hv2", config=0, maintenance=2, lease=LEASE)
FAILING = replace(WELL, error="ipmi 192.0.2.1:623: gone", failing_since=1_699_990_000.0)


def watch(outcomes: Mapping[Any, tuple[Outcome, ...]] | None = None, **fields: Any) -> TestWatch:
    made = TestWatch(now_s=NOW_S, wall_s=1_700_000_000.0, by="hv9", lease=LEASE, outcomes=outcomes or {})
    return replace(made, **fields)


def asked(plan: Plan) -> list[str]:
    return [effect.node for step in plan.steps for effect in step.effects if isinstance(effect, TryBmc)]


def stored(plan: Plan) -> BmcTest:
    ((write,),) = (change.writes for change in changes(plan))
    assert isinstance(write.after, BmcTest)
    return write.after


def answered(node: Node, *outcomes: Outcome) -> dict[TryBmc, tuple[Outcome, ...]]:
    return dict.fromkeys(tries(node), outcomes)


# When


def test_a_node_that_was_never_tested_is_asked_at_once() -> None:
    assert asked(plan_bmc_tests(a_cluster(a_node()), watch())) == ["hv1"]


@pytest.mark.parametrize(
    "node",
    [
        gone(a_node()),
        fenced(a_node(), FencePhase.REQUESTED),
        a_node(fence_agents=(COMMAND,)),
        a_node(bmc=BmcTest(version=UNREADABLE)),
    ],
)
def test_nobody_asks_for_a_node_that_is_not_there_or_has_nothing_to_be_asked(node: Node) -> None:
    assert plan_bmc_tests(a_cluster(node), watch()) == Plan()


@pytest.mark.parametrize(
    "last, in_maintenance, every_s",
    [
        (WELL, False, DAILY_S),
        (WELL, True, IN_MAINTENANCE_S),
        (FAILING, False, WHILE_FAILING_S),
        (replace(WELL, lease="lease-6"), False, OF_ANOTHER_LEASE_S),
    ],
)
def test_it_is_asked_again_when_its_time_has_come(last: BmcTest, in_maintenance: bool, every_s: float) -> None:
    cluster = a_cluster(a_node(bmc=last), maintenance=in_maintenance)
    soon = plan_bmc_tests(cluster, watch(standing_s={"hv1": every_s - 1.0}))
    assert (soon.steps, soon.wake_at_s) == ((), NOW_S + 1.0)
    assert asked(plan_bmc_tests(cluster, watch(standing_s={"hv1": every_s}))) == ["hv1"]


def test_a_manager_that_has_just_taken_over_starts_its_own_clock() -> None:
    plan = plan_bmc_tests(a_cluster(a_node(bmc=WELL)), watch())
    assert (plan.steps, plan.wake_at_s) == ((), NOW_S + DAILY_S)


@pytest.mark.parametrize("before", [replace(WELL, config=-1), replace(WELL, maintenance=1)])
def test_it_is_asked_at_once_after_a_new_configuration_and_when_maintenance_has_ended(before: BmcTest) -> None:
    assert asked(plan_bmc_tests(a_cluster(a_node(bmc=before)), watch())) == ["hv1"]


def test_the_beginning_of_maintenance_is_no_reason() -> None:
    cluster = a_cluster(a_node(bmc=replace(WELL, maintenance=1)), maintenance=True)
    assert plan_bmc_tests(cluster, watch()).steps == ()


def test_a_few_nodes_are_asked_at_a_time() -> None:
    nodes = [a_node(f"hv{number}") for number in range(1, 8)]
    cluster = a_cluster(*nodes)
    first = asked(plan_bmc_tests(cluster, watch()))
    assert first == ["hv1", "hv2", "hv3", "hv4"]
    under_way = frozenset(effect for node in nodes[: NODES_AT_ONCE - 1] for effect in tries(node))
    assert asked(plan_bmc_tests(cluster, watch(in_flight=under_way))) == ["hv4"]


def test_all_bmcs_of_a_node_are_asked() -> None:
    node = a_node(fence_agents=(IPMI, COMMAND, OTHER_IPMI))
    plan = plan_bmc_tests(a_cluster(node), watch())
    assert [effect.agent for step in plan.steps for effect in step.effects if isinstance(effect, TryBmc)] == [
        IPMI,
        OTHER_IPMI,
    ]


# What the answers count for


def test_an_answer_of_on_is_stored_quietly() -> None:
    node = a_node()
    plan = plan_bmc_tests(a_cluster(node), watch(answered(node, ON)))
    after = stored(plan)
    assert (after.is_known, after.fails, after.by, after.lease) == (True, False, "hv9", LEASE)
    assert (after.at, after.config, after.maintenance) == (1_700_000_000.0, 0, 2)
    assert changes(plan)[0].quiet


def test_one_lost_answer_is_asked_for_again() -> None:
    node = a_node()
    assert asked(plan_bmc_tests(a_cluster(node), watch(answered(node, SILENT)))) == ["hv1"]
    again = plan_bmc_tests(a_cluster(node), watch(answered(node, SILENT, ON)))
    assert not stored(again).fails


@pytest.mark.parametrize(
    "outcome, error",
    [
        (SILENT, "ipmi 192.0.2.1:623: it does not answer"),
        (Outcome(at_s=NOW_S, value=Power.UNKNOWN), "ipmi 192.0.2.1:623: it did not tell the power"),
        (
            OFF,
            "ipmi 192.0.2.1:623 says that the power is off, though hv1 lives: is it another machine's?",
        ),
    ],
)
def test_two_bad_answers_are_told_with_the_reason(outcome: Outcome, error: str) -> None:
    node = a_node()
    plan = plan_bmc_tests(a_cluster(node), watch(answered(node, outcome, outcome)))
    after, (change,) = stored(plan), changes(plan)
    assert (after.error, after.failing_since) == (error, 1_700_000_000.0)
    assert (change.what, change.why, change.quiet) == ("the BMC of hv1 fails its test", error, False)


def test_a_failure_that_lasts_keeps_its_beginning_and_is_told_once() -> None:
    node = a_node(bmc=replace(FAILING, error="ipmi 192.0.2.1:623: it does not answer"))
    again = watch(answered(node, SILENT, SILENT), standing_s={"hv1": WHILE_FAILING_S})
    plan = plan_bmc_tests(a_cluster(node), again)
    assert stored(plan).failing_since == FAILING.failing_since
    assert changes(plan)[0].quiet


def test_a_bmc_that_answers_again_is_told() -> None:
    node = a_node(bmc=FAILING)
    plan = plan_bmc_tests(a_cluster(node), watch(answered(node, ON), standing_s={"hv1": WHILE_FAILING_S}))
    assert (stored(plan).error, stored(plan).failing_since) == ("", 0.0)
    assert changes(plan)[0].what == "the BMC of hv1 passes its test again"


def test_nothing_is_decided_while_an_answer_is_awaited() -> None:
    node = a_node(fence_agents=(IPMI, OTHER_IPMI))
    first, second = tries(node)
    plan = plan_bmc_tests(a_cluster(node), watch({first: (ON,)}, in_flight=frozenset({second})))
    assert plan.steps == ()


def test_what_fails_is_listed_unless_the_node_has_no_bmc_any_more() -> None:
    nodes = [
        a_node("hv10", bmc=FAILING),
        a_node("hv2", bmc=FAILING),
        a_node("hv3", bmc=WELL),
        a_node("hv4", bmc=FAILING, fence_agents=(COMMAND,)),
    ]
    assert [node.name for node in failing_bmcs(a_cluster(*nodes))] == ["hv2", "hv10"]
