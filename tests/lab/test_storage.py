"""Every verb on the storage before a real Ceph, with its refusals; Ceph away, and daemons that die at work."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.ceph import Ceph
from lab.cluster import Lab
from lab.commands import LabError, run
from pvccore.model.errors import PvcError
from pvccore.model.storage import part_name
from pvccore.model.task import INTERRUPTED, TaskState
from pvccore.operations import storage, tasks
from pvccore.operations.removal import remove
from pvccore.plan.leftovers import DISCARD
from tests.lab.storing import (
    SEEN_LIMIT_S,
    TASK_LIMIT_S,
    StorageCluster,
    info,
    listed,
    placement_groups,
    snapshots,
    storage_cluster,
)

pytestmark = pytest.mark.lab

HANG_LIMIT_S = 150.0
DISCARD_LIMIT_S = 150.0
MB = 1 << 20
OSD_BYTES = 1 << 30
LOOP_DEVICES_TOO = "CEPH_VOLUME_ALLOW_LOOP_DEVICES=1"
IMAGES = Path("/var/lib/pvc/images")


@pytest.fixture(scope="module")
def cluster(session_lab: Lab, module_ceph: Ceph) -> Iterator[StorageCluster]:
    with storage_cluster(session_lab, module_ceph) as made:
        yield made


@pytest.fixture
def image(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file that a node's daemon may take in; its size in MB is the test's parameter."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = IMAGES / f"lab-{os.getpid()}.raw"
    with path.open("wb") as file:
        for _ in range(getattr(request, "param", 4)):
            file.write(os.urandom(MB))
    yield path
    path.unlink()


@pytest.fixture
def device(cluster: StorageCluster) -> Iterator[str]:
    """A loop device, as good as a disk of any host: they share one kernel."""
    path = cluster.lab.directory / "disk-of-hv1"
    with path.open("wb") as file:
        file.truncate(OSD_BYTES)
    name = run("losetup", "--find", "--show", str(path)).strip()
    yield name
    cluster.lab.host("hv1").run("systemctl", "disable", "--now", "ceph-osd@3")
    cluster.ceph.ceph("osd", "purge", "3", "--force", "--yes-i-really-mean-it")
    os.chown(name, 0, 0)
    run("losetup", "--detach", name)
    path.unlink()


def up_and_in(ceph: Ceph, osd: int) -> bool:
    """What Ceph itself says of an OSD."""
    listed = json.loads(ceph.ceph("osd", "dump", "--format", "json"))["osds"]
    return any(one["osd"] == osd and one["up"] == one["in"] == 1 for one in listed)


def placement_groups_on(ceph: Ceph, osd: int) -> int:
    listed = json.loads(ceph.ceph("osd", "df", "--format", "json"))["nodes"]
    return sum(one["pgs"] for one in listed if one["id"] == osd)


def is_seen_whole(cluster: StorageCluster, osd: int) -> bool:
    """Whether the reporter knows of an OSD that is up, what it is made of, and how large it is."""
    seen = cluster.look().storage.osds.get(osd)
    return seen is not None and seen.is_up and bool(seen.device and seen.total_bytes)


def objection(ceph: Ceph, osd: int) -> str:
    """What Ceph has against the loss of an OSD; it knows the state of new placement groups after a while only."""
    try:
        ceph.ceph("osd", "safe-to-destroy", str(osd))
    except LabError as error:
        return str(error)
    return ""


def test_a_volume_lives_through_every_verb(cluster: StorageCluster) -> None:
    ceph = cluster.ceph
    cluster.done("volume add", volume="vms/one", size="16M")
    assert info(ceph, "vms/one")["size"] == 16 * MB
    cluster.sees("vms", "one")
    assert "already" in cluster.either("volume add", volume="vms/one", size="16M")

    cluster.done("volume resize", volume="vms/one", size="32M")
    assert info(ceph, "vms/one")["size"] == 32 * MB
    cluster.wait_until(
        lambda: cluster.sees("vms", "one").size_bytes == 32 * MB, within_s=SEEN_LIMIT_S, what="the new size"
    )
    assert "cuts its end off" in cluster.either("volume resize", volume="vms/one", size="8M")
    cluster.done("volume resize", volume="vms/one", size="8M", force="yes")

    cluster.done("volume rename", volume="vms/one", name="two")
    assert "two" in listed(ceph, "vms")
    cluster.sees("vms", "two")
    cluster.done("volume clone", volume="vms/two", to="vms/copy")
    assert "parent" not in info(ceph, "vms/copy")
    cluster.sees("vms", "copy")

    cluster.done("volume remove", volume="vms/two")
    cluster.done("volume remove", volume="vms/copy")
    cluster.sees_no("vms", "two")
    assert not {"one", "two", "copy"} & set(listed(ceph, "vms"))
    assert "no volume" in cluster.either("volume remove", volume="vms/two")


def test_a_snapshot_lives_through_every_verb_and_is_kept_while_a_clone_hangs_on_it(cluster: StorageCluster) -> None:
    ceph = cluster.ceph
    cluster.done("volume add", volume="vms/base", size="8M")
    cluster.done("volume snapshot add", volume="vms/base", name="s1")
    cluster.wait_until(lambda: bool(cluster.sees("vms", "base").snapshots), within_s=SEEN_LIMIT_S, what="s1 is seen")
    assert "already" in cluster.either("volume snapshot add", volume="vms/base", name="s1")
    cluster.done("volume snapshot rename", volume="vms/base", name="s1", new_name="s2")
    assert snapshots(ceph, "vms/base") == ["s2"]
    cluster.wait_until(
        lambda: [one.name for one in cluster.sees("vms", "base").snapshots] == ["s2"],
        within_s=SEEN_LIMIT_S,
        what="s2 is seen",
    )

    cluster.done("volume resize", volume="vms/base", size="16M")
    cluster.done("volume snapshot rollback", volume="vms/base", name="s2")
    assert info(ceph, "vms/base")["size"] == 8 * MB

    cluster.done("volume clone", volume="vms/base@s2", to="vms/child")
    assert info(ceph, "vms/child")["parent"]["snapshot"] == "s2"
    # The daemon asks Ceph itself, whatever the reporter has seen by now.
    words = cluster.either("volume snapshot remove", volume="vms/base", name="s2")
    assert "vms/child" in words
    assert snapshots(ceph, "vms/base") == ["s2"]
    assert cluster.either("volume remove", volume="vms/base", force="yes")
    assert "base" in listed(ceph, "vms")

    cluster.done("volume remove", volume="vms/child")
    cluster.sees_no("vms", "child")
    cluster.done("volume snapshot remove", volume="vms/base", name="s2")
    assert snapshots(ceph, "vms/base") == []
    cluster.wait_until(
        lambda: not cluster.sees("vms", "base").snapshots, within_s=SEEN_LIMIT_S, what="s2 is seen to be gone"
    )
    cluster.done("volume remove", volume="vms/base")


def test_a_pool_lives_through_every_verb(cluster: StorageCluster) -> None:
    ceph = cluster.ceph
    cluster.done("pool add", pool="fast", pgs="4", replicas="2", replicas_min="1")
    assert "fast" in ceph.ceph("osd", "pool", "ls").split()
    cluster.sees_pool("fast")
    assert "already" in cluster.either("pool add", pool="fast", pgs="4")
    cluster.done("pool set-pgs", pool="fast", pgs="8")
    # Ceph gets there little by little.
    cluster.wait_until(lambda: placement_groups(ceph, "fast") == 8, within_s=SEEN_LIMIT_S, what="fast has 8 of them")
    cluster.done("volume add", volume="fast/one", size="8M")
    # Known beforehand or found out by the daemon: never without --force while there is a volume in it.
    assert "volumes; --force" in cluster.either("pool remove", pool="fast")
    cluster.done("pool remove", pool="fast", force="yes")
    assert "fast" not in ceph.ceph("osd", "pool", "ls").split()
    cluster.sees_pool("fast", there=False)
    assert "no pool 'fast'" in cluster.either("volume add", volume="fast/one", size="8M")


def test_a_pool_without_room_is_not_filled_unless_forced(cluster: StorageCluster) -> None:
    assert "80% is the limit" in cluster.either("volume add", volume="vms/big", size="100G")
    cluster.done("volume add", volume="vms/big", size="100G", force="yes")
    cluster.done("volume remove", volume="vms/big")


def test_what_the_reporter_has_not_seen_yet_the_daemon_finds_out(cluster: StorageCluster) -> None:
    cluster.ceph.make_image("behind")
    assert "already" in cluster.either("volume add", volume="vms/behind", size="8M")
    cluster.sees("vms", "behind")
    cluster.ceph.rbd("rm", "--no-progress", "vms/behind")
    assert "no volume" in cluster.either("volume resize", volume="vms/behind", size="16M")


def test_flags_are_set_and_taken_away(cluster: StorageCluster) -> None:
    cluster.done("osd set", flag="noout")
    assert "noout" in json.loads(cluster.ceph.ceph("osd", "dump", "--format", "json"))["flags"]
    cluster.wait_until(
        lambda: "noout" in cluster.look().storage.status.flags, within_s=SEEN_LIMIT_S, what="noout is seen"
    )
    cluster.done("osd unset", flag="noout")
    assert "noout" not in json.loads(cluster.ceph.ceph("osd", "dump", "--format", "json"))["flags"]


def test_an_osd_goes_out_and_in(cluster: StorageCluster) -> None:
    cluster.done("osd out", osd="0")
    cluster.wait_until(lambda: not cluster.look().storage.osd(0).is_in, within_s=SEEN_LIMIT_S, what="OSD 0 is out")
    assert "out already" in cluster.either("osd out", osd="0")
    cluster.done("osd in", osd="0")
    cluster.wait_until(lambda: cluster.look().storage.osd(0).is_in, within_s=SEEN_LIMIT_S, what="OSD 0 is in")
    assert "in already" in cluster.either("osd in", osd="0")
    assert "no OSD '9'" in cluster.either("osd out", osd="9")


def test_an_image_is_taken_in_whole(cluster: StorageCluster, image: Path) -> None:
    cluster.done("volume upload", volume="vms/image", path=str(image), node="hv2")
    assert info(cluster.ceph, "vms/image")["size"] == image.stat().st_size
    assert cluster.ceph.rbd("export", "--no-progress", "vms/image", str(image.with_suffix(".back"))) is not None
    back = image.with_suffix(".back")
    assert back.read_bytes() == image.read_bytes()
    back.unlink()
    cluster.done("volume remove", volume="vms/image")


def test_an_image_that_names_another_file_is_refused(cluster: StorageCluster) -> None:
    assert "must be a file below" in cluster.refused("volume upload", volume="vms/x", path="/etc/passwd", node="hv1")
    missing = str(IMAGES / "missing.raw")
    assert "missing.raw" in cluster.failed("volume upload", volume="vms/x", path=missing, node="hv1")
    assert "x" not in listed(cluster.ceph, "vms")


def test_a_running_vms_disk_grows_under_it_and_is_guarded(cluster: StorageCluster) -> None:
    cluster.run_vms("web1", on="hv1")
    cluster.wait_until_writes("web1", on="hv1")
    cluster.sees("vms", "web1")
    for verb, given in (
        ("volume remove", {}),
        ("volume rename", {"name": "other"}),
    ):
        assert "is a disk of web1" in cluster.refused(verb, volume="vms/web1", **given)
    cluster.done("volume snapshot add", volume="vms/web1", name="s1")
    cluster.wait_until(lambda: bool(cluster.sees("vms", "web1").snapshots), within_s=SEEN_LIMIT_S, what="s1 is seen")
    assert "stop it first" in cluster.either("volume snapshot rollback", volume="vms/web1", name="s1")
    assert "is told" in cluster.done("volume resize", volume="vms/web1", size="64M")
    told = cluster.lab.host("hv1").virsh("domblkinfo", "web1", "vda")
    assert str(64 * MB) in told
    with pytest.raises(PvcError, match="holds its own locks"):
        storage.ask(cluster.operator, "vm flush-locks", {"vm": "web1"})


def test_a_removed_vm_takes_its_volume_along(cluster: StorageCluster) -> None:
    cluster.define_vm("old", on="hv2")
    cluster.sees("vms", "old")
    result = remove(cluster.operator, "old")
    assert result.goal is not None
    assert cluster.ended(result.goal.id).state is TaskState.DONE
    assert "old" not in listed(cluster.ceph, "vms")
    assert "old" not in cluster.look().names


def test_locks_of_a_living_stranger_are_not_freed(cluster: StorageCluster) -> None:
    cluster.define_vm("locked", on="hv2")
    cluster.ceph.rbd("lock", "add", "vms/locked", "stranger")
    result = storage.ask(cluster.operator, "vm flush-locks", {"vm": "locked"})
    assert result.goal is not None
    task = cluster.ended(result.goal.id)
    assert task.state is TaskState.FAILED
    assert "may be alive" in task.error
    assert "stranger" in cluster.locks("locked")


@pytest.mark.parametrize("image", [300], indirect=True)
def test_a_task_whose_daemon_is_killed_ends_interrupted_and_nothing_of_it_is_left(
    cluster: StorageCluster, image: Path
) -> None:
    given = {"volume": "vms/half", "path": str(image), "node": "hv3"}
    result = storage.ask(cluster.operator, "storage volume upload", given)
    assert result.goal is not None
    key = result.goal.id
    part = part_name("half", key)
    cluster.wait_until(lambda: part in listed(cluster.ceph, "vms"), within_s=SEEN_LIMIT_S, what="it writes")
    cluster.ceph.make_image("mine.partial-1")  # a person's own, whatever it is called
    cluster.signal_daemon("hv3", signal.SIGKILL)
    task = cluster.ended(key)
    assert task.state is TaskState.FAILED, task.result
    assert task.error.startswith(INTERRUPTED)
    cluster.lab.host("hv3").start_daemon()
    cluster.wait_until_settled()
    cluster.wait_until(lambda: part not in listed(cluster.ceph, "vms"), within_s=DISCARD_LIMIT_S, what="it is tidied")
    assert "half" not in listed(cluster.ceph, "vms")
    removal = cluster.ended(next(one.key for one in cluster.look().tasks.values() if one.verb == DISCARD))
    assert (removal.state, removal.result) == (TaskState.DONE, f"vms/{part} is removed")
    assert "mine.partial-1" in listed(cluster.ceph, "vms")
    cluster.wait_until(
        lambda: sorted(cluster.look().storage.volumes["vms"]) == sorted(listed(cluster.ceph, "vms")),
        within_s=SEEN_LIMIT_S,
        what="the volume list is what Ceph says",
    )
    assert cluster.look().task(key).state is TaskState.FAILED  # nobody has repeated it


@pytest.mark.parametrize("image", [300], indirect=True)
def test_an_upload_that_is_cancelled_leaves_nothing(cluster: StorageCluster, image: Path) -> None:
    given = {"volume": "vms/half", "path": str(image), "node": "hv2"}
    result = storage.ask(cluster.operator, "storage volume upload", given)
    assert result.goal is not None
    key = result.goal.id
    cluster.wait_until(
        lambda: cluster.look().task(key).state is TaskState.RUNNING, within_s=SEEN_LIMIT_S, what="it runs"
    )
    tasks.cancel(cluster.operator, key)
    task = cluster.ended(key)
    assert task.state is TaskState.CANCELLED, task
    assert not [name for name in listed(cluster.ceph, "vms") if name.startswith("half") and key in name]


def test_a_hanging_ceph_is_an_error_within_its_limit_and_the_figures_keep_their_age(cluster: StorageCluster) -> None:
    before = cluster.look().storage.status
    cluster.ceph.hang()
    try:
        began_s = time.monotonic()
        task = cluster.ask("osd set", flag="noout")
        assert task.state is TaskState.FAILED
        assert any(words in task.error for words in ("did not answer within", "timed out", "error connecting"))
        assert time.monotonic() - began_s < TASK_LIMIT_S
        cluster.wait_until(
            lambda: bool(cluster.look().storage.status.error), within_s=HANG_LIMIT_S, what="the status says so"
        )
        status = cluster.look().storage.status
        assert status.error_since >= before.at > 0
        assert status.osds_total == before.osds_total
    finally:
        cluster.ceph.resume()
    cluster.wait_until(
        lambda: not cluster.look().storage.status.error, within_s=HANG_LIMIT_S, what="Ceph answers again"
    )
    assert cluster.look().storage.status.at > before.at
    assert "noout" not in json.loads(cluster.ceph.ceph("osd", "dump", "--format", "json"))["flags"]


def test_a_device_becomes_an_osd_comes_back_after_a_boot_and_is_taken_away_whole(
    cluster: StorageCluster, device: str
) -> None:
    ceph, host = cluster.ceph, cluster.lab.host("hv1")
    added = cluster.done("osd add", node="hv1", device=device, **{"class": "ssd"})
    assert added == f"OSD 3 of hv1 is made of {device}"
    cluster.wait_until(lambda: up_and_in(ceph, 3), within_s=SEEN_LIMIT_S, what="Ceph has OSD 3 up and in")
    told = json.loads(ceph.ceph("osd", "metadata", "3", "--format", "json"))
    assert (told["hostname"], told["osd_objectstore"]) == ("hv1", "bluestore")
    cluster.wait_until(lambda: is_seen_whole(cluster, 3), within_s=SEEN_LIMIT_S, what="the reporter has seen OSD 3")
    listing = json.loads(cluster.typed("storage osd list -f json").stdout)
    (mine,) = [one for one in listing if one["osd"] == 3]
    assert (mine["node"], mine["device"], mine["class"]) == ("hv1", device, "ssd")
    assert (mine["up"], mine["in"], mine["total_bytes"]) == (True, True, OSD_BYTES)
    # Which of eight placement groups an OSD gets hangs on the pool's number, and may be none; of 32 it gets some.
    ceph.ceph("osd", "pool", "create", "many", "32")
    cluster.wait_until(lambda: placement_groups_on(ceph, 3) > 0, within_s=SEEN_LIMIT_S, what="OSD 3 has copies")
    cluster.wait_until(
        lambda: "currently mapped" in objection(ceph, 3), within_s=SEEN_LIMIT_S, what="Ceph objects to its loss"
    )
    assert "is OSD 3 already" in cluster.refused("osd add", node="hv1", device=device)

    # What a boot does to it: its process is gone, and its device is root's.
    (process,) = host.processes("ceph-osd")
    process.send(signal.SIGKILL)
    cluster.wait_until(lambda: not up_and_in(ceph, 3), within_s=SEEN_LIMIT_S, what="OSD 3 is missed")
    os.chown(device, 0, 0)
    host.run("systemctl", "boot")
    cluster.wait_until(lambda: up_and_in(ceph, 3), within_s=SEEN_LIMIT_S, what="OSD 3 is back")

    assert "the hosts left would be 1" in cluster.refused("osd remove", osd="3")
    assert cluster.done("osd remove", osd="3", force="yes").startswith("OSD 3 is forgotten")
    assert json.loads(ceph.ceph("osd", "ls", "--format", "json")) == [0, 1, 2]
    assert host.processes("ceph-osd") == []
    assert host.run("ls", "/var/lib/ceph/osd", "/etc/systemd/system").split() == [
        "/etc/systemd/system:",
        "lab.wants",
        "/var/lib/ceph/osd:",
    ]

    ceph.ceph("osd", "pool", "delete", "many", "many", "--yes-i-really-really-mean-it")

    cluster.wait_until(lambda: 3 not in cluster.look().storage.osds, within_s=SEEN_LIMIT_S, what="OSD 3 is seen gone")
    # A new disk may have the number of the one before it.
    assert "`ceph-volume lvm zap --destroy" in cluster.either("osd add", node="hv1", device=device)
    host.run("env", LOOP_DEVICES_TOO, "ceph-volume", "lvm", "zap", "--destroy", device)
    assert cluster.done("osd add", node="hv1", device=device).startswith("OSD 3 of hv1")
    cluster.wait_until(lambda: up_and_in(ceph, 3), within_s=SEEN_LIMIT_S, what="Ceph has a new OSD 3 up and in")


def test_an_osd_is_drained_and_forgotten(cluster: StorageCluster) -> None:
    result = cluster.done("osd remove", osd="2", force="yes")
    assert "OSD 2 is forgotten" in result
    assert json.loads(cluster.ceph.ceph("osd", "ls", "--format", "json")) == [0, 1]
    cluster.wait_until(lambda: 2 not in cluster.look().storage.osds, within_s=SEEN_LIMIT_S, what="OSD 2 is seen gone")
