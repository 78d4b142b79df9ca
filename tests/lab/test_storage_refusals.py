"""What a person must not be able to do to the storage: by mistake, unconfirmed, or while Ceph is away."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lab.ceph import Ceph
from lab.cluster import Lab
from pvccore.model.task import TaskState
from pvccore.operations import storage
from pvccore.plan.openers import nodes_by_address, openers
from tests.lab.storing import SEEN_LIMIT_S, StorageCluster, info, listed, snapshots, storage_cluster

pytestmark = pytest.mark.lab

HANG_LIMIT_S = 150.0
OPEN_LIMIT_S = 120.0
MB = 1 << 20
REFUSED = (
    ("osd add", {"node": "hv9", "device": "/dev/sdb"}, "no node 'hv9'"),
    ("osd add", {"node": "hv1", "device": "/etc/passwd"}, "must be a device"),
    ("osd remove", {"osd": "9"}, "no OSD '9'"),
    ("osd in", {"osd": "0"}, "is in already"),
    ("osd out", {"osd": "9"}, "no OSD '9'"),
    ("osd set", {"flag": "nonsense"}, "must be one of"),
    ("osd unset", {"flag": "nonsense"}, "must be one of"),
    ("pool add", {"pool": "vms", "pgs": "8"}, "there is a pool vms already"),
    ("pool remove", {"pool": "nope"}, "no pool 'nope'"),
    ("pool remove", {"pool": "vms"}, "volumes; --force"),
    ("pool set-pgs", {"pool": "nope", "pgs": "8"}, "no pool 'nope'"),
    ("pool set-pgs", {"pool": "vms", "pgs": "8"}, "has 8 placement groups already"),
    ("volume add", {"volume": "nope/x", "size": "8M"}, "no pool 'nope'"),
    ("volume add", {"volume": "vms/base", "size": "8M"}, "there is a volume vms/base already"),
    ("volume add", {"volume": "vms/x", "size": "100G"}, "80% is the limit"),
    ("volume add", {"volume": "device_health_metrics/x", "size": "8M"}, "not for volumes"),
    ("volume upload", {"volume": "nope/x", "path": "/var/lib/pvc/images/a", "node": "hv1"}, "no pool 'nope'"),
    ("volume upload", {"volume": "vms/base", "path": "/var/lib/pvc/images/a", "node": "hv1"}, "vms/base already"),
    ("volume clone", {"volume": "vms/nope", "to": "vms/x"}, "no volume 'vms/nope'"),
    ("volume clone", {"volume": "vms/base@nope", "to": "vms/x"}, "no snapshot"),
    ("volume clone", {"volume": "vms/base", "to": "vms/child"}, "vms/child already"),
    ("volume resize", {"volume": "vms/nope", "size": "8M"}, "no volume 'vms/nope'"),
    ("volume resize", {"volume": "vms/base", "size": "100G"}, "80% is the limit"),
    ("volume resize", {"volume": "vms/base", "size": "4M"}, "cuts its end off"),
    ("volume rename", {"volume": "vms/nope", "name": "x"}, "no volume 'vms/nope'"),
    ("volume rename", {"volume": "vms/base", "name": "child"}, "vms/child already"),
    ("volume remove", {"volume": "vms/nope"}, "no volume 'vms/nope'"),
    ("volume remove", {"volume": "vms/base", "force": "yes"}, "has clones: vms/child"),
    ("volume remove", {"volume": "vms/kept"}, "snapshots (s1); --force"),
    ("volume snapshot add", {"volume": "vms/nope", "name": "s1"}, "no volume 'vms/nope'"),
    ("volume snapshot add", {"volume": "vms/base", "name": "gold"}, "has a snapshot gold already"),
    ("volume snapshot rename", {"volume": "vms/base", "name": "nope", "new_name": "x"}, "no snapshot"),
    ("volume snapshot rename", {"volume": "vms/two", "name": "s1", "new_name": "s2"}, "has a snapshot s2 already"),
    ("volume snapshot rollback", {"volume": "vms/base", "name": "nope"}, "no snapshot"),
    ("volume snapshot remove", {"volume": "vms/base", "name": "nope"}, "no snapshot"),
    ("volume snapshot remove", {"volume": "vms/base", "name": "gold"}, "is protected: vms/child"),
)
"""A verb, what is given, what it says: of a storage with base@gold, its clone child, kept@s1, and two@s1, two@s2."""
UNCONFIRMED = (
    "osd add hv1 /dev/pvc-lab-nothing",
    "osd remove 2 --force",
    "pool remove vms --force",
    "volume resize vms/kept 4M --force",
    "volume remove vms/kept --force",
    "volume snapshot rollback vms/kept s1",
    "volume snapshot remove vms/kept s1",
)


@pytest.fixture(scope="module")
def cluster(session_lab: Lab, module_ceph: Ceph) -> Iterator[StorageCluster]:
    with storage_cluster(session_lab, module_ceph) as made:
        furnish(made)
        yield made


def furnish(cluster: StorageCluster) -> None:
    """What the refusals are about, made behind the cluster's back, and seen by it."""
    ceph = cluster.ceph
    for name in ("base", "kept", "two"):
        ceph.make_image(name)
    for snapshot in ("base@gold", "kept@s1", "two@s1", "two@s2"):
        ceph.rbd("snap", "create", "--no-progress", f"vms/{snapshot}")
    ceph.rbd("snap", "protect", "vms/base@gold")
    ceph.rbd("clone", "vms/base@gold", "vms/child")
    for name in ("base", "kept", "two", "child"):
        cluster.sees("vms", name)


def everything(ceph: Ceph) -> object:
    """All that a destructive verb could change."""
    volumes = {
        name: (info(ceph, f"vms/{name}")["size"], snapshots(ceph, f"vms/{name}")) for name in listed(ceph, "vms")
    }
    return ceph.ceph("osd", "ls"), ceph.ceph("osd", "pool", "ls"), volumes


def test_every_verb_is_refused_with_its_reason_and_asks_for_nothing(cluster: StorageCluster) -> None:
    before = everything(cluster.ceph)
    for verb, given, words in REFUSED:
        assert words in cluster.refused(verb, **given), verb
    assert everything(cluster.ceph) == before


def test_what_destroys_is_not_done_unconfirmed(cluster: StorageCluster) -> None:
    before, tasks = everything(cluster.ceph), set(cluster.look().tasks)
    for line in UNCONFIRMED:
        done = cluster.typed(f"storage {line}")
        assert done.returncode == 1, (line, done)
        assert "Lost would be" in done.stderr or "not confirmed" in done.stderr, (line, done)
    assert set(cluster.look().tasks) == tasks
    assert everything(cluster.ceph) == before


def test_what_is_confirmed_is_done_and_waited_for(cluster: StorageCluster) -> None:
    cluster.ceph.make_image("gone")
    cluster.sees("vms", "gone")
    done = cluster.typed("storage ceph volume remove vms/gone -y --wait")
    assert done.returncode == 0, done
    assert "gone" not in listed(cluster.ceph, "vms")
    cluster.sees_no("vms", "gone")


def test_lists_say_what_ceph_says(cluster: StorageCluster) -> None:
    def told(line: str) -> list[dict[str, object]]:
        done = cluster.typed(f"storage {line} -f json")
        assert done.returncode == 0, done
        found: list[dict[str, object]] = json.loads(done.stdout)
        return found

    assert {one["volume"] for one in told("volume list vms")} == {f"vms/{name}" for name in listed(cluster.ceph, "vms")}
    assert [one["snapshot"] for one in told("volume snapshot list vms/two")] == ["vms/two@s1", "vms/two@s2"]
    assert [(one["osd"], one["up"], one["in"]) for one in told("osd list")] == [(n, True, True) for n in range(3)]
    (vms,) = told("pool list pool=vms")
    assert (vms["pgs"], vms["replicas"]) == (8, 2)
    assert isinstance(vms["available_bytes"], int)
    assert vms["available_bytes"] > 0


def test_a_device_that_is_none_makes_no_osd(cluster: StorageCluster) -> None:
    before = cluster.ceph.ceph("osd", "ls")
    assert cluster.failed("osd add", node="hv1", device="/dev/pvc-lab-nothing")
    assert cluster.ceph.ceph("osd", "ls") == before


def test_who_has_a_vms_volume_open_is_known_from_its_start_to_its_stop(cluster: StorageCluster) -> None:
    def opened() -> tuple[str, ...]:
        known = cluster.look()
        volume = known.storage.find("vms/web1")
        return openers(volume, nodes_by_address(known)) if volume is not None else ()

    cluster.run_vms("web1", on="hv1")
    cluster.wait_until(lambda: opened() == ("hv1",), within_s=OPEN_LIMIT_S, what="hv1 has it open")
    assert "is a disk of web1" in cluster.refused("volume remove", volume="vms/web1")
    done = cluster.typed("vm stop web1 -y --wait")
    assert done.returncode == 0, done
    cluster.wait_until(lambda: opened() == (), within_s=OPEN_LIMIT_S, what="nobody has it open")


def test_while_ceph_hangs_nothing_is_half_done_and_old_figures_are_told_to_be_old(cluster: StorageCluster) -> None:
    cluster.ceph.hang()
    try:
        result = storage.ask(cluster.operator, "storage volume resize", {"volume": "vms/kept", "size": "16M"})
        assert result.goal is not None
        task = cluster.ended(result.goal.id)
        assert task.state is TaskState.FAILED
        cluster.wait_until(
            lambda: bool(cluster.look().storage.status.error), within_s=HANG_LIMIT_S, what="the status says so"
        )
        done = cluster.typed("storage volume list vms")
        assert (done.returncode, "vms/kept" in done.stdout) == (0, True), done
        assert "these figures are" in done.stderr, done
        assert "no answer" in cluster.typed("storage status").stdout
    finally:
        cluster.ceph.resume()
    cluster.wait_until(
        lambda: not cluster.look().storage.status.error, within_s=SEEN_LIMIT_S, what="Ceph answers again"
    )
    assert info(cluster.ceph, "vms/kept")["size"] == 8 * MB
    assert "these figures" not in cluster.typed("storage pool list").stderr
