"""`pvc storage` and `pvc task` as a shell sees them; every list, verb and refusal stands in `golden/`."""

from __future__ import annotations

import json

import pytest

from pvccore.model.vm import Definition, VmState
from tests.operations.stored_storage import put_storage
from tests.operations.world import World
from tests.pvccli.conftest import Pvc

WEB1 = Definition(memory_mb=1024, vcpus=1, volumes=("vms/web1_disk",))


@pytest.fixture
def storage(world: World) -> World:
    world.add_vm("web1", "hv1", definition=WEB1)
    put_storage(world)
    return world


def test_status_says_how_old_it_is(pvc: Pvc, storage: World) -> None:
    assert pvc("storage status").out.splitlines() == [
        "health    warning",
        "known     10 s ago, by hv1",
        "version   16.2.15",
        "monitors  3 of 3 in quorum",
        "OSDs      2 up, 3 in, of 3",
        "flags     norebalance",
        "used      50.0%, 150 G of 300 G",
        "degraded  0.00%",
        "clients   0 B/s read, 0 B/s written",
        "warning: OSD_DOWN: 1 osds down",
    ]
    assert json.loads(pvc("storage ceph status --format json").out)["osds"] == {"total": 3, "up": 2, "in": 3}
    assert storage.load().tasks == {}


def test_a_vms_volumes_are_told_with_size_use_snapshots_and_who_has_them(pvc: Pvc, world: World) -> None:
    volumes = ("vms/web1_disk", "vms/spare", "vms/nope")
    world.add_vm("web1", "hv1", definition=Definition(memory_mb=1024, vcpus=1, volumes=volumes))
    assert "vms/nope: no storage report yet" in pvc("vm info web1").out
    put_storage(world)
    said = pvc("vm info web1").out.splitlines()
    at = next(number for number, line in enumerate(said) if line.startswith("VOLUME"))
    assert [line.split() for line in said[at : at + 5]] == [
        ["VOLUME", "SIZE", "WRITTEN", "LOCKED", "BY", "OPEN", "AT", "SNAPSHOTS"],
        ["vms/web1_disk", "20", "G", "5", "G", "192.0.2.1", "192.0.2.1", "-"],
        ["vms/spare", "10", "G", "-", "-", "-", "monday,gold"],
        ["vms/nope", "-", "-", "-", "-", "-"],
        ["vms/nope:", "the", "storage", "has", "no", "such", "volume"],
    ]
    disks = json.loads(pvc("vm info web1 -f json").out)["disks"]
    assert [(disk["volume"], disk["size_bytes"], disk["snapshot_names"]) for disk in disks] == [
        ("vms/web1_disk", 20 << 30, []),
        ("vms/spare", 10 << 30, ["monday", "gold"]),
        ("vms/nope", None, []),
    ]


def test_volumes_that_are_not_seen_are_told_of(pvc: Pvc, storage: World) -> None:
    words = "pool backup: 2 namespaces, whose volumes are not listed\n"
    assert words in pvc("storage volume list").err
    assert words not in pvc("storage volume list vms").err
    assert words not in pvc("storage volume list -f json").err
    pools = {one["pool"]: one["namespaces"] for one in json.loads(pvc("storage pool list -f json").out)}
    assert pools == {"backup": 2, "vms": 0}


def test_a_storage_that_does_not_answer_is_told_with_since_when(pvc: Pvc, world: World) -> None:
    put_storage(world, error="ceph did not answer within 10 s", error_since=world.now - 5)
    assert "no answer  for 5 s: ceph did not answer within 10 s" in pvc("storage status").out
    assert "these figures are 10 s old: ceph did not answer within 10 s" in pvc("storage pool list").err


def test_an_unknown_storage_says_so(pvc: Pvc) -> None:
    assert pvc("storage status").out == "nothing is known of the storage\n"
    said = pvc("storage volume add vms/x 1G")
    assert said.code == 1
    assert "nothing is known of the storage yet" in said.err


def test_a_destructive_verb_says_what_is_lost_and_asks(pvc: Pvc, storage: World) -> None:
    said = pvc("storage volume remove vms/empty", answer="n\n")
    assert said.code == 1
    assert "Lost would be volume vms/empty, 1 G, 0 B of them written. Go on?" in said.err
    assert storage.load().tasks == {}
    assert pvc("storage volume remove vms/empty", answer="y\n").code == 0
    assert len(storage.load().tasks) == 1


def test_a_verb_is_a_task_that_can_be_listed_shown_and_cancelled(pvc: Pvc, storage: World) -> None:
    said = pvc("storage volume add vms/new 5G")
    (key,) = storage.load().tasks
    assert said.out == f"add volume vms/new of 5G: task {key}\n"
    assert pvc("task list state=waiting").out.splitlines()[1].split()[:3] == [key, "waiting", "0%"]
    assert pvc("task list -f raw state=done").out == ""
    assert "verb              storage volume add" in pvc(f"task show {key}").out
    assert json.loads(pvc(f"task show {key} -f json").out)["arguments"] == {"volume": "vms/new", "size": "5G"}
    assert pvc(f"task cancel {key}").out == f"task {key} is cancelled\n"
    assert pvc(f"task cancel {key}").code == 1


@pytest.mark.parametrize(
    "line",
    [
        "storage osd add hv1 /dev/sdc -y",
        "storage osd remove 1 --force -y",
        "storage osd out 0",
        "storage osd set noout",
        "storage osd unset noout",
        "storage pool add fast 64 --replicas 2 --replicas-min 1",
        "storage pool remove backup -y",
        "storage pool set-pgs vms 256",
        "storage volume upload vms/i /var/lib/pvc/images/i.qcow2 --node hv2",
        "storage volume clone vms/spare@gold vms/copy",
        "storage volume resize vms/web1_disk 25G",
        "storage volume rename vms/empty full",
        "storage volume snapshot add vms/web1_disk s1",
        "storage volume snapshot rename vms/spare monday tuesday",
        "storage volume snapshot rollback vms/spare monday -y",
        "storage volume snapshot remove vms/spare monday -y",
        "storage ceph volume add vms/new 1G",
    ],
)
def test_every_verb_can_be_typed(pvc: Pvc, storage: World, line: str) -> None:
    said = pvc(line)
    assert (said.code, said.err) == (0, "")
    assert len(storage.load().tasks) == 1


@pytest.mark.parametrize(
    "line, words",
    [
        ("storage osd in 0", "OSD 0 is in already"),
        ("storage volume add vms/empty 1G", "there is a volume vms/empty already"),
        ("storage volume add vms/big 99G", "80% is the limit"),
        ("storage volume add nope/x 1G", "no pool 'nope'"),
        ("storage volume remove vms/web1_disk -y", "is a disk of web1"),
        ("storage volume snapshot remove vms/spare gold -y", "is protected"),
        ("task show nope", "no task 'nope'"),
    ],
)
def test_refusals_are_told_and_exit_with_1(pvc: Pvc, storage: World, line: str, words: str) -> None:
    said = pvc(line)
    assert said.code == 1
    assert words in said.err
    assert storage.load().tasks == {}


def test_vm_remove_says_which_volumes_go(pvc: Pvc, storage: World) -> None:
    storage.add_vm("old", "hv1", VmState.STOPPED, definition=Definition(memory_mb=1, volumes=("vms/empty",)))
    said = pvc("vm remove old", answer="n\n")
    assert "Lost would be its definition and volume vms/empty of 1 G." in said.err
    assert "old" in storage.load().names
    assert "vms/empty is being removed" in pvc("vm remove old -y").out
    assert "old" not in storage.load().names


def test_locks_of_a_stopped_vm_are_freed_by_its_own_node(pvc: Pvc, storage: World) -> None:
    storage.add_vm("old", "hv2", VmState.STOPPED, definition=Definition(memory_mb=1, volumes=("vms/empty",)))
    assert pvc("vm flush-locks old").code == 0
    (task,) = storage.load().tasks.values()
    assert (task.verb, task.runs_on, task.vm) == ("vm flush-locks", "hv2", "old")


def test_maintenance_can_keep_ceph_from_moving_data(pvc: Pvc, storage: World) -> None:
    assert "noout is being set" in pvc("maintenance on --noout").out
    assert storage.load().maintenance.noout


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize(
    "line, names",
    [
        ("storage volume list '' vms=web1", ["vms/web1_disk"]),
        ("storage volume list vms web1", ["vms/web1_disk"]),
        ("storage volume list vms nothing", []),
        ("storage pool list pool=vms", ["vms"]),
        ("storage osd list osd=1", ["1"]),
        ("storage osd list '^1$' up=no", []),
    ],
)
def test_lists_take_filters(pvc: Pvc, line: str, names: list[str]) -> None:
    said = pvc(f"{line} -f raw")
    assert (said.code, said.out.split()) == (0, names), said.err
