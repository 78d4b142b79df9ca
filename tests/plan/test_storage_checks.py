"""Why a verb on the storage is refused, and where exactly it begins to be allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid, NotFound, PvcError, Refused
from pvccore.model.storage import Osd, Storage, StorageStatus, Volume
from pvccore.model.struct import replace
from pvccore.model.vm import Vm, VmState, Wanted
from pvccore.plan.storage import STORAGE_VERBS
from pvccore.plan.storage_checks import FLAGS, check_at_rest, check_room, check_unused
from tests.plan.asked import node
from tests.plan.storages import GB, POOLS, VOLUMES, osd, storage, user, with_storage

Words = Mapping[str, str]
IMAGE = "/var/lib/pvc/images/d12.qcow2"
DEAD = node("hv3", alive=False)


def refusal(cluster: Cluster, verb: str, given: Words) -> PvcError | None:
    try:
        STORAGE_VERBS[verb].check(cluster, given)
    except PvcError as error:
        return error
    return None


ALLOWED = [
    ("osd add", {"node": "hv2", "device": "/dev/sdc", "class": "ssd"}),
    ("osd add", {"node": "hv2", "device": "/dev/disk/by-id/nvme-1:0"}),
    ("osd remove", {"osd": "1"}),
    ("osd out", {"osd": "0"}),
    ("osd set", {"flag": "noout"}),
    ("osd unset", {"flag": "nodeep-scrub"}),
    ("pool add", {"pool": "fast", "pgs": "1", "replicas": "10", "replicas_min": "10"}),
    ("pool add", {"pool": "fast", "pgs": "32768", "replicas": "1", "replicas_min": "1"}),
    ("pool remove", {"pool": "ssd"}),
    ("pool remove", {"pool": "vms", "force": "yes"}),
    ("pool set-pgs", {"pool": "vms", "pgs": "127"}),
    ("volume add", {"volume": "vms/new", "size": "30G"}),
    ("volume add", {"volume": "vms/new", "size": "31G", "force": "yes"}),
    ("volume upload", {"volume": "vms/new", "path": IMAGE, "node": "hv1"}),
    ("volume upload", {"volume": "vms/new", "path": "/var/lib/libvirt/images/a/b..raw", "node": "hv1"}),
    ("volume clone", {"volume": "vms/spare", "to": "ssd/new"}),
    ("volume clone", {"volume": "vms/spare@gold", "to": "full/new"}),
    ("volume resize", {"volume": "vms/old", "size": "31G"}),
    ("volume resize", {"volume": "vms/old", "size": "32G", "force": "yes"}),
    ("volume resize", {"volume": "vms/old", "size": "512M", "force": "yes"}),
    ("volume rename", {"volume": "vms/old", "name": "new"}),
    ("volume remove", {"volume": "vms/child"}),
    ("volume remove", {"volume": "vms/old", "force": "yes"}),
    ("volume snapshot add", {"volume": "vms/old", "name": "tuesday"}),
    ("volume snapshot rename", {"volume": "vms/old", "name": "monday", "new_name": "may"}),
    ("volume snapshot rollback", {"volume": "vms/old", "name": "monday"}),
    ("volume snapshot remove", {"volume": "vms/spare", "name": "monday"}),
]


@pytest.mark.parametrize("verb, given", ALLOWED)
def test_what_loses_nothing_that_is_in_use_is_allowed(verb: str, given: Words) -> None:
    assert refusal(with_storage(user(VmState.RUNNING, "ssd2/x")), f"storage {verb}", given) is None


INVALID = [
    ("osd add", {"node": "hv1", "device": "sdc"}, "device 'sdc': must be a device like /dev/sdb"),
    ("osd add", {"node": "hv1", "device": "/dev/../etc"}, "must be a device like"),
    ("osd add", {"node": "hv1", "device": "/dev/sdc", "class": "-x"}, "class '-x': must be 1 to 64"),
    ("osd remove", {"osd": "one"}, "osd 'one': must be a whole number from 0"),
    ("osd remove", {}, "osd '': must be a whole number from 0"),
    ("osd in", {"osd": "-1"}, "must be a whole number from 0"),
    ("osd set", {"flag": "full"}, "flag 'full': must be one of nobackfill, nodeep-scrub"),
    ("osd unset", {}, "flag '': must be one of"),
    ("pool add", {"pool": "a/b", "pgs": "8"}, "pool 'a/b': must be 1 to 64"),
    ("pool add", {"pool": "a", "pgs": "32769"}, "pgs '32769': must be a whole number from 1 to 32768"),
    ("pool add", {"pool": "a", "pgs": "8", "replicas": "11"}, "replicas '11': must be a whole number from 1 to 10"),
    (
        "pool add",
        {"pool": "a", "pgs": "8", "replicas": "2", "replicas_min": "3"},
        "replicas_min '3': must be a whole number from 1 to 2",
    ),
    ("pool set-pgs", {"pool": "vms", "pgs": "0"}, "must be a whole number from 1"),
    ("volume add", {"volume": "vms", "size": "1G"}, "volume 'vms': must be like POOL/VOLUME"),
    ("volume add", {"volume": "/new", "size": "1G"}, "must be like POOL/VOLUME"),
    ("volume add", {"volume": "vms/a@b", "size": "1G"}, "must be like POOL/VOLUME"),
    ("volume add", {"volume": "vms/new", "size": "0"}, "size '0': must be like 20G"),
    ("volume upload", {"volume": "vms/new", "path": "/etc/shadow", "node": "hv1"}, "must be a file below"),
    ("volume upload", {"volume": "vms/new", "path": f"{IMAGE}/../x", "node": "hv1"}, "must be a file below"),
    ("volume upload", {"volume": "vms/new", "path": f"{IMAGE} x", "node": "hv1"}, "must be a file below"),
    ("volume clone", {"volume": "vms/spare", "to": "ssd"}, "to 'ssd': must be like POOL/VOLUME"),
    ("volume clone", {"volume": "vms/spare@", "to": "ssd/a"}, "volume 'vms/spare@': must name a snapshot after the @"),
    ("volume clone", {"volume": "vms/@gold", "to": "ssd/a"}, "must be like POOL/VOLUME"),
    ("volume clone", {"volume": "vms/spare", "to": "ssd/a@b"}, "to 'ssd/a@b': must be like POOL/VOLUME"),
    ("volume resize", {"volume": "vms/old"}, "size '': must be like 20G"),
    ("volume rename", {"volume": "vms/old", "name": "ssd/old"}, "name 'ssd/old': must be 1 to 64"),
    ("volume snapshot add", {"volume": "vms/old", "name": "a@b"}, "name 'a@b': must be 1 to 64"),
    ("volume snapshot rename", {"volume": "vms/old", "name": "monday"}, "new_name '': must be 1 to 64"),
]
UNKNOWN = [
    ("osd add", {"node": "hv9", "device": "/dev/sdc"}, "no node 'hv9'"),
    ("osd out", {"osd": "7"}, "no OSD '7'"),
    ("pool remove", {"pool": "none"}, "no pool 'none'"),
    ("pool set-pgs", {"pool": "none", "pgs": "8"}, "no pool 'none'"),
    ("volume add", {"volume": "none/a", "size": "1G"}, "no pool 'none'"),
    ("volume upload", {"volume": "vms/new", "path": IMAGE, "node": "hv9"}, "no node 'hv9'"),
    ("volume clone", {"volume": "vms/none", "to": "ssd/a"}, "no volume 'vms/none'"),
    ("volume clone", {"volume": "vms/spare@none", "to": "ssd/a"}, "no snapshot 'spare@none'"),
    ("volume clone", {"volume": "vms/spare", "to": "none/a"}, "no pool 'none'"),
    ("volume resize", {"volume": "vms/none", "size": "1G"}, "no volume 'vms/none'"),
    ("volume rename", {"volume": "vms/none", "name": "a"}, "no volume 'vms/none'"),
    ("volume remove", {"volume": "vms/none"}, "no volume 'vms/none'"),
    ("volume snapshot rename", {"volume": "vms/old", "name": "none", "new_name": "a"}, "no snapshot 'old@none'"),
    ("volume snapshot rollback", {"volume": "vms/old", "name": "none"}, "no snapshot 'old@none'"),
    ("volume snapshot remove", {"volume": "vms/old"}, "no snapshot 'old@'"),
]
REFUSED = [
    ("osd add", {"node": "hv3", "device": "/dev/sdc"}, "hv3 is not alive: a new OSD is made by"),
    ("osd add", {"node": "hv1", "device": "/dev/sdb"}, "/dev/sdb of hv1 is OSD 0 already"),
    ("osd in", {"osd": "0"}, "OSD 0 is in already"),
    ("pool add", {"pool": "vms", "pgs": "8", "replicas": "3", "replicas_min": "2"}, "there is a pool vms already"),
    ("pool remove", {"pool": ".mgr", "force": "yes"}, "pool .mgr is Ceph's own, for mgr"),
    ("pool remove", {"pool": "vms"}, "pool vms has 4 volumes; --force removes them too"),
    ("pool set-pgs", {"pool": "vms", "pgs": "128"}, "pool vms has 128 placement groups already"),
    ("volume add", {"volume": "vms/old", "size": "1G"}, "there is a volume vms/old already"),
    ("volume add", {"volume": ".mgr/a", "size": "1G"}, "pool .mgr is for mgr, and not for volumes"),
    ("volume add", {"volume": "cold/a", "size": "1G"}, "pool cold is erasure-coded, and not for volumes"),
    ("volume add", {"volume": "vms/new", "size": "31G"}, "pool vms has no room for 31 G: it would be 81% full"),
    ("volume add", {"volume": "full/new", "size": "1"}, "pool full has no room for 1 B: no room at all (0 B left)"),
    ("volume upload", {"volume": "vms/new", "path": IMAGE, "node": "hv3"}, "hv3 is not alive: an image is read by"),
    ("volume upload", {"volume": "vms/old", "path": IMAGE, "node": "hv1"}, "there is a volume vms/old already"),
    ("volume clone", {"volume": "vms/spare@gold", "to": "vms/old"}, "there is a volume vms/old already"),
    ("volume clone", {"volume": "vms/child", "to": "full/a"}, "pool full has no room for 2 G"),
    ("volume clone", {"volume": "vms/spare", "to": "full/a"}, "pool full has no room for 10 G"),
    ("volume resize", {"volume": "vms/old", "size": "1024M"}, "vms/old has 1 G already"),
    ("volume resize", {"volume": "vms/old", "size": "32G"}, "pool vms has no room for 31 G"),
    ("volume resize", {"volume": "vms/old", "size": "512M"}, "vms/old has 1 G; to make it smaller cuts its end off"),
    ("volume rename", {"volume": "vms/old", "name": "spare"}, "there is a volume vms/spare already"),
    ("volume remove", {"volume": "vms/spare", "force": "yes"}, "vms/spare has clones: vms/child"),
    ("volume remove", {"volume": "vms/old"}, "vms/old has 1 snapshots (monday); --force removes them too"),
    ("volume snapshot add", {"volume": "vms/old", "name": "monday"}, "vms/old has a snapshot monday already"),
    (
        "volume snapshot rename",
        {"volume": "vms/spare", "name": "monday", "new_name": "gold"},
        "vms/spare has a snapshot gold already",
    ),
    ("volume snapshot remove", {"volume": "vms/spare", "name": "gold"}, "vms/spare@gold is protected: vms/child hang"),
]


@pytest.mark.parametrize(
    "kind, verb, given, words",
    [
        *((Invalid, *row) for row in INVALID),
        *((NotFound, *row) for row in UNKNOWN),
        *((Refused, *row) for row in REFUSED),
    ],
)
def test_what_can_not_be_is_refused_with_the_reason(kind: type[PvcError], verb: str, given: Words, words: str) -> None:
    error = refusal(with_storage(DEAD), f"storage {verb}", given)
    assert type(error) is kind
    assert words in str(error)


@pytest.mark.parametrize(
    "status, words",
    [
        (StorageStatus(), "nothing is known of the storage yet; its reporter has not looked"),
        (StorageStatus(error="no monitor answers"), "nothing is known of the storage yet: no monitor answers"),
    ],
)
def test_before_the_storage_was_read_the_reason_is_told(status: StorageStatus, words: str) -> None:
    error = refusal(with_storage(known=Storage(status=status)), "storage pool remove", {"pool": "vms"})
    assert isinstance(error, Refused)
    assert str(error) == words


# In use

RUNS = user()
STARTS = user(VmState.STOPPED, wanted=Wanted.RUNNING)
PARKED = user(VmState.STOPPED, wanted=Wanted.RUNNING, parked_on="hv1")
STOPPED = user(VmState.STOPPED)
FAILED = user(VmState.FAILED)


@pytest.mark.parametrize(
    "one, words",
    [
        (RUNS, "vms/web1 is a disk of web1, which is running; stop it first"),
        (user(VmState.MIGRATING), "which is migrating; stop it first"),
        (user(VmState.SHUTTING_DOWN, wanted=Wanted.STOPPED), "which is shutting_down; stop it first"),
        (STARTS, "which is stopped and wanted running; stop it first"),
        (PARKED, "which is stopped and wanted running; stop it first"),
    ],
)
def test_a_disk_is_not_changed_under_a_vm_that_runs_or_is_about_to(one: Vm, words: str) -> None:
    with pytest.raises(Refused, match=re.escape(words)):
        check_at_rest(with_storage(STOPPED, one), "vms/web1")


@pytest.mark.parametrize("one", [STOPPED, FAILED, user(VmState.RUNNING, "vms/web10")])
def test_a_disk_of_a_vm_that_rests_may_be_changed(one: Vm) -> None:
    cluster = with_storage(one)
    given = {"volume": "vms/web1", "size": "1G", "force": "yes"}
    assert refusal(cluster, "storage volume resize", given) is None


def test_no_vm_that_shares_a_disk_is_overlooked() -> None:
    both = with_storage(user(VmState.STOPPED, name="a"), user(name="b"))
    with pytest.raises(Refused, match="disk of b, which is running"):
        check_at_rest(both, "vms/web1")
    with pytest.raises(Refused, match="vms/web1 is a disk of a, b"):
        check_unused(both, "vms/web1")


@pytest.mark.parametrize(
    "verb, given",
    [
        ("storage volume remove", {"volume": "vms/old", "force": "yes"}),
        ("storage volume rename", {"volume": "vms/old", "name": "new"}),
        ("storage pool remove", {"pool": "vms", "force": "yes"}),
    ],
)
@pytest.mark.parametrize("state", [VmState.RUNNING, VmState.STOPPED, VmState.FAILED])
def test_what_a_vm_calls_its_disk_stays_even_when_forced(verb: str, given: Words, state: VmState) -> None:
    error = refusal(with_storage(user(state, "vms/old")), verb, given)
    assert isinstance(error, Refused)
    assert "web1" in str(error)


@pytest.mark.parametrize(
    "verb, given",
    [
        ("storage volume resize", {"volume": "vms/old", "size": "512M", "force": "yes"}),
        ("storage volume snapshot rollback", {"volume": "vms/old", "name": "monday"}),
    ],
)
def test_what_overwrites_a_disk_is_refused_under_a_running_vm(verb: str, given: Words) -> None:
    error = refusal(with_storage(user(VmState.RUNNING, "vms/old")), verb, given)
    assert isinstance(error, Refused)
    assert "stop it first" in str(error)


def test_a_larger_disk_or_a_snapshot_needs_no_stop() -> None:
    runs = with_storage(user(VmState.RUNNING, "vms/old"))
    assert refusal(runs, "storage volume resize", {"volume": "vms/old", "size": "2G"}) is None
    assert refusal(runs, "storage volume snapshot add", {"volume": "vms/old", "name": "now"}) is None


@pytest.mark.parametrize("count, words", [(3, "a0, a1, a2"), (4, "a0, a1, a2 and 1 more")])
def test_a_pool_names_the_vms_that_have_disks_in_it(count: int, words: str) -> None:
    users = [user(VmState.STOPPED, f"vms/{number}", name=f"a{number}") for number in range(count)]
    error = refusal(with_storage(*users), "storage pool remove", {"pool": "vms"})
    assert str(error) == f"pool vms has disks of {words}"


def test_a_pool_is_kept_while_a_clone_in_another_hangs_on_it() -> None:
    clone = Volume(name="disk", parent="vms/spare@gold")
    elsewhere = replace(storage(), volumes={"vms": VOLUMES, "ssd": {"disk": clone}})
    error = refusal(with_storage(known=elsewhere), "storage pool remove", {"pool": "vms", "force": "yes"})
    assert str(error) == "pool vms has snapshots on which ssd/disk hang"


def test_volumes_that_are_known_count_though_ceph_has_not_counted_them_yet() -> None:
    lagging = replace(storage(), pools={"vms": replace(POOLS["vms"], volumes=0)})
    error = refusal(with_storage(known=lagging), "storage pool remove", {"pool": "vms"})
    assert str(error) == "pool vms has 4 volumes; --force removes them too"


@pytest.mark.parametrize(
    "volume",
    ["vms/", "/old", "/", "vms/a/b", "vms//old", " vms/old", "vms/old ", "vms/ol d", "vms/\u00f6ld", "vms/old\n"],
)
@pytest.mark.parametrize(
    "verb, more, field",
    [
        ("add", {"size": "1G"}, "volume"),
        ("upload", {"path": IMAGE, "node": "hv1"}, "volume"),
        ("clone", {"to": "ssd/a"}, "volume"),
        ("clone", {"volume": "vms/spare"}, "to"),
        ("resize", {"size": "2G"}, "volume"),
        ("rename", {"name": "new"}, "volume"),
        ("remove", {}, "volume"),
        ("snapshot add", {"name": "new"}, "volume"),
        ("snapshot remove", {"name": "monday"}, "volume"),
    ],
)
def test_an_odd_spelling_of_a_volume_is_named_with_its_field(verb: str, more: Words, field: str, volume: str) -> None:
    error = refusal(with_storage(), f"storage volume {verb}", {**more, field: volume})
    assert str(error) == str(Invalid(field, volume, "must be like POOL/VOLUME"))


# Room


@pytest.mark.parametrize("more_bytes, fits", [(30 * GB, True), (30 * GB + 1, False)])
def test_a_pool_is_filled_to_its_limit_and_not_a_byte_beyond(more_bytes: int, fits: bool) -> None:
    cluster = with_storage()
    check_room(cluster, "vms", more_bytes, forced=True)
    if fits:
        check_room(cluster, "vms", more_bytes, forced=False)
    else:
        with pytest.raises(Refused, match="it would be just over 80% full, and 80% is the limit \\(30 G left\\)"):
            check_room(cluster, "vms", more_bytes, forced=False)


@pytest.mark.parametrize(
    "used_bytes, fits",
    [(60 * GB, True), (60 * GB + 1, False)],
)
def test_an_osd_goes_only_when_the_others_stay_below_the_limit(used_bytes: int, fits: bool) -> None:
    cluster = with_storage(known=storage(replace(osd(1), used_bytes=used_bytes)))
    error = refusal(cluster, "storage osd remove", {"osd": "1"})
    assert (error is None) is fits
    assert fits or "the other OSDs have no room for the 60 G on OSD 1" in str(error)
    assert refusal(cluster, "storage osd remove", {"osd": "1", "force": "yes"}) is None


@pytest.mark.parametrize(
    "replicas, others, words",
    [
        (2, (), ""),
        (3, (), "pool vms has 3 replicas, and the OSDs left would be 2"),
        (2, (osd(2, is_up=False),), "pool vms has 2 replicas, and the OSDs left would be 1"),
        (2, (replace(osd(2), node="hv1"),), "pool vms has 2 replicas, and the hosts left would be 1"),
        (2, (replace(osd(1), node="hv1"), replace(osd(2), node="hv1")), ""),
    ],
)
def test_an_osd_stays_while_a_pool_needs_it_for_its_copies(replicas: int, others: tuple[Osd, ...], words: str) -> None:
    small = storage(*(replace(osd(number), used_bytes=GB) for number in range(3)))
    osds = {**small.osds, **{one.id: replace(one, used_bytes=GB) for one in others}}
    pools = {"ssd": POOLS["ssd"], "vms": replace(POOLS["vms"], replicas=replicas)}
    cluster = with_storage(known=replace(small, osds=osds, pools=pools))
    error = refusal(cluster, "storage osd remove", {"osd": "1"})
    assert str(error or "") == words
    assert refusal(cluster, "storage osd remove", {"osd": "1", "force": "yes"}) is None


def test_osds_that_are_nearly_full_take_no_other_ones_copies() -> None:
    full = [replace(osd(number), used_bytes=75 * GB) for number in (0, 2)]
    cluster = with_storage(known=storage(*full, replace(osd(1), used_bytes=30 * GB)))
    assert isinstance(refusal(cluster, "storage osd remove", {"osd": "1"}), Refused)


@pytest.mark.parametrize(
    "verb, others, words",
    [
        ("remove", (osd(1, is_in=False), osd(2, is_up=False)), "OSD 0 is the last one that is up and in"),
        ("out", (osd(1, is_in=False), osd(2, is_in=False)), "OSD 0 is the last one that is in"),
        ("out", (osd(0, is_in=False),), "OSD 0 is out already"),
    ],
)
def test_the_last_osd_stays_even_when_forced(verb: str, others: tuple[Osd, ...], words: str) -> None:
    cluster = with_storage(known=storage(*others))
    assert str(refusal(cluster, f"storage osd {verb}", {"osd": "0", "force": "yes"})) == words


def test_an_osd_that_is_out_may_be_taken_in() -> None:
    assert refusal(with_storage(known=storage(osd(1, is_in=False))), "storage osd in", {"osd": "1"}) is None


def test_an_osd_of_several_devices_has_each_of_them() -> None:
    cluster = with_storage(known=storage(osd(0, device="/dev/sdb,/dev/nvme0n1")))
    error = refusal(cluster, "storage osd add", {"node": "hv1", "device": "/dev/nvme0n1"})
    assert str(error) == "/dev/nvme0n1 of hv1 is OSD 0 already"
    assert refusal(cluster, "storage osd add", {"node": "hv2", "device": "/dev/nvme0n1"}) is None


def test_no_flag_that_stops_all_writes_is_offered() -> None:
    assert FLAGS.isdisjoint({"pause", "full", "pauserd", "pausewr"})


# Locks


@pytest.mark.parametrize("one", [STOPPED, FAILED, STARTS])
def test_the_locks_of_a_vm_at_rest_may_be_freed(one: Vm) -> None:
    assert refusal(with_storage(one), "vm flush-locks", {"vm": "web1"}) is None


@pytest.mark.parametrize(
    "one, kind, words",
    [
        (RUNS, Refused, "web1: it is running on hv1, and holds its own locks"),
        (replace(STOPPED, definition=replace(STOPPED.definition, volumes=())), NotFound, "no volume of VM 'web1'"),
        (user(name="db1"), NotFound, "no VM 'web1'"),
    ],
)
def test_the_locks_of_a_vm_are_its_own_while_it_runs(one: Vm, kind: type[PvcError], words: str) -> None:
    error = refusal(with_storage(one), "vm flush-locks", {"vm": "web1"})
    assert type(error) is kind
    assert str(error) == words
