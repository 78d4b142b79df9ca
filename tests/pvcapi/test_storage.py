from __future__ import annotations

import pytest

from pvccore.model.task import TaskState
from tests.operations.world import World
from tests.pvcapi.stand import Api, error
from tests.pvcapi.storing import GB, with_storage, with_task

CEPH = "/api/v1/storage/ceph"


@pytest.fixture(autouse=True)
def storage(world: World) -> World:
    return with_storage(world)


def test_the_storage_is_shown(api: Api) -> None:
    status = api.get(f"{CEPH}/status").json()
    assert (status["health"], status["osds"]) == ("warning", {"total": 2, "up": 1, "in": 0})
    full = api.get(f"{CEPH}/utilization").json()
    assert (full["used_bytes"], full["pools"][0]["pool"]) == (10**14, "vms")
    assert [one["osd"] for one in api.get(f"{CEPH}/osd?node=hv2").json()] == [1]
    assert api.get(f"{CEPH}/osd/0").json()["up"] is True
    assert api.get(f"{CEPH}/pool").headers["X-Total-Count"] == "1"
    assert api.get(f"{CEPH}/pool/vms").json()["available_bytes"] == 500 * GB
    assert [one["volume"] for one in api.get(f"{CEPH}/volume?pool=vms&limit=5").json()] == ["vms/data"]
    assert api.get(f"{CEPH}/volume/vms/data").json()["snapshots"] == 1
    assert [one["name"] for one in api.get(f"{CEPH}/snapshot").json()] == ["then"]
    assert api.get(f"{CEPH}/snapshot/vms/data/then").json()["volume"] == "vms/data"


@pytest.mark.parametrize(
    "path",
    ["osd/9", "pool/x", "volume/x/y", "volume/vms/y", "volume?pool=x", "snapshot?pool=x", "snapshot/vms/data/x"],
)
def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    assert api.get(f"{CEPH}/{path}").status_code == 404


@pytest.mark.parametrize(
    "method,path,body,verb",
    [
        ("POST", "option", {"action": "set", "option": "noout"}, "storage osd set"),
        ("POST", "option", {"action": "unset", "option": "noout"}, "storage osd unset"),
        ("POST", "osd?confirmed=true", {"node": "hv1", "device": "/dev/sdb"}, "storage osd add"),
        ("POST", "osd/0/state", {"state": "out"}, "storage osd out"),
        ("DELETE", "osd/1?confirmed=true&force=true", None, "storage osd remove"),
        ("POST", "pool", {"pool": "fast", "pgs": 32}, "storage pool add"),
        ("PUT", "pool/vms", {"pgs": 64}, "storage pool set-pgs"),
        ("DELETE", "pool/vms?confirmed=true&force=true", None, "storage pool remove"),
        ("POST", "volume", {"pool": "vms", "volume": "new", "size": "20G"}, "storage volume add"),
        ("PUT", "volume/vms/data", {"size": "40G"}, "storage volume resize"),
        ("PUT", "volume/vms/data", {"name": "other"}, "storage volume rename"),
        ("DELETE", "volume/vms/data?confirmed=true&force=true", None, "storage volume remove"),
        ("POST", "volume/vms/data/clone", {"volume": "copy"}, "storage volume clone"),
        ("POST", "volume/vms/up/upload", {"path": "/var/lib/pvc/images/a.raw", "node": "hv1"}, "storage volume upload"),
        ("POST", "snapshot", {"pool": "vms", "volume": "data", "snapshot": "now"}, "storage volume snapshot add"),
        ("PUT", "snapshot/vms/data/then", {"name": "once"}, "storage volume snapshot rename"),
        ("POST", "snapshot/vms/data/then/rollback?confirmed=true", None, "storage volume snapshot rollback"),
        ("DELETE", "snapshot/vms/data/then?confirmed=true", None, "storage volume snapshot remove"),
    ],
)
def test_what_is_asked_for_becomes_a_task(
    api: Api, world: World, method: str, path: str, body: object, verb: str
) -> None:
    answer = api.request(method, f"{CEPH}/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text
    (task,) = world.load().tasks.values()
    assert (task.verb, task.asked_by, answer.json()["tasks"]) == (verb, "robot@ops1", [task.key])
    assert api.get(f"/api/v1/task/{task.key}").json()["verb"] == verb


@pytest.mark.parametrize(
    "path", ["volume/vms/data?force=true", "pool/vms?force=true", "snapshot/vms/data/then", "osd/1?force=true"]
)
def test_what_loses_something_is_refused_until_it_is_confirmed(api: Api, world: World, path: str) -> None:
    answer = api.delete(f"{CEPH}/{path}")
    assert (answer.status_code, answer.json()["error"]) == (409, "refused")
    assert "lost would be" in answer.json()["message"]
    assert not world.load().tasks


@pytest.mark.parametrize(
    "method,path,body,field",
    [
        ("POST", "volume", {"pool": "vms", "volume": "a/b", "size": "1G"}, "volume"),
        ("POST", "volume", {"pool": "vms", "volume": "new", "size": "much"}, "size"),
        ("PUT", "volume/vms/data", {}, "size"),
        ("POST", "option", {"action": "set", "option": "--yes"}, "flag"),
        ("POST", "pool", {"pool": "fast", "pgs": 0}, "pgs"),
        ("POST", "volume/vms/up/upload", {"path": "/etc/shadow", "node": "hv1"}, "path"),
        ("GET", "osd?limit=0", None, "limit"),
    ],
)
def test_a_bad_value_is_400_and_named(api: Api, method: str, path: str, body: object, field: str) -> None:
    answer = api.request(method, f"{CEPH}/{path}", json=body)
    assert answer.status_code == 400, answer.text
    assert error(answer.json()) == ("invalid", [field])


def test_tasks_are_listed_and_cancelled(api: Api, world: World) -> None:
    with_task(world)
    with_task(world, "t2")
    assert [one["task"] for one in api.get("/api/v1/task").json()] == ["t2", "t1"]
    assert api.get("/api/v1/task?state=running").json() == []
    assert api.delete("/api/v1/task/t1").json()["text"] == "task t1 is cancelled"
    assert world.load().tasks["t1"].state is TaskState.CANCELLED
    assert api.delete("/api/v1/task/t1").status_code == 409
    assert api.delete("/api/v1/task/none").status_code == 404


def test_locks_are_freed_by_a_task(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    answer = api.post("/api/v1/vm/web1/locks")
    assert answer.status_code in (200, 409), answer.text
    assert api.post("/api/v1/vm/none/locks").status_code == 404
