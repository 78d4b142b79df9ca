"""What becomes of the VMs that name a retired node."""

from __future__ import annotations

import pytest

from pvccore.model.change import Kind
from pvccore.model.errors import Refused
from pvccore.model.vm import Definition, Placement, VmState, Wanted
from pvccore.plan.retiring import rewritten
from tests.plan.asked import cluster, flushed, limited, node, vm

GONE = node("hv1", alive=False)


def test_a_vm_at_rest_there_is_placed_elsewhere_and_unparked() -> None:
    parked = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, parked_on="hv1", why="no room")
    (write,) = rewritten(cluster(GONE, parked), GONE)
    assert isinstance(write.after, Placement)
    assert (write.after.node, write.after.parked_on, write.after.why) == ("hv2", "", "")


def test_it_is_forgotten_as_previous_node_and_in_limits() -> None:
    one = limited(vm("web1", "hv2", previous_node="hv1"), "hv1", "hv2")
    definition, placement = rewritten(cluster(GONE, one), GONE)
    assert isinstance(definition.after, Definition)
    assert definition.after.node_limit == ("hv2",)
    assert isinstance(placement.after, Placement)
    assert (placement.after.node, placement.after.previous_node) == ("hv2", "")


def test_a_limit_alone_is_rewritten_alone() -> None:
    (write,) = rewritten(cluster(GONE, limited(vm("web1", "hv2"), "hv1", "hv2")), GONE)
    assert write.kind is Kind.DEFINITION


def test_arriving_where_it_belongs_clears_that() -> None:
    one = limited(vm("web1", "hv1", VmState.STOPPED, previous_node="hv3"), "hv1", "hv3")
    _, placement = rewritten(cluster(GONE, one), GONE)
    assert isinstance(placement.after, Placement)
    assert (placement.after.node, placement.after.previous_node) == ("hv3", "")


def test_where_it_belongs_is_kept_when_it_lands_elsewhere() -> None:
    one = vm("web1", "hv1", VmState.STOPPED, previous_node="hv3")
    (placement,) = rewritten(cluster(GONE, flushed(node("hv3")), one), GONE)
    assert isinstance(placement.after, Placement)
    assert (placement.after.node, placement.after.previous_node) == ("hv2", "hv3")


def test_room_given_to_one_is_not_given_to_the_next() -> None:
    pair = [vm(name, "hv1", VmState.STOPPED, memory_mb=1024) for name in ("web1", "web2")]
    small = [node(name, memory_mb=1500) for name in ("hv2", "hv3")]
    writes = rewritten(cluster(GONE, *small, *pair), GONE)
    assert [write.after.node for write in writes if isinstance(write.after, Placement)] == ["hv2", "hv3"]


def test_a_limit_is_never_widened_to_any() -> None:
    with pytest.raises(Refused, match="web1 may run on no other node"):
        rewritten(cluster(GONE, limited(vm("web1", "hv1", VmState.STOPPED), "hv1")), GONE)


def test_a_vm_that_fits_nowhere_holds_the_node() -> None:
    with pytest.raises(Refused, match="web1 is placed there, and no other node can take it: hv2 is flushed; hv3 is"):
        rewritten(cluster(GONE, flushed(node("hv2")), flushed(node("hv3")), vm("web1", "hv1", VmState.STOPPED)), GONE)


def test_nothing_is_written_for_a_node_that_nobody_names() -> None:
    assert rewritten(cluster(GONE, vm("web1", "hv2")), GONE) == ()
