"""The reporter writes what Ceph says, only under the lease, and says since when it has no answer."""

from __future__ import annotations

from typing import Any

import pytest

from nodedaemon.storage_reading import Heard, Look, Reading, Wanted
from nodedaemon.storage_records import StorageRecords
from nodedaemon.storage_reporter import HOLDERS_PAUSE, MAX_OSDS, REFRESH_EVERY_S, USE_EVERY_S, StorageReporter, lane_of
from pvccore.ceph.locks import Holders, Lock
from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict
from pvccore.model.storage import (
    Osd,
    Pool,
    Snapshot,
    StorageHealth,
    StorageStatus,
    Volume,
    volumes_key,
)
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.model.vm import Definition
from pvccore.model.volume_documents import shard_of
from pvccore.state.codec import MAX_DOCUMENT_BYTES
from pvccore.state.session import Session
from tests.nodedaemon.clocks import HandClock
from tests.operations.world import World, three_nodes

GB = 1 << 30


class HandReader:
    """Answers what the test says, when it says so: the newest question."""

    def __init__(self) -> None:
        self.asked: list[Wanted] = []
        self._open: list[tuple[Wanted, Heard]] = []

    def begin(self, wanted: Wanted, heard: Heard) -> None:
        assert lane_of(wanted) not in {lane_of(one) for one, _ in self._open}, "one question at a time of each lane"
        self.asked.append(wanted)
        self._open.append((wanted, heard))

    def answer(self, **facts: object) -> None:
        wanted, heard = self._open.pop()
        heard(Reading(wanted=wanted, **facts), "")  # type: ignore[arg-type]

    def fail(self, error: str) -> None:
        _, heard = self._open.pop()
        heard(None, error)


class Reporter:
    """A reporter on hv1 whose daemon leads as long as the test wants."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = HandClock()
        self.reader = HandReader()
        self.session = Session(world.store, world.schema, who="manager@hv1", wall_clock=self.clock.wall)
        self.lease = self.session.acquire_lease("hv1")
        self.leads = True
        self.loop = StorageReporter("hv1", self.session, self.clock, self.reader, self, lambda: None)

    @property
    def led(self) -> tuple[Cluster, str] | None:
        return (self.world.load(), self.lease) if self.leads else None

    def overview(self, *names: str) -> None:
        """One whole look at a storage with these volumes."""
        self.loop.step()
        assert self.reader.asked[-1].look is Look.OVERVIEW
        self.reader.answer(
            took_s=1.5,
            status=StorageStatus(health=StorageHealth.OK),
            osds=(Osd(id=0, node="hv1"),),
            pools=(Pool(name="vms", volumes=len(names)),),
            names={"vms": names},
        )
        self.loop.step()


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(three_nodes())


def test_an_overview_is_stored_with_when_and_by_whom(reporter: Reporter) -> None:
    reporter.overview("a", "b")
    storage = reporter.world.load().storage
    assert storage.status.at == reporter.clock.wall()
    assert (storage.status.by, storage.status.took_s, storage.status.health) == ("hv1", 1.5, StorageHealth.OK)
    assert storage.osd(0).node == "hv1"
    assert sorted(storage.volumes["vms"]) == ["a", "b"]


def test_new_volumes_are_looked_at_one_by_one_and_what_is_gone_is_forgotten(reporter: Reporter) -> None:
    reporter.overview("a", "b")
    assert reporter.reader.asked[-1] == Wanted(look=Look.VOLUMES, pool="vms", names=("a", "b"))
    reporter.reader.answer(volumes={"a": Volume(name="a", size_bytes=GB), "b": None})
    reporter.loop.step()
    volumes = reporter.world.load().storage.volumes["vms"]
    assert list(volumes) == ["a"]
    assert volumes["a"].size_bytes == GB


def test_many_new_volumes_are_looked_at_all_together(reporter: Reporter) -> None:
    reporter.overview(*(f"v{number}" for number in range(50)))
    assert reporter.reader.asked[-1] == Wanted(look=Look.POOL, pool="vms")


def test_dear_looks_take_a_small_share_of_the_time(reporter: Reporter) -> None:
    reporter.overview("a")
    reporter.reader.answer(volumes={"a": Volume(name="a", size_bytes=GB)})
    reporter.loop.step()
    assert reporter.reader.asked[-1] == Wanted(look=Look.POOL, pool="vms")
    reporter.reader.answer(took_s=30.0, volumes={"a": Volume(name="a", size_bytes=GB)})
    reporter.loop.step()
    asked = len(reporter.reader.asked)
    reporter.clock.now_s += REFRESH_EVERY_S - 1
    reporter.loop.step()
    assert len(reporter.reader.asked) == asked
    reporter.clock.now_s += 300
    reporter.overview("a")
    assert reporter.reader.asked[-1] == Wanted(look=Look.POOL, pool="vms")


def test_use_is_measured_seldom_and_kept_by_cheaper_looks(reporter: Reporter) -> None:
    reporter.overview("a")
    reporter.reader.answer(volumes={"a": Volume(name="a", size_bytes=GB)})
    reporter.loop.step()
    reporter.reader.answer(volumes={"a": Volume(name="a", size_bytes=GB)})
    reporter.loop.step()
    assert reporter.reader.asked[-1] == Wanted(look=Look.USE, pool="vms")
    reporter.reader.answer(used_bytes={"a": 42})
    reporter.loop.step()
    assert reporter.world.load().storage.volumes["vms"]["a"].used_bytes == 42
    reporter.clock.now_s += USE_EVERY_S / 2
    reporter.overview("a")
    assert reporter.reader.asked[-1] == Wanted(look=Look.POOL, pool="vms")
    reporter.reader.answer(volumes={"a": Volume(name="a", size_bytes=2 * GB)})
    reporter.loop.step()
    found = reporter.world.load().storage.volumes["vms"]["a"]
    assert (found.size_bytes, found.used_bytes) == (2 * GB, 42)


def test_no_answer_is_told_with_since_when_and_the_figures_keep_their_age(reporter: Reporter) -> None:
    reporter.overview("a")
    seen_at = reporter.clock.wall()
    reporter.reader.fail("rbd did not answer within 10 s")
    for _ in range(2):
        reporter.clock.now_s += REFRESH_EVERY_S
        reporter.loop.step()
        reporter.reader.fail("ceph did not answer within 30 s")
        reporter.loop.step()
    status = reporter.world.load().storage.status
    assert status.error == "ceph did not answer within 30 s"
    assert status.at == seen_at
    assert status.error_since == seen_at + REFRESH_EVERY_S
    assert status.health is StorageHealth.OK
    reporter.clock.now_s += REFRESH_EVERY_S
    reporter.overview("a")
    assert reporter.world.load().storage.status.error == ""


def test_what_a_task_has_done_is_looked_at_at_once(reporter: Reporter) -> None:
    reporter.overview()
    task = Task(key="1", verb="storage volume add", arguments={"volume": "vms/new"}, state=TaskState.DONE)
    reporter.loop.step()
    reporter.world.write(Kind.TASK, "1", None, task)
    reporter.loop.step()
    assert [one.look for one in reporter.reader.asked] == [Look.OVERVIEW, Look.OVERVIEW]


def test_who_does_not_lead_asks_nothing(reporter: Reporter) -> None:
    reporter.leads = False
    reporter.loop.step()
    assert reporter.reader.asked == []


def test_who_lost_the_lease_writes_nothing(reporter: Reporter) -> None:
    reporter.loop.step()
    reporter.session.release_lease()
    reporter.reader.answer(status=StorageStatus(health=StorageHealth.OK))
    with pytest.raises(Conflict):
        reporter.loop.step()
    assert not reporter.world.load().storage.status.is_known


def test_a_successor_goes_on_from_what_is_stored(reporter: Reporter) -> None:
    reporter.overview("a")
    reporter.session.release_lease()
    reporter.leads = False
    successor = Reporter(reporter.world)
    successor.overview("a", "b")
    assert sorted(reporter.world.load().storage.volumes["vms"]) == ["a", "b"]


def test_an_unreadable_document_is_written_anew(reporter: Reporter) -> None:
    reporter.overview("a")
    path = reporter.world.schema.path(Kind.OSDS)
    (znode,) = reporter.world.store.read([path])
    assert znode is not None
    from pvccore.state.store import Put

    reporter.world.store.commit([Put(path, b"?", znode.version)])
    reporter.session.release_lease()
    Reporter(reporter.world).overview("a")
    assert reporter.world.load().storage.osd(0).node == "hv1"


def test_who_has_a_vms_volume_open_is_asked_now_and_then_and_kept_by_other_looks(reporter: Reporter) -> None:
    reporter.world.add_vm("web1", "hv1", definition=Definition(memory_mb=1024, volumes=("vms/a",)))
    reporter.overview("a")
    locked = Volume(name="a", size_bytes=GB, is_locked=True)
    answers: list[dict[str, Any]] = [{"volumes": {"a": locked}}, {"volumes": {"a": locked}}, {"used_bytes": {}}]
    for answer in answers:
        reporter.reader.answer(**answer)
        reporter.loop.step()
    assert reporter.reader.asked[-1] == Wanted(look=Look.HOLDERS, pool="vms", names=("a",))
    lock = Lock(cookie="auto 1", locker="client.1", address="10.0.0.1")
    holders = Holders(volume="vms/a", locks=(lock,), watchers=("10.0.0.1", "10.0.0.2"))
    reporter.reader.answer(took_s=2.0, holders={"a": holders})
    reporter.loop.step()
    reporter.clock.now_s += 2.0 * HOLDERS_PAUSE - 1
    reporter.overview("a")
    assert reporter.reader.asked[-1].look is Look.OVERVIEW, "who has it open is not asked yet"
    reporter.clock.now_s += 120
    reporter.overview("a")
    assert reporter.reader.asked[-1] == Wanted(look=Look.POOL, pool="vms")
    reporter.reader.answer(volumes={"a": locked})
    reporter.loop.step()
    found = reporter.world.load().storage.volumes["vms"]["a"]
    assert (found.is_locked, found.lock_holder, found.watchers) == (True, "10.0.0.1", ("10.0.0.1", "10.0.0.2"))
    assert found.opened_at > 0


def test_an_overview_waits_for_no_dearer_look(reporter: Reporter) -> None:
    reporter.overview("a")
    assert reporter.reader.asked[-1].look is Look.VOLUMES
    reporter.clock.now_s += REFRESH_EVERY_S
    reporter.overview("a", "b")
    assert sorted(reporter.world.load().storage.volumes["vms"]) == ["a", "b"]
    assert [one.look for one in reporter.reader.asked] == [Look.OVERVIEW, Look.VOLUMES, Look.OVERVIEW]


def test_which_volumes_a_pool_has_the_newest_overview_tells(reporter: Reporter) -> None:
    reporter.overview("a", "b")
    for _ in range(2):
        reporter.reader.answer(volumes={name: Volume(name=name, size_bytes=GB) for name in ("a", "b")})
        reporter.loop.step()
    reporter.reader.answer()
    reporter.loop.step()
    reporter.clock.now_s += 300
    reporter.overview("a", "b")
    assert reporter.reader.asked[-1].look is Look.POOL
    reporter.clock.now_s += REFRESH_EVERY_S
    reporter.overview("b", "c")
    reporter.reader.answer(volumes={name: Volume(name=name, size_bytes=2 * GB) for name in ("a", "b")})
    reporter.loop.step()
    volumes = reporter.world.load().storage.volumes["vms"]
    assert {name: one.size_bytes for name, one in volumes.items()} == {"b": 2 * GB, "c": 0}


def test_volumes_that_could_not_be_looked_at_are_looked_at_later(reporter: Reporter) -> None:
    reporter.overview("a")
    reporter.reader.fail("rbd did not answer within 10 s")
    reporter.loop.step()
    reporter.overview("a")
    assert reporter.reader.asked[-1] == Wanted(look=Look.VOLUMES, pool="vms", names=("a",))


def test_a_pool_that_cant_be_listed_keeps_its_volumes_and_says_why(reporter: Reporter) -> None:
    reporter.overview("a")
    reporter.reader.answer(volumes={"a": Volume(name="a", size_bytes=GB)})
    reporter.loop.step()
    reporter.reader.answer(volumes={"a": Volume(name="a", size_bytes=GB)})
    reporter.loop.step()
    reporter.reader.answer()
    reporter.clock.now_s += REFRESH_EVERY_S
    reporter.loop.step()
    assert reporter.reader.asked[-1].look is Look.OVERVIEW
    reporter.reader.answer(pools=(Pool(name="vms", error="its volumes can't be listed: (13) denied"),))
    reporter.loop.step()
    known = reporter.world.load().storage
    assert list(known.volumes["vms"]) == ["a"]
    assert ("denied" in known.pool("vms").error, known.pool("vms").volumes) == (True, 1)
    assert reporter.reader.asked[-1].look is Look.OVERVIEW, "nothing else is asked of it"


def test_more_than_can_be_listed_is_complained_of(reporter: Reporter) -> None:
    reporter.loop.step()
    reporter.reader.answer(osds=tuple(Osd(id=number) for number in range(MAX_OSDS + 1)))
    reporter.loop.step()
    storage = reporter.world.load().storage
    assert len(storage.osds) == MAX_OSDS
    assert storage.status.checks[-1].summary == "only the first 2,000 of 2,001 OSDs are listed"


def test_a_document_that_cant_be_stored_does_not_stop_the_others(
    reporter: Reporter, caplog: pytest.LogCaptureFixture
) -> None:
    reporter.loop.step()
    reporter.reader.answer(osds=(Osd(id=0, device="x" * MAX_DOCUMENT_BYTES),), pools=(Pool(name="vms"),))
    reporter.loop.step()
    storage = reporter.world.load().storage
    assert (len(storage.osds), list(storage.pools), storage.status.is_known) == (0, ["vms"], True)
    assert "larger than" in caplog.text


def test_many_new_volumes_of_a_pool_that_was_looked_at_wait_for_its_share_of_the_time(reporter: Reporter) -> None:
    old = tuple(f"v{number}" for number in range(50))
    reporter.overview(*old)
    reporter.reader.answer(took_s=30.0, volumes={name: Volume(name=name) for name in old})
    reporter.loop.step()
    asked = len(reporter.reader.asked)
    reporter.clock.now_s += REFRESH_EVERY_S
    reporter.overview(*old, *(f"w{number}" for number in range(50)))
    assert [one.look for one in reporter.reader.asked[asked:]] == [Look.OVERVIEW]
    assert len(reporter.world.load().storage.volumes["vms"]) == 100
    reporter.clock.now_s += 300
    reporter.overview(*old, *(f"w{number}" for number in range(50)))
    assert reporter.reader.asked[-1] == Wanted(look=Look.POOL, pool="vms")


# Documents


def records(world: World) -> StorageRecords:
    found = StorageRecords(Session(world.store, world.schema, who="x", wall_clock=world.wall_clock))
    found.load()
    return found


def store_volumes(world: World, names: list[str]) -> int:
    """Write them as the reporter would, looking after each commit that none is missing; the number of commits."""
    kept = records(world)
    before = set(world.load().storage.volumes.get("vms", {}))
    changes = kept.volumes_changes("vms", {name: Volume(name=name) for name in names})
    for change in changes:
        world.setup.commit(change)
        kept.committed(change)
        seen = set(world.load().storage.volumes.get("vms", {}))
        assert before & set(names) <= seen, "a volume was missing for a moment"
    assert set(world.load().storage.volumes.get("vms", {})) == set(names)
    return len(changes)


def test_growing_and_shrinking_over_documents_never_loses_a_volume_for_a_moment() -> None:
    world = three_nodes()
    names = [f"v{number}" for number in range(5000)]
    assert store_volumes(world, names[:1000]) == 1
    assert store_volumes(world, names) == 8
    assert store_volumes(world, names[:100]) == 8
    assert store_volumes(world, []) == 1


def test_one_changed_volume_writes_one_document() -> None:
    world = three_nodes()
    names = [f"v{number}" for number in range(5000)]
    store_volumes(world, names)
    kept = records(world)
    assert kept.documents("vms") == 8
    volumes = kept.volumes("vms")
    volumes["v7"] = replace(volumes["v7"], snapshots=(Snapshot(name="s"),))
    (change,) = kept.volumes_changes("vms", volumes)
    assert [write.key for write in change.writes] == [volumes_key("vms", shard_of("v7", 8))]
    assert kept.volumes_changes("vms", kept.volumes("vms")) == []
