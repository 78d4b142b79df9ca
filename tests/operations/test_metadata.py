"""Metadata by a person's word."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid, Refused
from pvccore.model.selectors import Selector
from pvccore.model.vm import Definition, MigrationMethod, Placement, RequestVerb, VmState, Wanted
from pvccore.operations.metadata import meta, tag
from pvccore.operations.vms import shutdown
from tests.operations.world import World

ALL = {
    "node_limit": "hv1,hv2",
    "node_selector": "load",
    "autorestart": "no",
    "migration_method": "live-only",
    "max_downtime_ms": "50",
    "tags": "a,b",
    "description": "the shop",
}


def test_every_field_can_be_set_and_is_told(world: World) -> None:
    world.add_vm("web1", "hv1")
    result = meta(world.operator, "web1", ALL)
    definition = world.vm("web1").definition
    assert definition.node_limit == ("hv1", "hv2")
    assert definition.node_selector is Selector.LOAD
    assert definition.autorestart is False
    assert definition.migration_method is MigrationMethod.LIVE_ONLY
    assert (definition.max_downtime_ms, definition.tags, definition.description) == (50, ("a", "b"), "the shop")
    assert "node limit none → hv1,hv2" in result.text
    assert "autorestart yes → no" in result.text
    assert world.last_entry()[1].startswith("meta web1: ")


def test_what_is_not_given_stays_and_empty_clears(world: World) -> None:
    world.add_vm("web1", "hv1", definition=Definition(memory_mb=1, tags=("a",), node_limit=("hv1",)))
    meta(world.operator, "web1", {"node_limit": ""})
    definition = world.vm("web1").definition
    assert (definition.node_limit, definition.tags) == ((), ("a",))
    assert not meta(world.operator, "web1", {"node_limit": ""}).changed


@pytest.mark.parametrize(
    "field, value",
    [
        ("node_limit", "hv1,hv9"),
        ("node_selector", "best"),
        ("autorestart", "maybe"),
        ("migration_method", "teleport"),
        ("max_downtime_ms", "5"),
        ("tags", "a b"),
        ("description", "x" * 513),
        ("colour", "red"),
    ],
)
def test_a_bad_value_is_refused_by_name(world: World, field: str, value: str) -> None:
    world.add_vm("web1", "hv1")
    before = world.vm("web1")
    with pytest.raises(Invalid) as caught:
        meta(world.operator, "web1", {field: value})
    assert field in {caught.value.field, caught.value.value}
    assert world.vm("web1") == before


def test_a_limit_that_forbids_where_it_runs_is_refused(world: World) -> None:
    world.add_vm("web1", "hv1")
    with pytest.raises(Refused, match="web1: it is on hv1, which its new node limit forbids; --move migrates it"):
        meta(world.operator, "web1", {"node_limit": "hv2"})


def test_move_migrates_it_where_the_new_limit_allows(world: World) -> None:
    world.add_vm("web1", "hv1")
    meta(world.operator, "web1", {"node_limit": "hv2"}, move=True)
    vm = world.vm("web1")
    assert vm.definition.node_limit == ("hv2",)
    assert vm.placement.migration is not None
    assert (vm.placement.migration.target, vm.placement.migration.previous_node_after) == ("hv2", "")


def test_move_keeps_a_home_that_the_new_limit_allows(world: World) -> None:
    world.add_vm("web1", "hv2", placement=Placement(previous_node="hv1"))
    meta(world.operator, "web1", {"node_limit": "hv1,hv3"}, move=True)
    migration = world.vm("web1").placement.migration
    assert migration is not None
    assert (migration.target, migration.previous_node_after) in {("hv1", ""), ("hv3", "hv1")}


def test_move_is_refused_where_no_allowed_node_takes_it(world: World) -> None:
    world.add_node("hv4", memory_mb=512)
    world.add_vm("web1", "hv1")
    with pytest.raises(Refused, match="web1: no other node can take it"):
        meta(world.operator, "web1", {"node_limit": "hv4"}, move=True)
    assert world.vm("web1").definition.node_limit == ()


def test_move_is_refused_while_it_is_in_transition(world: World) -> None:
    world.add_vm("web1", "hv1")
    shutdown(world.operator, "web1")
    assert world.vm("web1").placement.request is not None
    with pytest.raises(Refused, match=f"a {RequestVerb.SHUTDOWN} is under way"):
        meta(world.operator, "web1", {"node_limit": "hv2"}, move=True)


@pytest.mark.parametrize(
    "state, wanted, parked_on",
    [(VmState.STOPPED, Wanted.STOPPED, ""), (VmState.STOPPED, Wanted.RUNNING, "hv1")],
)
def test_a_vm_at_rest_may_get_any_limit(world: World, state: VmState, wanted: Wanted, parked_on: str) -> None:
    world.add_vm("web1", "hv1", state, wanted=wanted, placement=Placement(parked_on=parked_on))
    meta(world.operator, "web1", {"node_limit": "hv2"})
    assert world.vm("web1").node == "hv1"


def test_tags_are_added_and_removed(world: World) -> None:
    world.add_vm("web1", "hv1", definition=Definition(memory_mb=1, tags=("a", "b")))
    tag(world.operator, "web1", add=["c", "a"], remove=["b"])
    assert world.vm("web1").definition.tags == ("a", "c")
    assert not tag(world.operator, "web1", add=["c"]).changed
    with pytest.raises(Invalid, match="tags 'z': is not a tag of web1"):
        tag(world.operator, "web1", remove=["z"])
    with pytest.raises(Invalid, match="tags 'x y'"):
        tag(world.operator, "web1", add=["x y"])
