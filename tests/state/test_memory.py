"""The faults of a ZooKeeper in memory: what the simulated world and the fuzzer stand on."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Unavailable
from pvccore.state.memory import EPOCH_BITS, MemoryStore, MemoryTree
from pvccore.state.store import Connection, Create, Delete, Put
from tests.state.worlds import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tree(clock: Clock) -> MemoryTree:
    return MemoryTree(clock)


def with_ephemeral(tree: MemoryTree, name: str = "/s") -> MemoryStore:
    store = tree.connect(session_s=4.0)
    store.commit([Create(name, ephemeral=True)])
    return store


def state(store: MemoryStore) -> Connection:
    return store.connection


def test_a_client_cut_off_keeps_its_session_until_the_time_out(tree: MemoryTree, clock: Clock) -> None:
    store, other, heard = with_ephemeral(tree), tree.connect(), list[str]()
    other.watch("/s", heard.append, recursive=False)
    store.sever()
    assert tree.next_expiry_s() == clock.now_s + 4.0
    clock.now_s += 3.9
    assert tree.expire_due() == []
    assert other.read(["/s"])[0] is not None
    clock.now_s += 0.1
    assert tree.expire_due() == [store.session_id]
    assert heard == ["/s"]
    assert other.read(["/s"]) == [None]
    assert tree.next_expiry_s() is None


def test_a_client_back_in_time_has_its_old_session(tree: MemoryTree, clock: Clock) -> None:
    store, states = with_ephemeral(tree), list[Connection]()
    session = store.session_id
    store.on_connection(states.append)
    store.sever()
    with pytest.raises(Unavailable) as refused:
        store.read(["/"])
    assert not refused.value.in_doubt
    clock.now_s += 3.0
    store.restore()
    clock.now_s += 3.0
    assert tree.expire_due() == []
    assert store.session_id == session
    assert states == [Connection.RECONNECTING, Connection.CONNECTED]


def test_a_client_back_too_late_is_told_of_the_loss_and_has_a_new_session(tree: MemoryTree, clock: Clock) -> None:
    store, states, heard = with_ephemeral(tree), list[Connection](), list[str]()
    session = store.session_id
    store.on_connection(states.append)
    store.watch("/", heard.append, recursive=True)
    store.sever()
    clock.now_s += 5.0
    tree.expire_due()
    assert heard == []
    store.restore()
    assert states == [Connection.RECONNECTING, Connection.LOST, Connection.CONNECTED]
    assert store.session_id not in {0, session}
    tree.connect().commit([Create("/new")])
    assert heard == ["/new"]


def test_a_hanging_client_notices_at_its_next_call(tree: MemoryTree, clock: Clock) -> None:
    store = with_ephemeral(tree)
    store.sever(noticed=False)
    assert state(store) is Connection.CONNECTED
    clock.now_s += 5.0
    assert tree.expire_due() == [store.session_id]
    assert store.last_heard_s == clock.now_s - 5.0
    with pytest.raises(Unavailable):
        store.commit([Put("/s", b"mine", -1)])
    assert state(store) is Connection.RECONNECTING


def test_the_moment_last_heard_stands_still_while_cut_off(tree: MemoryTree, clock: Clock) -> None:
    store = tree.connect()
    clock.now_s += 10.0
    assert store.last_heard_s == clock.now_s
    store.sever()
    clock.now_s += 2.0
    assert store.last_heard_s == clock.now_s - 2.0


def test_a_service_that_was_away_gives_every_session_its_full_time_again(tree: MemoryTree, clock: Clock) -> None:
    severed, connected = with_ephemeral(tree, "/a"), with_ephemeral(tree, "/b")
    severed.sever()
    clock.now_s += 3.0
    tree.go_down()
    assert state(connected) is Connection.RECONNECTING
    clock.now_s += 60.0
    assert tree.expire_due() == []
    assert tree.next_expiry_s() is None
    tree.come_up()
    assert state(connected) is Connection.CONNECTED
    assert tree.expire_due() == []
    clock.now_s += 3.9
    assert tree.expire_due() == []
    clock.now_s += 0.1
    assert tree.expire_due() == [severed.session_id]
    assert connected.read(["/a", "/b"])[0] is None
    assert connected.read(["/b"])[0] is not None


def test_a_new_epoch_begins_when_the_service_comes_up(tree: MemoryTree) -> None:
    store = with_ephemeral(tree)
    (before,) = store.read(["/s"])
    tree.go_down()
    tree.come_up()
    store.commit([Create("/later")])
    (after,) = store.read(["/later"])
    assert before is not None
    assert after is not None
    assert after.czxid >> EPOCH_BITS == (before.czxid >> EPOCH_BITS) + 1


def test_a_client_mended_while_the_service_is_away_returns_with_it(tree: MemoryTree, clock: Clock) -> None:
    expired, alive = with_ephemeral(tree, "/a"), with_ephemeral(tree, "/b")
    sessions = {expired.session_id, alive.session_id}
    expired.sever()
    clock.now_s += 5.0
    tree.expire_due()
    alive.sever()
    tree.go_down()
    expired.restore()
    alive.restore()
    assert {expired.connection, alive.connection} == {Connection.RECONNECTING}
    tree.come_up()
    assert {expired.connection, alive.connection} == {Connection.CONNECTED}
    assert alive.session_id in sessions
    assert expired.session_id not in sessions
    assert tree.next_expiry_s() is None
    assert alive.read(["/a", "/b"])[0] is None


def test_a_lost_answer_leaves_the_writer_in_doubt_and_the_write_done(tree: MemoryTree) -> None:
    store = tree.connect()
    store.lose_answer()
    with pytest.raises(Unavailable) as refused:
        store.commit([Create("/a")])
    assert refused.value.in_doubt
    assert store.read(["/a"])[0] is not None
    store.commit([Create("/b")])


def test_a_client_that_closes_while_cut_off_lets_its_session_run_out(tree: MemoryTree, clock: Clock) -> None:
    store = with_ephemeral(tree)
    store.sever()
    store.close()
    assert "/s" in tree.dump()
    clock.now_s += 4.0
    tree.expire_due()
    assert "/s" not in tree.dump()
    store.restore()
    assert store.connection is Connection.CLOSED


def test_cutting_twice_and_mending_what_is_whole_changes_nothing(tree: MemoryTree, clock: Clock) -> None:
    store = with_ephemeral(tree)
    store.restore()
    store.sever()
    due_s = tree.next_expiry_s()
    clock.now_s += 1.0
    store.sever()
    assert tree.next_expiry_s() == due_s


def test_an_ephemeral_deleted_by_another_is_not_deleted_again_with_its_session(tree: MemoryTree) -> None:
    store, other = with_ephemeral(tree), tree.connect()
    (znode,) = other.read(["/s"])
    assert znode is not None
    other.commit([Delete("/s")])
    other.commit([Create("/s", b"another's")])
    store.close()
    (kept,) = other.read(["/s"])
    assert kept is not None
    assert kept.data == b"another's"
