"""How a decision becomes a commit: lost races, lost answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict, Refused, Unavailable
from pvccore.model.struct import replace
from pvccore.model.vm import VmState, Wanted
from pvccore.operations.metadata import meta
from pvccore.operations.nodes import flush
from pvccore.operations.operator import ATTEMPTS, Operator, progress_now
from pvccore.operations.vms import start, stop
from pvccore.plan.outcome import Aim, Goal
from pvccore.state.memory import MemoryStore
from pvccore.state.session import Session
from pvccore.state.store import Operation, Put
from tests.operations.world import World


class Meddled:
    """A store to whose commits something happens: a rival writes first, or the answer is lost."""

    def __init__(self, store: MemoryStore, commit: Callable[[Sequence[Operation]], list[str]]) -> None:
        self._store = store
        self.commit = commit

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def seat_of(
    world: World,
    commit: Callable[[Sequence[Operation]], list[str]],
    reload: Callable[[], Cluster] | None = None,
) -> Operator:
    session = Session(Meddled(world.store, commit), world.schema, who="anna@ops1", wall_clock=world.wall_clock)  # type: ignore[arg-type]
    return replace(world.operator, session=session, reload=reload)


def rival_first(world: World, times: int) -> Callable[[Sequence[Operation]], list[str]]:
    """Somebody else changes web1 before each of the first `times` commits."""
    left = [times]

    def commit(operations: Sequence[Operation]) -> list[str]:
        if left[0] > 0:
            left[0] -= 1
            world.place("web1", crashes=world.vm("web1").placement.crashes + 1)
        return world.store.commit(operations)

    return commit


def answer_lost(world: World, *, arrives: bool) -> Callable[[Sequence[Operation]], list[str]]:
    """The connection breaks at the first commit, after or before it was carried out."""
    broken: list[bool] = []

    def commit(operations: Sequence[Operation]) -> list[str]:
        if broken:
            return world.store.commit(operations)
        broken.append(True)
        if arrives:
            world.store.commit(operations)
        raise Unavailable("the connection broke", in_doubt=True)

    return commit


@pytest.fixture
def stopped(world: World) -> World:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    return world


def test_a_lost_race_is_decided_anew(stopped: World) -> None:
    start(seat_of(stopped, rival_first(stopped, ATTEMPTS - 1)), "web1")
    placement = stopped.vm("web1").placement
    assert (placement.wanted, placement.crashes) == (Wanted.RUNNING, 0)


def test_a_race_that_is_always_lost_is_a_conflict(stopped: World) -> None:
    with pytest.raises(Conflict, match="placement of web1"):
        start(seat_of(stopped, rival_first(stopped, ATTEMPTS)), "web1")
    assert stopped.vm("web1").placement.wanted is Wanted.STOPPED


def test_a_decision_after_a_conflict_sees_the_newest_cluster(stopped: World) -> None:
    seen = stopped.load()
    stopped.place("web1", wanted=Wanted.RUNNING, state=VmState.RUNNING)
    hasty = replace(stopped.operator, cluster=lambda: seen, reload=stopped.load)
    with pytest.raises(Refused, match="web1: it is running already"):
        start(hasty, "web1")


def test_our_own_success_is_never_called_a_refusal(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.FAILED)

    def after_the_doubt() -> Cluster:
        vm = world.vm("web1")
        if vm.placement.wanted is Wanted.STOPPED:
            world.write(Kind.PLACEMENT, vm.uuid, vm.placement, replace(vm.placement, crashes=1))
        return world.load()

    result = stop(seat_of(world, answer_lost(world, arrives=True), reload=after_the_doubt), "web1")
    assert result.text == "web1 is not wanted running any more"
    assert [entry.what for entry in world.load().journal].count("stop web1") == 1


def test_a_request_that_did_not_arrive_is_made_again(stopped: World) -> None:
    assert start(seat_of(stopped, answer_lost(stopped, arrives=False)), "web1").changed
    assert stopped.vm("web1").placement.wanted is Wanted.RUNNING


def test_the_same_words_of_yesterday_are_not_taken_for_ours(stopped: World) -> None:
    start(stopped.operator, "web1")
    stopped.place("web1", wanted=Wanted.STOPPED)
    start(seat_of(stopped, answer_lost(stopped, arrives=False)), "web1")
    assert stopped.vm("web1").placement.wanted is Wanted.RUNNING


def test_a_doubt_that_can_not_be_resolved_stays_one(stopped: World) -> None:
    def away() -> Cluster:
        raise Unavailable("no ZooKeeper answers")

    with pytest.raises(Unavailable, match="whether the request was carried out is not known") as caught:
        start(seat_of(stopped, answer_lost(stopped, arrives=True), reload=away), "web1")
    assert caught.value.in_doubt


def test_a_connection_that_broke_before_is_no_doubt(stopped: World) -> None:
    def commit(operations: Sequence[Operation]) -> list[str]:
        raise Unavailable("no ZooKeeper answers")

    with pytest.raises(Unavailable) as caught:
        start(seat_of(stopped, commit), "web1")
    assert not caught.value.in_doubt


def test_an_outage_after_a_conflict_is_said_as_it_is(stopped: World) -> None:
    def away() -> Cluster:
        raise Unavailable("no ZooKeeper answers")

    with pytest.raises(Unavailable) as caught:
        start(seat_of(stopped, rival_first(stopped, 1), reload=away), "web1")
    assert not caught.value.in_doubt


def test_progress_is_read_from_the_newest_cluster(stopped: World) -> None:
    goal = Goal(aim=Aim.AT_REST, vm=stopped.vm("web1").uuid)
    assert progress_now(stopped.operator, goal).done


def test_a_record_that_can_not_be_read_is_not_written_over(stopped: World) -> None:
    uuid = stopped.vm("web1").uuid
    stopped.store.commit([Put(stopped.schema.path(Kind.PLACEMENT, uuid), b"{", -1)])
    with pytest.raises(Refused, match="web1: its placement record can't be read"):
        start(stopped.operator, "web1")
    stopped.store.commit(
        [Put(stopped.schema.path(Kind.DEFINITION, uuid), b'{"name": "web1", "memory_mb": "much"}', -1)]
    )
    with pytest.raises(Refused, match="its definition record can't be read"):
        meta(stopped.operator, uuid, {"tags": "a"})


def test_a_node_that_was_flushed_meanwhile_gets_no_vm(stopped: World) -> None:
    seen = [stopped.load()]
    flush(stopped.operator, "hv1")
    hasty = replace(stopped.operator, cluster=lambda: seen.pop() if seen else stopped.load())
    with pytest.raises(Refused, match="hv1 is flushing"):
        start(hasty, "web1")
    assert stopped.vm("web1").placement.wanted is Wanted.STOPPED


def test_a_dry_run_decides_and_commits_nothing(stopped: World) -> None:
    before = stopped.load()
    result = start(replace(stopped.operator, dry_run=True), "web1")
    assert (result.text, result.changed) == ("would do: start web1", False)
    assert stopped.load() == before
