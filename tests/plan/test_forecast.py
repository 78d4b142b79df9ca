"""What would become of a node's VMs, and whether any single node may die."""

from __future__ import annotations

import pytest

from pvccore.model.errors import NotFound
from pvccore.model.fence import FencePhase
from pvccore.model.vm import MigrationPhase, VmState, Wanted
from pvccore.plan.effects import ReadPower, Step
from pvccore.plan.flush import plan_flush
from pvccore.plan.forecast import after, forecast_node, forecast_nodes, short_form
from pvccore.plan.placement import Rooms
from tests.plan.clusters import (
    FLUSHING,
    GB,
    IPMI,
    a_cluster,
    a_node,
    a_vm,
    a_watch,
    at_rest,
    fenced,
    migrating,
    parked,
)

THREE = (a_node("hv1"), a_node("hv2", memory_total_mb=4 * GB), a_node("hv3", memory_total_mb=2 * GB))


def test_the_vms_of_a_node_that_died_would_go_where_recovery_places_them() -> None:
    cluster = a_cluster(*THREE, vms=[a_vm("a"), a_vm("b", memory_mb=4 * GB), a_vm("c", memory_mb=9 * GB)])
    forecast = forecast_node(cluster, "hv1")
    assert forecast.placed == {"b": "hv2", "a": "hv3"}
    assert forecast.parked == {"c": "hv2 has 4 of the 9 GB it needs; hv3 has 2 of the 9 GB it needs"}
    assert not forecast.survives


def test_it_says_how_many_each_other_node_would_take_the_most_first() -> None:
    cluster = a_cluster(
        a_node("hv1"), a_node("hv2"), a_node("hv3", memory_total_mb=GB), vms=[a_vm(name) for name in ("a", "b", "c")]
    )
    forecast = forecast_node(cluster, "hv1")
    assert list(forecast.per_target.items()) == [("hv2", 3)]
    assert forecast.survives


def test_of_nodes_that_take_as_many_the_first_by_name_comes_first() -> None:
    cluster = a_cluster(a_node("hv1"), a_node("hv3"), a_node("hv2"), vms=[a_vm("a"), a_vm("b")])
    assert list(forecast_node(cluster, "hv1").per_target) == ["hv2", "hv3"]


def test_vms_that_rest_do_not_matter() -> None:
    vms = [at_rest("a", wanted=Wanted.STOPPED), parked("b"), a_vm("c", state=VmState.FAILED), a_vm("d", "hv2")]
    forecast = forecast_node(a_cluster(*THREE, vms=vms), "hv1")
    assert (forecast.placed, forecast.parked, forecast.steps) == ({}, {}, [])


def test_a_vm_that_is_not_wanted_running_is_written_off_and_not_placed() -> None:
    vms = [a_vm(wanted=Wanted.STOPPED, state=VmState.SHUTTING_DOWN)]
    forecast = forecast_node(a_cluster(*THREE, vms=vms), "hv1")
    assert forecast.placed == {}
    assert len(forecast.steps) == 1


def test_a_vm_on_its_way_to_it_would_stay_on_its_source() -> None:
    vm = a_vm(on="hv2", migration=migrating("hv2", "hv1", phase=MigrationPhase.PREPARED))
    assert forecast_node(a_cluster(*THREE, vms=[vm]), "hv1").placed == {"web1": "hv2"}


def test_a_node_that_does_not_exist_has_no_forecast() -> None:
    with pytest.raises(NotFound):
        forecast_node(a_cluster(*THREE), "hv9")


def test_each_node_dies_alone() -> None:
    nodes = [a_node(name, memory_total_mb=2 * GB) for name in ("hv1", "hv2")]
    forecasts = forecast_nodes(a_cluster(*nodes, vms=[a_vm("a", "hv1"), a_vm("b", "hv2")]))
    assert {name: forecast.placed for name, forecast in forecasts.items()} == {"hv1": {"a": "hv2"}, "hv2": {"b": "hv1"}}


def test_what_one_death_takes_is_free_again_for_the_next() -> None:
    nodes = [a_node(name, memory_total_mb=2 * GB) for name in ("hv1", "hv2", "hv3")]
    vms = [a_vm("a", "hv1", node_limit=("hv1", "hv3")), a_vm("b", "hv2", memory_mb=2 * GB, node_limit=("hv2", "hv3"))]
    assert all(forecast.survives for forecast in forecast_nodes(a_cluster(*nodes, vms=vms)).values())


def test_a_node_that_is_fenced_already_can_not_die_again() -> None:
    nodes = (fenced(a_node("hv1"), FencePhase.RECOVERED), a_node("hv2"))
    vms = [a_vm("a", "hv2"), a_vm("lost", "retired")]
    assert list(forecast_nodes(a_cluster(*nodes, vms=vms))) == ["hv2"]


def test_the_short_form_says_which_node_may_not_die_and_why() -> None:
    cluster = a_cluster(
        a_node("hv1"), a_node("hv2"), vms=[a_vm("b", node_limit=("hv1",)), a_vm("a", node_limit=("hv1",))]
    )
    short = short_form(forecast_nodes(cluster), 12.0)
    assert not short.holds
    assert (short.at, short.nodes, short.parked) == (12.0, 2, {"hv1": 2})
    assert short.reasons == {"hv1": "a: limit hv1"}


def test_a_cluster_that_stands_any_single_death_says_so() -> None:
    assert short_form(forecast_nodes(a_cluster(*THREE, vms=[a_vm()])), 12.0).holds


# Afterwards


def test_one_can_ask_whether_another_may_die_after_this_one() -> None:
    nodes = [a_node(name, memory_total_mb=2 * GB) for name in ("hv1", "hv2", "hv3")]
    cluster = a_cluster(*nodes, vms=[a_vm(f"vm{name}", name, memory_mb=2 * GB) for name in ("hv1", "hv2")])
    first = forecast_node(cluster, "hv1")
    later = after(cluster, first.steps, without="hv1")
    assert first.survives
    assert list(forecast_nodes(later)) == ["hv2", "hv3"]
    assert not short_form(forecast_nodes(later), 0.0).holds


def test_and_after_a_flush() -> None:
    emptying = a_node("hv1", readiness=FLUSHING)
    cluster = a_cluster(emptying, a_node("hv2"), vms=[at_rest()])
    plan = plan_flush(cluster, emptying, Rooms(cluster), a_watch())
    later = after(cluster, plan.steps)
    assert later.vms_on("hv2")
    assert later.nodes["hv1"].readiness.waits_for == ("web1: waits to start",)


def test_steps_about_what_is_gone_and_steps_without_a_change_change_nothing() -> None:
    emptying = a_node("hv1", readiness=FLUSHING)
    cluster = a_cluster(emptying, a_node("hv2"), vms=[at_rest()])
    plan = plan_flush(cluster, emptying, Rooms(cluster), a_watch())
    look = Step(effects=(ReadPower(node="hv1", round=1, boot_id="b", agent=IPMI),))
    assert after(a_cluster(), [*plan.steps, look], without="hv1") == a_cluster()
