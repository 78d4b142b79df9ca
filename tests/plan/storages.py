"""Small storages on which the verbs are tried."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.node import Node
from pvccore.model.storage import Osd, Pool, Snapshot, Storage, StorageStatus, Volume
from pvccore.model.struct import replace
from pvccore.model.vm import Vm, VmState
from tests.plan.asked import cluster, vm

GB = 1 << 30

POOLS = {
    "vms": Pool(name="vms", pgs=128, stored_bytes=50 * GB, available_bytes=50 * GB, volumes=4, applications=("rbd",)),
    "ssd": Pool(name="ssd", available_bytes=100 * GB),
    "full": Pool(name="full"),
    "cold": Pool(name="cold", applications=("rbd",), is_erasure_coded=True),
    ".mgr": Pool(name=".mgr", applications=("mgr",)),
}
VOLUMES = {
    "web1": Volume(name="web1", size_bytes=20 * GB, used_bytes=5 * GB),
    "spare": Volume(
        name="spare",
        size_bytes=10 * GB,
        snapshots=(Snapshot(name="monday"), Snapshot(name="gold", is_protected=True)),
    ),
    "child": Volume(name="child", size_bytes=10 * GB, used_bytes=2 * GB, parent="vms/spare@gold"),
    "old": Volume(name="old", size_bytes=GB, used_bytes=0, snapshots=(Snapshot(name="monday"),)),
}


def osd(number: int, **known: object) -> Osd:
    one = Osd(id=number, node=f"hv{number + 1}", device="/dev/sdb", is_up=True, is_in=True, total_bytes=100 * GB)
    return replace(one, used_bytes=50 * GB, **known)  # type: ignore[arg-type]


def storage(*osds: Osd) -> Storage:
    """OSDs 0 to 2, one on each of hv1 to hv3, unless given otherwise; `vms` may take 30 GB more, `ssd` 80 GB."""
    known = {number: osd(number) for number in range(3)} | {one.id: one for one in osds}
    return Storage(status=StorageStatus(at=1.0), osds=known, pools=POOLS, volumes={"vms": VOLUMES})


def with_storage(*parts: Node | Vm, known: Storage | None = None) -> Cluster:
    return replace(cluster(*parts), storage=known or storage())


def with_disks(one: Vm, *volumes: str) -> Vm:
    return replace(one, definition=replace(one.definition, volumes=volumes))


def user(state: VmState = VmState.RUNNING, *volumes: str, name: str = "web1", **placement: object) -> Vm:
    """A VM on hv1 with these disks; with vms/web1 when none is given."""
    return with_disks(vm(name, "hv1", state, **placement), *(volumes or ("vms/web1",)))  # type: ignore[arg-type]
