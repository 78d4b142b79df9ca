"""Where a VM is, by a person's word."""

from __future__ import annotations

import pytest

from pvccore.model.errors import NotFound, Refused
from pvccore.model.selectors import Selector
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Placement, VmState, Wanted
from pvccore.operations.moves import migrate, move, unmigrate
from tests.operations.world import World

LIMITED = Definition(memory_mb=1024, vcpus=1, node_limit=("hv1", "hv2"))


def test_a_running_vm_is_sent_on_its_way_and_remembers_where_it_belongs(world: World) -> None:
    world.add_vm("web1", "hv1")
    result = migrate(world.operator, "web1", to="hv2")
    placement = world.vm("web1").placement
    assert (placement.node, placement.previous_node) == ("hv1", "")
    assert placement.migration is not None
    assert (placement.migration.target, placement.migration.previous_node_after) == ("hv2", "hv1")
    assert result.goal is not None
    assert (result.goal.node, result.goal.id) == ("hv2", placement.migration.id)
    assert world.last_entry() == ("anna@ops1", "migrate web1 from hv1 to hv2")


def test_a_stopped_vm_is_migrated_at_once(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    migrate(world.operator, "web1", to="hv2")
    placement = world.vm("web1").placement
    assert (placement.node, placement.previous_node, placement.migration) == ("hv2", "hv1", None)
    assert world.store.children([world.schema.assigned_to("hv2")]) == [[world.vm("web1").uuid]]
    assert world.store.children([world.schema.assigned_to("hv1")]) == [[]]


def test_the_selector_chooses_where_no_target_is_given(world: World) -> None:
    world.add_vm("big", "hv2", definition=Definition(memory_mb=2048))
    world.add_vm("web1", "hv1", VmState.STOPPED, definition=Definition(memory_mb=512, node_selector=Selector.VMS))
    migrate(world.operator, "web1")
    assert world.vm("web1").node == "hv3"


def test_a_second_migration_needs_force_and_keeps_the_original_previous_node(world: World) -> None:
    world.add_vm("web1", "hv2", placement=Placement(previous_node="hv1"))
    with pytest.raises(Refused, match="--force keeps hv1 as its previous node"):
        migrate(world.operator, "web1", to="hv3")
    migrate(world.operator, "web1", to="hv3", force=True)
    migration = world.vm("web1").placement.migration
    assert migration is not None
    assert migration.previous_node_after == "hv1"


def test_a_forced_migration_home_is_an_unmigrate(world: World) -> None:
    world.add_vm("web1", "hv2", VmState.STOPPED, placement=Placement(previous_node="hv1"))
    migrate(world.operator, "web1", to="hv1", force=True)
    assert (world.vm("web1").node, world.vm("web1").placement.previous_node) == ("hv1", "")


def test_unmigrate_goes_home_and_forgets(world: World) -> None:
    world.add_vm("web1", "hv2", placement=Placement(previous_node="hv1"))
    unmigrate(world.operator, "web1")
    migration = world.vm("web1").placement.migration
    assert migration is not None
    assert (migration.target, migration.previous_node_after) == ("hv1", "")


def test_a_move_is_for_good(world: World) -> None:
    world.add_vm("web1", "hv2", VmState.STOPPED, placement=Placement(previous_node="hv1"))
    move(world.operator, "web1", to="hv3")
    assert (world.vm("web1").node, world.vm("web1").placement.previous_node) == ("hv3", "")


def test_a_move_to_where_it_is_makes_a_migration_permanent(world: World) -> None:
    world.add_vm("web1", "hv2", placement=Placement(previous_node="hv1"))
    assert move(world.operator, "web1", to="hv2").text == "web1 belongs on hv2"
    assert world.vm("web1").placement == replace(
        world.vm("web1").placement, node="hv2", previous_node="", migration=None
    )


def test_moving_a_parked_vm_unparks_it_and_keeps_it_wanted(world: World) -> None:
    world.add_vm("db1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, placement=Placement(parked_on="hv1", why="full"))
    move(world.operator, "db1", to="hv2")
    placement = world.vm("db1").placement
    assert (placement.node, placement.parked_on, placement.wanted) == ("hv2", "", Wanted.RUNNING)


def test_a_target_outside_the_limit_is_refused(world: World) -> None:
    world.add_vm("web1", "hv1", definition=LIMITED)
    with pytest.raises(Refused, match=r"^web1: hv3 is outside its node limit$"):
        migrate(world.operator, "web1", to="hv3")
    with pytest.raises(Refused, match=r"^web1: hv3 is outside its node limit$"):
        move(world.operator, "web1", to="hv3")


@pytest.mark.parametrize("verb", [migrate, move])
def test_an_unknown_target_is_not_found(world: World, verb: object) -> None:
    world.add_vm("web1", "hv1")
    assert callable(verb)
    with pytest.raises(NotFound, match="no node 'hv9'"):
        verb(world.operator, "web1", to="hv9")
