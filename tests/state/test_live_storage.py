"""The storage and the tasks of the live snapshot: what was written is there, what was not touched is shared."""

from __future__ import annotations

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Delta
from pvccore.model.record import Record
from pvccore.model.storage import Osd, Osds, Pool, Pools, PoolVolumes, StorageStatus, Volume, volumes_key
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.state.live import LiveCluster
from pvccore.state.store import Create, Put
from tests.state.clusters import Lab

KEY = "1700000000-00000001"


def put(lab: Lab, kind: Kind, after: Record | None, *, key: str = "", before: Record | None = None) -> None:
    lab.session.commit(Change(writes=(Write(kind=kind, key=key, before=before, after=after),), quiet=True))


def filled(lab: Lab) -> None:
    put(lab, Kind.STORAGE_STATUS, StorageStatus(at=1.0, flags=("noout",)))
    put(lab, Kind.OSDS, Osds(osds=(Osd(id=0, node="hv1"), Osd(id=1, node="hv2"))))
    put(lab, Kind.POOLS, Pools(pools=(Pool(name="vms", replicas=3),)))
    put(lab, Kind.VOLUMES, PoolVolumes(pool="vms", shards=2, volumes=(Volume(name="a"),)), key=volumes_key("vms", 0))
    put(lab, Kind.VOLUMES, PoolVolumes(pool="vms", shards=2, volumes=(Volume(name="b"),)), key=volumes_key("vms", 1))


def test_everything_written_is_seen_and_named_in_the_difference(lab: Lab) -> None:
    filled(lab)
    put(lab, Kind.TASK, Task(key=KEY, verb="storage pool add"), key=KEY)
    cluster, delta = lab.live.refresh()
    assert delta == Delta(storage=True, volumes=frozenset({"vms"}), tasks=frozenset({KEY}))
    assert cluster.storage.status.flags == ("noout",)
    assert cluster.storage.osd(1).node == "hv2"
    assert cluster.storage.pool("vms").replicas == 3
    assert sorted(cluster.storage.volumes["vms"]) == ["a", "b"]
    assert cluster.task(KEY).verb == "storage pool add"


def test_a_cold_load_sees_the_same(lab: Lab) -> None:
    filled(lab)
    put(lab, Kind.TASK, Task(key=KEY, verb="storage pool add"), key=KEY)
    seen = lab.live.refresh()[0]
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock)
    live.start()
    fresh = live.refresh()[0]
    assert fresh.storage == seen.storage
    assert fresh.tasks == seen.tasks


def test_one_change_shares_all_the_rest(lab: Lab) -> None:
    filled(lab)
    before = lab.live.refresh()[0]
    put(lab, Kind.STORAGE_STATUS, replace(before.storage.status, error="away"), before=before.storage.status)
    after, delta = lab.live.refresh()
    assert delta == Delta(storage=True)
    assert after.storage.status.error == "away"
    assert after.storage.volumes is before.storage.volumes
    assert after.storage.osds is before.storage.osds
    assert after.vms is before.vms
    assert after.tasks is before.tasks


def test_a_pool_whose_documents_are_gone_has_no_volumes(lab: Lab) -> None:
    filled(lab)
    lab.live.refresh()
    for shard in (0, 1):
        gone = PoolVolumes(version=0)
        put(lab, Kind.VOLUMES, None, key=volumes_key("vms", shard), before=gone)
    cluster, delta = lab.live.refresh()
    assert delta.volumes == {"vms"}
    assert cluster.storage.volumes == {}


def test_a_task_that_can_not_be_read_is_shown_as_failed_and_nobody_claims_it(lab: Lab) -> None:
    lab.store.commit([Create(lab.schema.path(Kind.TASK, KEY), b"{")])
    task = lab.live.refresh()[0].task(KEY)
    assert task.state is TaskState.FAILED
    assert task.key == KEY
    assert "can't be read" in task.error


def test_a_task_goes_by_the_name_it_is_stored_under(lab: Lab) -> None:
    put(lab, Kind.TASK, Task(key="another"), key=KEY)
    assert lab.live.refresh()[0].task(KEY).key == KEY


def test_status_that_can_not_be_read_is_an_error_of_the_storage(lab: Lab) -> None:
    filled(lab)
    lab.live.refresh()
    path = lab.schema.path(Kind.STORAGE_STATUS)
    lab.store.commit([Put(path, b"[]", 0)])
    assert "can't be read" in lab.live.refresh()[0].storage.status.error
