"""A VM's life by a person's word, through the store."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid, NotFound, Refused
from pvccore.model.vm import Placement, RequestVerb, VmState, Wanted
from pvccore.operations.vms import disable, restart, shutdown, start, stop
from pvccore.plan.outcome import Aim
from tests.operations.world import World


def test_a_started_vm_is_wanted_running_and_journalled(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    result = start(world.operator, "web1")
    assert world.vm("web1").placement.wanted is Wanted.RUNNING
    assert world.last_entry() == ("anna@ops1", "start web1")
    assert result.changed
    assert result.goal is not None
    assert result.goal.aim is Aim.RUNNING


def test_a_start_that_is_under_way_changes_nothing(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    start(world.operator, "web1")
    version = world.vm("web1").placement.version
    result = start(world.operator, "web1")
    assert not result.changed
    assert world.vm("web1").placement.version == version


def test_a_refused_verb_writes_nothing_and_says_why(world: World) -> None:
    world.add_vm("web1", "hv1")
    entries = len(world.load().journal)
    with pytest.raises(Refused, match=r"^web1: it is running already$"):
        start(world.operator, "web1")
    assert len(world.load().journal) == entries


def test_a_vm_is_found_by_its_uuid_too(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    start(world.operator, world.vm("web1").uuid)
    assert world.vm("web1").placement.wanted is Wanted.RUNNING


def test_an_unknown_vm_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="no VM 'web9'"):
        stop(world.operator, "web9")


def test_a_shutdown_leaves_its_request_for_the_agent(world: World) -> None:
    world.add_vm("web1", "hv1")
    result = shutdown(world.operator, "web1", limit_s=30)
    placement = world.vm("web1").placement
    assert placement.wanted is Wanted.STOPPED
    assert placement.request is not None
    assert (placement.request.verb, placement.request.limit_s) == (RequestVerb.SHUTDOWN, 30)
    assert placement.request.by == "anna@ops1"
    assert result.goal is not None
    assert result.goal.id == placement.request.id
    assert result.text == "web1 is asked to shut down"


def test_a_stop_takes_over_from_a_shutdown(world: World) -> None:
    world.add_vm("web1", "hv1")
    shutdown(world.operator, "web1")
    stop(world.operator, "web1")
    request = world.vm("web1").placement.request
    assert request is not None
    assert request.verb is RequestVerb.STOP


def test_stopping_a_parked_vm_unparks_it(world: World) -> None:
    world.add_vm("db1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, placement=Placement(parked_on="hv1", why="full"))
    assert stop(world.operator, "db1").text == "db1 is not wanted running any more"
    placement = world.vm("db1").placement
    assert (placement.wanted, placement.parked_on, placement.request) == (Wanted.STOPPED, "", None)


def test_a_restart_keeps_it_wanted_running(world: World) -> None:
    world.add_vm("web1", "hv1")
    restart(world.operator, "web1")
    placement = world.vm("web1").placement
    assert placement.wanted is Wanted.RUNNING
    assert placement.request is not None
    assert placement.request.verb is RequestVerb.RESTART


def test_a_disabled_vm_stays_disabled_when_it_is_stopped_at_once(world: World) -> None:
    world.add_vm("web1", "hv1")
    assert disable(world.operator, "web1").text == "web1 is disabled, and asked to shut down"
    stop(world.operator, "web1")
    assert world.vm("web1").placement.wanted is Wanted.DISABLED


def test_disabling_a_stopped_vm_asks_nothing_of_its_agent(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    assert disable(world.operator, "web1").text == "web1 is disabled"
    assert world.vm("web1").placement.request is None


@pytest.mark.parametrize("limit_s", [0.0, -1.0, 3601.0, float("nan")])
def test_a_senseless_time_limit_is_invalid(world: World, limit_s: float) -> None:
    world.add_vm("web1", "hv1")
    with pytest.raises(Invalid, match=r"limit .*must lie between 1 and 3600 seconds"):
        shutdown(world.operator, "web1", limit_s=limit_s)
