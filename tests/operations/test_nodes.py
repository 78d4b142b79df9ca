"""Nodes by a person's word."""

from __future__ import annotations

import pytest

from pvccore.model.change import Kind
from pvccore.model.errors import Conflict, Invalid, NotFound, Refused
from pvccore.model.fence import Fence, FenceCause, FencePhase
from pvccore.model.node import ReadinessState, WantedReadiness
from pvccore.model.vm import Definition, Placement, VmState
from pvccore.operations.cluster import maintenance_on
from pvccore.operations.nodes import confirm_off, fence, flush, ready, remove
from tests.operations.world import World


def test_a_flush_and_its_reversal(world: World) -> None:
    flush(world.operator, "hv1", reason="replace fan")
    readiness = world.node("hv1").readiness
    assert (readiness.wanted, readiness.state) == (WantedReadiness.FLUSHED, ReadinessState.FLUSHING)
    assert (readiness.by, readiness.reason) == ("anna@ops1", "replace fan")
    assert not flush(world.operator, "hv1").changed
    ready(world.operator, "hv1")
    readiness = world.node("hv1").readiness
    assert (readiness.wanted, readiness.state) == (WantedReadiness.READY, ReadinessState.READYING)
    assert world.last_entry() == ("anna@ops1", "ready hv1")


def test_a_dead_node_is_not_made_ready(world: World) -> None:
    flush(world.operator, "hv1")
    world.kill("hv1")
    with pytest.raises(Refused, match="hv1: its daemon is not there"):
        ready(world.operator, "hv1")


def test_a_person_fences_a_node(world: World) -> None:
    result = fence(world.operator, "hv1", reason="it smokes")
    record = world.node("hv1").fence
    assert (record.phase, record.cause, record.round) == (FencePhase.REQUESTED, FenceCause.PERSON, 1)
    assert (record.boot_id, record.by, record.reason) == ("boot-of-hv1", "anna@ops1", "it smokes")
    assert result.goal is not None
    assert result.goal.round == 1
    assert world.last_entry() == ("anna@ops1", "fence hv1: requested")


def test_nobody_is_fenced_in_maintenance(world: World) -> None:
    maintenance_on(world.operator)
    with pytest.raises(Refused, match="hv1: maintenance is on"):
        fence(world.operator, "hv1")


def test_maintenance_switched_on_meanwhile_stops_the_fence(world: World) -> None:
    seen = world.load()
    maintenance_on(world.operator)
    hasty = world.seat("ben@ops2", lambda: seen)
    with pytest.raises(Conflict, match="maintenance"):
        fence(hasty, "hv1")
    assert world.node("hv1").fence.phase is FencePhase.NONE


def test_a_persons_word_that_it_is_off_is_evidence_of_a_new_round(world: World) -> None:
    world.kill("hv1")
    maintenance_on(world.operator)
    confirm_off(world.operator, "hv1", reason="pulled its plug")
    record = world.node("hv1").fence
    assert (record.phase, record.cause, record.round) == (FencePhase.POWERED_OFF, FenceCause.PERSON, 1)
    assert record.proof is not None
    assert (record.proof.agent, record.proof.boot_id) == ("person", "boot-of-hv1")
    assert record.proof.text == "confirmed off by anna@ops1: pulled its plug"
    assert record.proof.seen_zxid == world.node("hv1").report.zxid


def test_a_persons_word_ends_a_fence_that_failed(world: World) -> None:
    world.kill("hv1")
    before = world.node("hv1").fence
    failed = Fence(phase=FencePhase.FAILED, round=4, boot_id="boot-of-hv1", error="no BMC", attempts=2)
    world.write(Kind.FENCE, "hv1", before, failed)
    confirm_off(world.operator, "hv1")
    record = world.node("hv1").fence
    assert (record.phase, record.cause, record.round) == (FencePhase.POWERED_OFF, FenceCause.ABSENT, 4)
    assert (record.error, record.attempts) == ("", 2)
    assert record.proof is not None


def test_a_living_node_is_not_believed_to_be_off(world: World) -> None:
    with pytest.raises(Refused, match="hv1: its daemon is alive, so it can't be off"):
        confirm_off(world.operator, "hv1")


def test_a_removed_node_leaves_nothing_behind(world: World) -> None:
    before = set(world.tree.dump())
    world.add_node("hv4")
    world.kill("hv4")
    remove(world.operator, "hv4")
    assert {path for path in set(world.tree.dump()) - before if "/journal/" not in path} == set()


def test_a_node_that_is_named_is_removed_only_by_force(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    world.add_vm("db1", "hv2", definition=Definition(memory_mb=512, node_limit=("hv1", "hv2")))
    world.add_vm("app1", "hv3", placement=Placement(previous_node="hv1"))
    world.kill("hv1")
    with pytest.raises(
        Refused, match="named by 3 VMs: app1 belongs on it, db1 has it in its node limit, web1 is placed"
    ):
        remove(world.operator, "hv1")
    remove(world.operator, "hv1", force=True)
    cluster = world.load()
    assert "hv1" not in cluster.nodes
    assert cluster.vm("web1").node in {"hv2", "hv3"}
    assert cluster.vm("db1").definition.node_limit == ("hv2",)
    assert cluster.vm("app1").placement.previous_node == ""


def test_a_living_node_is_not_removed(world: World) -> None:
    with pytest.raises(Refused, match="hv1: its daemon is alive"):
        remove(world.operator, "hv1", force=True)


@pytest.mark.parametrize("verb", [flush, ready, fence, confirm_off, remove])
def test_an_unknown_node_is_not_found(world: World, verb: object) -> None:
    assert callable(verb)
    with pytest.raises(NotFound, match="no node 'hv9'"):
        verb(world.operator, "hv9")


@pytest.mark.parametrize("reason", ["x" * 257, "two\nlines", "\x1b[31mred"])
def test_a_reason_must_be_fit_to_be_shown(world: World, reason: str) -> None:
    with pytest.raises(Invalid, match="reason"):
        fence(world.operator, "hv1", reason=reason)
