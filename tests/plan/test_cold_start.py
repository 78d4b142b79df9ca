"""The grace after the whole cluster began anew."""

from __future__ import annotations

import pytest

from pvccore.model.change import Kind
from pvccore.plan.cold_start import is_cold, plan_cold_start
from pvccore.plan.effects import Plan
from tests.plan.clusters import NOW_S, a_cluster, a_node, a_watch, changes, gone, said

THREE = (a_node("hv1"), gone(a_node("hv2")), gone(a_node("hv3")))


def test_a_cluster_that_has_started_needs_nothing() -> None:
    assert plan_cold_start(a_cluster(*THREE), a_watch(seen=frozenset({"hv1"}), lease_s=9.0)) == Plan()


def test_a_manager_that_finds_itself_alone_waits_whether_the_others_only_reconnect() -> None:
    watch = a_watch(alone=True, seen=frozenset({"hv1"}), lease_s=1.0)
    assert plan_cold_start(a_cluster(*THREE), watch) == Plan(wake_at_s=NOW_S + 2.0)
    assert is_cold(a_cluster(*THREE), alone=True, lease_s=1.0)


def test_a_manager_that_stays_alone_begins_the_grace() -> None:
    plan = plan_cold_start(a_cluster(*THREE), a_watch(alone=True, seen=frozenset({"hv1"}), lease_s=3.0))
    (write,) = changes(plan)[0].writes
    assert said(plan) == ["the cluster is starting"]
    assert (write.kind, write.after) == (Kind.STARTED, None)


def test_nobody_begins_a_grace_late() -> None:
    watch = a_watch(alone=True, seen=frozenset({"hv1"}), lease_s=300.0)
    assert plan_cold_start(a_cluster(*THREE), watch) == Plan()


def test_during_the_grace_the_cluster_is_cold() -> None:
    assert is_cold(a_cluster(*THREE, started=False), alone=False, lease_s=99.0)
    assert not is_cold(a_cluster(*THREE), alone=False, lease_s=0.0)
    assert not is_cold(a_cluster(*THREE), alone=True, lease_s=3.0)


def test_the_grace_ends_when_every_node_was_seen() -> None:
    plan = plan_cold_start(a_cluster(*THREE, started=False), a_watch(seen=frozenset({"hv1", "hv2", "hv3"})))
    assert said(plan) == ["the cluster has started"]
    assert changes(plan)[0].why == "3 of 3 nodes were seen"


def test_the_grace_ends_when_it_has_passed_and_a_majority_was_seen() -> None:
    watch = a_watch(seen=frozenset({"hv1", "hv2"}), lease_s=300.0)
    assert said(plan_cold_start(a_cluster(*THREE, started=False), watch)) == ["the cluster has started"]


@pytest.mark.parametrize("lease_s, wakes_at_s", [(100.0, NOW_S + 200.0), (300.0, None), (900.0, None)])
def test_a_minority_waits_for_as_long_as_it_takes(lease_s: float, wakes_at_s: float | None) -> None:
    watch = a_watch(seen=frozenset({"hv1", "retired"}), lease_s=lease_s)
    assert plan_cold_start(a_cluster(*THREE, started=False), watch) == Plan(wake_at_s=wakes_at_s)


def test_a_cluster_of_one_starts_at_once() -> None:
    cluster = a_cluster(a_node("hv1"), started=False)
    watch = a_watch(alone=True, seen=frozenset({"hv1"}))
    assert said(plan_cold_start(cluster, watch)) == ["the cluster has started"]
