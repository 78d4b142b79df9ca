"""What every store does, memory and real ZooKeeper alike."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Conflict, Unavailable
from pvccore.model.struct import replace
from pvccore.state.store import CheckVersion, Connection, Create, Delete, Operation, Put, Store
from tests.state.worlds import World


@pytest.fixture
def store(world: World) -> Store:
    made = world.connect()
    made.commit([Create(world.root)])
    return made


def put(store: Store, path: str, data: bytes) -> None:
    store.commit([Put(path, data, -1)])


def test_reads_what_was_written_in_order_and_none_for_what_is_not_there(world: World, store: Store) -> None:
    store.commit([Create(f"{world.root}/a", b"1"), Create(f"{world.root}/b", b"2")])
    first, missing, second = store.read([f"{world.root}/a", f"{world.root}/none", f"{world.root}/b"])
    assert missing is None
    assert first is not None
    assert second is not None
    assert (first.data, first.version, first.owner) == (b"1", 0, 0)
    assert second.data == b"2"
    assert first.czxid == first.mzxid == second.czxid


def test_reads_one_after_the_other_what_it_reads_at_once(world: World, store: Store) -> None:
    paths = [f"{world.root}/{number:04}" for number in range(1200)]
    for start in range(0, len(paths), 400):
        store.commit([Create(path, path.encode()) for path in paths[start : start + 400]])
    asked = [*paths, f"{world.root}/none"]
    assert list(store.read_each(asked)) == store.read(asked)


def test_reads_nothing_for_no_paths(store: Store) -> None:
    assert store.read([]) == []
    assert list(store.read_each([])) == []
    assert store.children([]) == []
    assert store.commit([]) == []


def test_a_write_raises_the_version_and_the_zxid_of_writing_only(world: World, store: Store) -> None:
    path = f"{world.root}/a"
    store.commit([Create(path, b"1")])
    (before,) = store.read([path])
    assert store.commit([Put(path, b"2", 0)]) == [path]
    (after,) = store.read([path])
    assert before is not None
    assert after is not None
    assert (after.data, after.version, after.czxid) == (b"2", 1, before.czxid)
    assert after.mzxid > before.mzxid


def test_lists_children_sorted_and_none_for_no_parent(world: World, store: Store) -> None:
    store.commit([Create(f"{world.root}/{name}") for name in ("b", "a", "c")])
    assert store.children([world.root, f"{world.root}/none", f"{world.root}/a"]) == [["a", "b", "c"], None, []]


def test_reads_more_than_one_batch_in_order(world: World, store: Store) -> None:
    names = [f"n{number:04}" for number in range(1201)]
    for start in range(0, len(names), 400):
        store.commit([Create(f"{world.root}/{name}", name.encode()) for name in names[start : start + 400]])
    found = store.read([f"{world.root}/{name}" for name in names])
    assert [znode.data.decode() for znode in found if znode] == names
    assert store.children([world.root]) == [names]


def test_an_empty_document_is_empty_bytes(world: World, store: Store) -> None:
    store.commit([Create(f"{world.root}/a")])
    (znode,) = store.read([f"{world.root}/a"])
    assert znode is not None
    assert znode.data == b""


@pytest.mark.parametrize(
    "operation, reason",
    [
        (Create("/a"), "exists already"),
        (Create("/none/a"), "has no parent"),
        (Create("/ephemeral/a"), "can't be created under an ephemeral node"),
        (Put("/a", b"2", 7), "was changed meanwhile"),
        (Put("/a", b"2", -2), "was changed meanwhile"),
        (Put("/none", b"2", -1), "does not exist"),
        (Delete("/a", 7), "was changed meanwhile"),
        (Delete("/none"), "does not exist"),
        (Delete("/full"), "is not empty"),
        (CheckVersion("/a", 7), "was changed meanwhile"),
        (CheckVersion("/none"), "does not exist"),
    ],
    ids=repr,
)
def test_one_failing_operation_undoes_the_others_and_is_named(
    world: World, store: Store, operation: Operation, reason: str
) -> None:
    root = world.root
    store.commit(
        [
            Create(f"{root}/a", b"1"),
            Create(f"{root}/full"),
            Create(f"{root}/full/x"),
            Create(f"{root}/gone"),
            Create(f"{root}/ephemeral", ephemeral=True),
        ]
    )
    before = store.children([root])
    bad = replace(operation, path=root + operation.path)
    first: list[Operation] = [Create(f"{root}/new", b"n"), Create(f"{root}/seq-", sequential=True, ephemeral=True)]
    last: list[Operation] = [Put(f"{root}/a", b"9", 0), Delete(f"{root}/gone")]
    with pytest.raises(Conflict) as refused:
        store.commit([*first, bad, *last])
    assert refused.value.reason == reason
    assert refused.value.subject == bad.path
    assert store.children([root]) == before
    (kept,) = store.read([f"{root}/a"])
    assert kept is not None
    assert (kept.data, kept.version) == (b"1", 0)


def test_later_operations_of_a_multi_see_the_earlier_ones(world: World, store: Store) -> None:
    root = world.root
    made = store.commit(
        [
            Create(f"{root}/a"),
            Create(f"{root}/a/b", b"1"),
            Put(f"{root}/a/b", b"2", 0),
            CheckVersion(f"{root}/a/b", 1),
            Delete(f"{root}/a/b", 1),
            Delete(f"{root}/a"),
        ]
    )
    assert made == [f"{root}/a", f"{root}/a/b", f"{root}/a/b", f"{root}/a/b", f"{root}/a/b", f"{root}/a"]
    assert store.children([root]) == [[]]


def test_sequential_names_count_every_child_ever_created_there(world: World, store: Store) -> None:
    prefix = f"{world.root}/e-"
    assert store.commit([Create(prefix, sequential=True)]) == [prefix + "0000000000"]
    store.commit([Create(f"{world.root}/other")])
    store.commit([Delete(f"{world.root}/other")])
    made = store.commit([Create(prefix, sequential=True), Create(prefix, sequential=True)])
    assert made == [prefix + "0000000002", prefix + "0000000003"]


def test_a_failed_multi_uses_up_no_sequential_name(world: World, store: Store) -> None:
    prefix = f"{world.root}/e-"
    with pytest.raises(Conflict):
        store.commit([Create(prefix, sequential=True), CheckVersion(f"{world.root}/none")])
    assert store.commit([Create(prefix, sequential=True)]) == [prefix + "0000000000"]


def test_an_ephemeral_belongs_to_its_session_and_ends_with_it(world: World, store: Store) -> None:
    other = world.connect()
    path = other.commit([Create(f"{world.root}/s-", ephemeral=True, sequential=True)])[0]
    (znode,) = store.read([path])
    assert znode is not None
    assert znode.owner == other.session_id != store.session_id
    heard: list[str] = []
    store.watch(world.root, heard.append, recursive=True)
    other.close()
    world.eventually(lambda: heard == [path])
    assert store.read([path]) == [None]


def test_a_recursive_watch_tells_of_every_change_below_and_of_nothing_beside(world: World, store: Store) -> None:
    root = world.root
    store.commit([Create(f"{root}/in"), Create(f"{root}/inside"), Create(f"{root}/inside/x")])
    watcher, heard = world.connect(), list[str]()
    watcher.watch(f"{root}/in", heard.append, recursive=True)
    put(store, f"{root}/inside/x", b"no")
    store.commit([Create(f"{root}/in/a", b"1")])
    store.commit([Create(f"{root}/in/a/deep", b"1"), Put(f"{root}/in/a", b"2", 0)])
    store.commit([Delete(f"{root}/in/a/deep")])
    put(store, f"{root}/in", b"itself")
    expected = [f"{root}/in/a", f"{root}/in/a/deep", f"{root}/in/a", f"{root}/in/a/deep", f"{root}/in"]
    world.eventually(lambda: len(heard) >= len(expected))
    assert heard == expected


def test_a_plain_watch_tells_of_its_own_path_only_and_stays(world: World, store: Store) -> None:
    path, heard = f"{world.root}/a", list[str]()
    store.watch(path, heard.append, recursive=False)
    store.commit([Create(path)])
    store.commit([Create(f"{path}/below")])
    put(store, path, b"1")
    store.commit([Delete(f"{path}/below")])
    store.commit([Delete(path)])
    world.eventually(lambda: len(heard) >= 3)
    assert heard == [path] * 3


def test_two_watches_of_one_client_on_one_path_are_both_told(world: World, store: Store) -> None:
    plain, recursive = list[str](), list[str]()
    store.watch(world.root, recursive.append, recursive=True)
    store.watch(world.root, plain.append, recursive=False)
    store.commit([Create(f"{world.root}/a")])
    put(store, world.root, b"1")
    world.eventually(lambda: len(recursive) >= 2 and plain)
    assert recursive == [f"{world.root}/a", world.root]
    assert plain == [world.root]


def test_a_failed_multi_is_told_to_nobody(world: World, store: Store) -> None:
    heard: list[str] = []
    store.watch(world.root, heard.append, recursive=True)
    with pytest.raises(Conflict):
        store.commit([Create(f"{world.root}/a"), CheckVersion(f"{world.root}/none")])
    store.commit([Create(f"{world.root}/b")])
    world.eventually(lambda: heard)
    assert heard == [f"{world.root}/b"]


def test_every_answer_moves_the_moment_it_was_last_heard(world: World, store: Store) -> None:
    before_s = store.last_heard_s
    store.read([world.root])
    assert store.last_heard_s >= before_s > 0


def test_a_closed_session_answers_nothing(store: Store) -> None:
    store.close()
    assert store.connection is Connection.CLOSED
    with pytest.raises(Unavailable):
        store.read(["/"])
    with pytest.raises(Unavailable):
        store.commit([Create("/x")])


def test_the_service_goes_and_comes_back_under_a_client(world: World, store: Store) -> None:
    """The session lives on, and so do its ephemeral and its watch; what happened meanwhile is found by reading."""
    root, heard, states = world.root, list[str](), list[Connection]()
    session = store.session_id
    mine = store.commit([Create(f"{root}/s-", ephemeral=True, sequential=True)])[0]
    store.watch(root, heard.append, recursive=True)
    store.on_connection(states.append)
    world.go_down()
    assert store.connection is Connection.RECONNECTING
    with pytest.raises(Unavailable):
        store.read([root])
    with pytest.raises(Unavailable):
        store.commit([Create(f"{root}/lost")])
    world.come_up()
    assert states == [Connection.RECONNECTING, Connection.CONNECTED]
    assert store.session_id == session
    assert store.read([mine])[0] is not None
    writer = world.connect()
    writer.commit([Create(f"{root}/after")])
    world.eventually(lambda: f"{root}/after" in heard)
    assert store.children([root]) == [["after", mine.rpartition("/")[2]]]
