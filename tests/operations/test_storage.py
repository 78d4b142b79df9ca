"""Every verb on the storage becomes a task, or is refused with the reason; what would be lost is told beforehand."""

from __future__ import annotations

import pytest

from pvccore.model.change import Kind
from pvccore.model.errors import Invalid, NotFound, PvcError, Refused
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.model.vm import Definition, VmState
from pvccore.operations import storage, tasks
from pvccore.operations.cluster import maintenance_off, maintenance_on
from pvccore.operations.removal import removal_losses, remove
from pvccore.plan.outcome import progress
from pvccore.plan.storage import STORAGE_VERBS
from tests.operations.stored_storage import put_storage
from tests.operations.world import World, three_nodes

WEB1 = Definition(memory_mb=1024, vcpus=1, volumes=("vms/web1_disk",))
GRANTED = [
    ("storage osd add", {"node": "hv2", "device": "/dev/sdc", "class": "ssd"}, "add OSD /dev/sdc of hv2", "hv2"),
    ("storage osd remove", {"osd": "1", "force": "yes"}, "remove OSD 1", "hv2"),
    ("storage osd out", {"osd": "0"}, "take OSD 0 out", ""),
    ("storage osd set", {"flag": "noout"}, "set the storage's flag noout", ""),
    ("storage osd unset", {"flag": "norebalance"}, "unset the storage's flag norebalance", ""),
    ("storage pool add", {"pool": "fast", "pgs": "64"}, "add pool fast", ""),
    ("storage pool remove", {"pool": "backup"}, "remove pool backup", ""),
    ("storage pool set-pgs", {"pool": "vms", "pgs": "256"}, "set pool vms to 256 placement groups", ""),
    ("storage volume add", {"volume": "vms/new", "size": "20G"}, "add volume vms/new of 20G", ""),
    ("storage volume upload", {"volume": "vms/d12", "path": "/var/lib/pvc/images/d12.qcow2", "node": "hv3"},
     "upload /var/lib/pvc/images/d12.qcow2 of hv3 to volume vms/d12", "hv3"),
    ("storage volume clone", {"volume": "vms/spare@gold", "to": "backup/s"}, "clone vms/spare@gold to backup/s", ""),
    ("storage volume clone", {"volume": "vms/spare", "to": "backup/s"}, "clone vms/spare to backup/s", ""),
    ("storage volume resize", {"volume": "vms/web1_disk", "size": "30G"}, "resize volume vms/web1_disk to 30G", "hv1"),
    ("storage volume rename", {"volume": "vms/empty", "name": "full"}, "rename volume vms/empty to full", ""),
    ("storage volume remove", {"volume": "vms/empty"}, "remove volume vms/empty", ""),
    ("storage volume snapshot add", {"volume": "vms/web1_disk", "name": "s"}, "add snapshot s of vms/web1_disk", ""),
    ("storage volume snapshot rename", {"volume": "vms/spare", "name": "monday", "new_name": "may"},
     "rename snapshot monday of vms/spare to may", ""),
    ("storage volume snapshot rollback", {"volume": "vms/spare", "name": "monday"},
     "roll vms/spare back to snapshot monday", ""),
    ("storage volume snapshot remove", {"volume": "vms/spare", "name": "monday"},
     "remove snapshot monday of vms/spare", ""),
]  # fmt: skip
REFUSED = [
    ("storage osd add", {"node": "hv9", "device": "/dev/sdc"}, NotFound, "no node 'hv9'"),
    ("storage osd add", {"node": "hv1", "device": "/dev/sdb"}, Refused, "is OSD 0 already"),
    ("storage osd add", {"node": "hv1", "device": "sdb; reboot"}, Invalid, "must be a device"),
    ("storage osd remove", {"osd": "7"}, NotFound, "no OSD '7'"),
    ("storage osd in", {"osd": "0"}, Refused, "is in already"),
    ("storage osd set", {"flag": "nonsense"}, Invalid, "must be one of"),
    ("storage pool add", {"pool": "vms", "pgs": "64"}, Refused, "there is a pool vms already"),
    ("storage pool add", {"pool": "a/b", "pgs": "64"}, Invalid, "letters"),
    ("storage pool add", {"pool": "x", "pgs": "0"}, Invalid, "from 1 to"),
    ("storage pool remove", {"pool": "nope"}, NotFound, "no pool 'nope'"),
    ("storage pool remove", {"pool": "vms"}, Refused, "has disks of web1"),
    ("storage pool set-pgs", {"pool": "vms", "pgs": "128"}, Refused, "already"),
    ("storage volume add", {"volume": "nope/x", "size": "1G"}, NotFound, "no pool 'nope'"),
    ("storage volume add", {"volume": "vms/empty", "size": "1G"}, Refused, "there is a volume vms/empty already"),
    ("storage volume add", {"volume": "vms/big", "size": "31G"}, Refused, "80% is the limit"),
    ("storage volume add", {"volume": "vms/big", "size": "-1"}, Invalid, "must be like 20G"),
    ("storage volume add", {"volume": "vms/../x", "size": "1G"}, Invalid, "must be like POOL/VOLUME"),
    ("storage volume add", {"volume": "vms/x"}, Invalid, "must be given"),
    ("storage volume add", {"volume": "vms/x", "size": "1G", "colour": "red"}, Invalid, "is nothing that"),
    ("storage volume upload", {"volume": "vms/x", "path": "/etc/shadow", "node": "hv1"}, Invalid, "below"),
    ("storage volume upload", {"volume": "vms/x", "path": "/var/lib/pvc/images/../x", "node": "hv1"}, Invalid, "below"),
    ("storage volume clone", {"volume": "vms/spare@none", "to": "vms/x"}, NotFound, "no snapshot"),
    ("storage volume resize", {"volume": "vms/empty", "size": "90G"}, Refused, "no room"),
    ("storage volume resize", {"volume": "vms/spare", "size": "5G"}, Refused, "cuts its end off"),
    ("storage volume resize", {"volume": "vms/web1_disk", "size": "5G", "force": "yes"}, Refused, "stop it first"),
    ("storage volume rename", {"volume": "vms/web1_disk", "name": "x"}, Refused, "is a disk of web1"),
    ("storage volume rename", {"volume": "vms/empty", "name": "spare"}, Refused, "already"),
    ("storage volume remove", {"volume": "vms/web1_disk"}, Refused, "is a disk of web1"),
    ("storage volume remove", {"volume": "vms/spare"}, Refused, "has clones: vms/child"),
    ("storage volume snapshot add", {"volume": "vms/spare", "name": "gold"}, Refused, "already"),
    ("storage volume snapshot rename", {"volume": "vms/spare", "name": "x", "new_name": "y"}, NotFound, "no snapshot"),
    ("storage volume snapshot rollback", {"volume": "vms/web1_disk", "name": "x"}, NotFound, "no snapshot"),
    ("storage volume snapshot remove", {"volume": "vms/spare", "name": "gold"}, Refused, "protected: vms/child"),
    ("vm flush-locks", {"vm": "web1"}, Refused, "holds its own locks"),
    ("storage eat", {}, Invalid, "is no verb"),
]  # fmt: skip


@pytest.fixture
def world() -> World:
    made = three_nodes()
    made.add_vm("web1", "hv1", definition=WEB1)
    put_storage(made)
    return made


def only_task(world: World) -> Task:
    (task,) = world.load().tasks.values()
    return task


@pytest.mark.parametrize(
    "verb, given, title, runs_on", GRANTED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_verb_becomes_a_task(world: World, verb: str, given: dict[str, str], title: str, runs_on: str) -> None:
    result = storage.ask(world.operator, verb, given, confirmed=True)
    task = only_task(world)
    assert (task.verb, task.title, task.runs_on) == (verb, title, runs_on)
    assert task.state is TaskState.WAITING
    assert task.asked_by == "anna@ops1"
    assert given.items() <= task.arguments.items()
    assert result.goal is not None
    assert result.goal.id == task.key
    assert world.last_entry() == ("anna@ops1", title)


@pytest.mark.parametrize("verb, given, error, words", REFUSED)
def test_a_verb_is_refused_and_no_task_is_made(
    world: World, verb: str, given: dict[str, str], error: type[PvcError], words: str
) -> None:
    with pytest.raises(error, match=words):
        storage.ask(world.operator, verb, given, confirmed=True)
    assert world.load().tasks == {}


def test_every_verb_is_tried_here() -> None:
    tried = {verb for verb, *_ in GRANTED} & {verb for verb, *_ in REFUSED}
    assert STORAGE_VERBS.keys() - tried <= {"storage osd out", "storage osd unset", "storage osd in", "vm flush-locks"}


@pytest.mark.parametrize(
    "verb, given, words",
    [
        ("storage osd add", {"node": "hv2", "device": "/dev/sdc"}, "everything on /dev/sdc of hv2"),
        ("storage pool remove", {"pool": "backup"}, "pool backup with 0 volumes"),
        ("storage volume remove", {"volume": "vms/empty"}, "volume vms/empty, 1 G, 0 B of them written"),
        ("storage volume resize", {"volume": "vms/spare", "size": "4G", "force": "yes"}, "the last 6 G of vms/spare"),
        ("storage volume snapshot rollback", {"volume": "vms/spare", "name": "monday"}, "everything written"),
    ],
)
def test_what_is_lost_must_be_confirmed(world: World, verb: str, given: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=f"not confirmed; lost would be {words}"):
        storage.ask(world.operator, verb, given)
    assert words in "; ".join(storage.losses(world.load(), verb, given))
    storage.ask(world.operator, verb, given, confirmed=True)


def test_force_fills_a_pool_beyond_its_limit(world: World) -> None:
    storage.ask(world.operator, "storage volume add", {"volume": "vms/big", "size": "31G", "force": "yes"})
    assert only_task(world).arguments["force"] == "yes"


def test_an_unknown_storage_refuses_with_the_reporters_error() -> None:
    world = three_nodes()
    with pytest.raises(Refused, match="its reporter has not looked"):
        storage.ask(world.operator, "storage volume add", {"volume": "vms/x", "size": "1G"})
    put_storage(world, at=0.0, error="ceph did not answer")
    with pytest.raises(Refused, match="ceph did not answer"):
        storage.ask(world.operator, "storage volume add", {"volume": "vms/x", "size": "1G"})


def test_after_a_task_the_daemon_is_asked_where_the_figures_are_older(world: World) -> None:
    status = world.load().storage.status
    done = Task(key="1", verb="storage volume add", state=TaskState.DONE, ended_at=status.at + 1)
    world.write(Kind.TASK, "1", None, done)
    storage.ask(world.operator, "storage volume snapshot add", {"volume": "vms/just-made", "name": "s"})
    with pytest.raises(Refused, match="not confirmed; lost would be remove volume vms/just-made: what is not known"):
        storage.ask(world.operator, "storage volume remove", {"volume": "vms/just-made"})
    with pytest.raises(Refused, match="is a disk of web1"):
        storage.ask(world.operator, "storage volume remove", {"volume": "vms/web1_disk"}, confirmed=True)
    with pytest.raises(NotFound, match="no node"):
        storage.ask(world.operator, "storage osd add", {"node": "hv9", "device": "/dev/sdc"}, confirmed=True)
    with pytest.raises(Invalid):
        storage.ask(world.operator, "storage volume add", {"volume": "vms/x", "size": "much"})


def test_too_many_open_tasks_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MAX_OPEN", 1)
    storage.ask(world.operator, "storage osd set", {"flag": "noout"})
    with pytest.raises(Refused, match="open already"):
        storage.ask(world.operator, "storage osd set", {"flag": "noin"})


# Cancelling


def test_a_waiting_task_is_cancelled_at_once(world: World) -> None:
    storage.ask(world.operator, "storage osd set", {"flag": "noout"})
    tasks.cancel(world.operator, only_task(world).key)
    assert only_task(world).state is TaskState.CANCELLED
    with pytest.raises(Refused, match="has ended already"):
        tasks.cancel(world.operator, only_task(world).key)


def test_a_running_task_is_asked_to_stop(world: World) -> None:
    storage.ask(world.operator, "storage osd set", {"flag": "noout"})
    task = only_task(world)
    world.write(Kind.TASK, task.key, task, replace(task, state=TaskState.RUNNING, claimed_by="hv1"))
    result = tasks.cancel(world.operator, task.key)
    assert only_task(world).cancel_requested == "anna@ops1"
    assert result.goal is not None
    assert not tasks.cancel(world.operator, task.key).changed


def test_an_unknown_task_can_not_be_cancelled(world: World) -> None:
    with pytest.raises(NotFound, match="no task"):
        tasks.cancel(world.operator, "none")


def test_progress_tells_how_a_task_stands(world: World) -> None:
    goal = storage.ask(world.operator, "storage osd set", {"flag": "noout"}).goal
    assert goal is not None
    assert progress(world.load(), goal).text.endswith("waits")
    task = only_task(world)
    world.write(Kind.TASK, task.key, task, replace(task, state=TaskState.RUNNING, claimed_by="hv1", progress=0.5))
    assert "runs on hv1 50%" in progress(world.load(), goal).text
    task = only_task(world)
    world.write(Kind.TASK, task.key, task, replace(task, state=TaskState.FAILED, error="no"))
    assert progress(world.load(), goal).failed


def test_a_task_for_a_silent_node_says_what_it_waits_for(world: World) -> None:
    storage.ask(world.operator, "storage osd add", {"node": "hv2", "device": "/dev/sdc"}, confirmed=True)
    world.kill("hv2")
    assert tasks.waits_for(world.load(), only_task(world)) == "waits for the daemon of hv2"


# Removing a VM


def test_removing_a_vm_forgets_it_and_asks_for_its_volumes_in_one_commit(world: World) -> None:
    world.add_vm(
        "old", "hv1", VmState.STOPPED, definition=replace(WEB1, volumes=("vms/empty", "vms/web1_disk", "vms/no"))
    )
    going = removal_losses(world.load(), "old")
    assert (going.removed, going.shared, going.missing) == (("vms/empty",), ("vms/web1_disk",), ("vms/no",))
    result = remove(world.operator, "old")
    assert "old" not in world.load().names
    assert only_task(world).arguments == {"volume": "vms/empty"}
    assert "vms/web1_disk stay: other VMs have them too" in result.text


def test_a_vm_whose_volume_has_clones_is_not_removed(world: World) -> None:
    world.add_vm("old", "hv1", VmState.STOPPED, definition=replace(WEB1, volumes=("vms/spare",)))
    with pytest.raises(Refused, match="has clones"):
        remove(world.operator, "old", force=True)
    assert "old" in world.load().names


def test_a_running_vm_is_not_removed(world: World) -> None:
    with pytest.raises(Refused, match="web1"):
        remove(world.operator, "web1")


# Maintenance and Ceph


def test_maintenance_can_set_noout_and_takes_it_back(world: World) -> None:
    maintenance_on(world.operator, noout=True)
    assert world.load().maintenance.noout
    assert only_task(world).arguments == {"flag": "noout"}
    maintenance_off(world.operator)
    assert not world.load().maintenance.noout
    assert [task.verb for _, task in sorted(world.load().tasks.items())][-1] == "storage osd unset"


def test_maintenance_by_default_leaves_ceph_alone(world: World) -> None:
    maintenance_on(world.operator)
    maintenance_off(world.operator)
    assert world.load().tasks == {}


def test_a_flag_that_a_person_set_is_not_taken_away_with_maintenance() -> None:
    world = three_nodes()
    put_storage(world, flags=("noout",))
    maintenance_on(world.operator, noout=True)
    maintenance_off(world.operator)
    assert world.load().tasks == {}
