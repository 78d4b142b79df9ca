"""What would happen, told beforehand."""

from __future__ import annotations

import pytest

from pvccore.model.errors import NotFound
from pvccore.model.vm import VmState, Wanted
from pvccore.plan.preview import preview_fence, preview_flush, preview_ready
from tests.plan.asked import cluster, flushed, limited, node, vm

HERE = [vm(f"web{number}", "hv1") for number in range(4)]
PINNED = limited(vm("db1", "hv1"), "hv1")
PARKED = vm("app1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, parked_on="hv1", why="flushed")
AWAY = vm("web9", "hv2", previous_node="hv1")


def test_a_flush_is_told_whole_however_many_migrate_at_a_time() -> None:
    told = preview_flush(cluster(*HERE, PINNED), "hv1")
    assert set(told.moved) == {"web0", "web1", "web2", "web3"}
    assert set(told.moved.values()) == {"hv2", "hv3"}
    assert set(told.parked) == {"db1"}
    assert told.lines[0].startswith("web0 → hv")
    assert told.lines[-1].startswith("db1 is parked: limit hv1")


def test_a_vm_that_waits_to_start_is_placed_at_once() -> None:
    waiting = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING)
    assert set(preview_flush(cluster(waiting), "hv1").moved) == {"web1"}


def test_ready_brings_back_what_is_parked_or_away() -> None:
    told = preview_ready(cluster(flushed(node("hv1")), PARKED, AWAY), "hv1")
    assert (told.moved, told.parked) == ({"app1": "hv1", "web9": "hv1"}, {})


def test_a_fence_is_told_by_the_rules_of_recovery() -> None:
    told = preview_fence(cluster(HERE[0], PINNED), "hv1")
    assert (told.moved, set(told.parked)) == ({"web0": "hv2"}, {"db1"})


def test_nothing_is_done_to_what_is_not_there() -> None:
    assert preview_flush(cluster(), "hv1").lines == ()
    with pytest.raises(NotFound):
        preview_ready(cluster(), "hv9")
