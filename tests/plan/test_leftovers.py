"""What a task left half-made is removed once the task has ended, and nothing else is."""

from __future__ import annotations

import pytest

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid
from pvccore.model.storage import Storage, StorageStatus, Volume, part_name, split_part_name
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.plan.effects import Step
from pvccore.plan.leftovers import DISCARD, TRIES, maker_of, parts_only, plan_leftovers
from pvccore.plan.storage import STORAGE_VERBS
from pvccore.plan.watch import Watch
from tests.plan.asked import cluster, node, vm
from tests.plan.storages import GB, storage, with_disks, with_storage

WATCH = Watch(now_s=100.0, wall_s=5000.0)
KEY = "0000004000-abcdef01"
UPLOAD = Task(
    key=KEY,
    verb="storage volume upload",
    title="upload a",
    arguments={"volume": "vms/new", "path": "/var/lib/pvc/images/a", "node": "hv1"},
    state=TaskState.FAILED,
    error="interrupted: the daemon of hv1 ended while it was at it",
)
CLONE = replace(UPLOAD, verb="storage volume clone", arguments={"volume": "ssd/old", "to": "vms/new"})
PART_NAME = part_name("new", KEY)
PATH = f"vms/{PART_NAME}"


def having(*tasks: Task, names: tuple[str, ...] = (PART_NAME, "new", "old"), pool: str = "vms") -> Cluster:
    volumes = {pool: {name: Volume(name=name) for name in names}, "ssd": {"old": Volume(name="old")}}
    storage = Storage(status=StorageStatus(at=1.0), volumes=volumes)
    return replace(cluster(), tasks={task.key: task for task in tasks}, storage=storage)


def asked(steps: list[Step]) -> list[Task]:
    changes = [step.change for step in steps if step.change is not None]
    return [write.after for one in changes for write in one.writes if isinstance(write.after, Task)]


@pytest.mark.parametrize("maker", [UPLOAD, CLONE, replace(UPLOAD, state=TaskState.CANCELLED)])
def test_what_an_ended_task_left_is_removed_by_another_task_which_says_why(maker: Task) -> None:
    steps = plan_leftovers(having(maker), WATCH)
    (task,) = asked(steps)
    assert (task.verb, task.runs_on, task.asked_by, task.asked_at) == (DISCARD, "", "manager", 5000.0)
    assert task.arguments == {"volume": PATH, "task": KEY}
    assert task.key == "0000005000-abcdef01"
    change = steps[0].change
    assert change is not None
    assert PATH in change.what
    assert change.why.startswith("upload a: interrupted")


@pytest.mark.parametrize(
    "known",
    [
        having(replace(UPLOAD, state=TaskState.RUNNING)),
        having(replace(UPLOAD, state=TaskState.DONE)),
        having(),
        having(replace(UPLOAD, verb="storage volume add")),
        having(replace(UPLOAD, arguments={"volume": "vms/other"})),
        having(UPLOAD, pool="ssd-2"),
        having(UPLOAD, names=("new", f"{PART_NAME}-mine", f".partial-{KEY}", "new.partial-")),
    ],
    ids=["runs", "is done", "is not known", "makes no part", "another volume", "another pool", "other names"],
)
def test_every_other_volume_is_left_alone(known: Cluster) -> None:
    assert plan_leftovers(known, WATCH) == []


def test_a_part_that_a_vm_has_as_its_disk_is_left_alone() -> None:
    known = having(UPLOAD)
    web1 = with_disks(vm("web1", "hv1"), PATH)
    assert maker_of(known, PATH) is UPLOAD
    assert maker_of(replace(known, vms={web1.uuid: web1}), PATH) is None


@pytest.mark.parametrize("state", [TaskState.WAITING, TaskState.RUNNING, TaskState.DONE])
def test_nobody_is_asked_twice(state: TaskState) -> None:
    (task,) = asked(plan_leftovers(having(UPLOAD), WATCH))
    assert plan_leftovers(having(UPLOAD, replace(task, state=state)), WATCH) == []


def test_a_removal_that_failed_is_asked_for_again_a_few_times() -> None:
    (task,) = asked(plan_leftovers(having(UPLOAD), WATCH))
    failed = [replace(task, key=f"{number}-f", state=TaskState.FAILED) for number in range(TRIES)]
    assert plan_leftovers(having(UPLOAD, *failed[:-1]), WATCH)
    assert plan_leftovers(having(UPLOAD, *failed), WATCH) == []


def test_a_part_is_called_after_its_volume_and_its_task() -> None:
    assert split_part_name(part_name("a.partial-b", KEY)) == ("a.partial-b", KEY)
    assert split_part_name("web1") == ("", "")


def test_plans_look_at_parts_alone() -> None:
    assert parts_only(having(UPLOAD).storage).volumes == {"vms": {PART_NAME: Volume(name=PART_NAME)}}


@pytest.mark.parametrize("verb", ["volume add", "volume upload", "volume clone", "volume rename"])
def test_a_new_volume_is_not_called_as_what_is_not_whole_yet(verb: str) -> None:
    given = {"volume": "vms/a.partial-1", "size": "1G", "path": "/var/lib/pvc/images/a", "node": "hv1"}
    if verb in ("volume clone", "volume rename"):
        given = {"volume": "vms/old", "to": "vms/a.partial-1", "name": "a.partial-1"}
    with pytest.raises(Invalid, match="so a task calls what it has not finished"):
        STORAGE_VERBS[f"storage {verb}"].check(with_storage(node("hv1")), given)


def test_a_volume_with_a_long_name_that_others_made_can_be_removed() -> None:
    name = "_csi-" + "x" * 90
    known = storage()
    known = replace(known, volumes={"vms": {name: Volume(name=name, size_bytes=GB)}})
    STORAGE_VERBS["storage volume remove"].check(with_storage(known=known), {"volume": f"vms/{name}"})
