"""A small storage in the store, as its reporter would have left it."""

from __future__ import annotations

from pvccore.model.change import Kind
from pvccore.model.storage import (
    HealthCheck,
    Osd,
    Osds,
    Pool,
    Pools,
    PoolVolumes,
    Snapshot,
    StorageHealth,
    StorageStatus,
    Volume,
    volumes_key,
)
from pvccore.model.struct import replace
from tests.operations.world import World

GB = 1 << 30

VOLUMES = (
    Volume(
        name="web1_disk",
        size_bytes=20 * GB,
        used_bytes=5 * GB,
        is_locked=True,
        lock_holder="192.0.2.1",
        watchers=("192.0.2.1",),
        opened_at=1_700_000_000.0,
    ),
    Volume(
        name="spare",
        size_bytes=10 * GB,
        snapshots=(
            Snapshot(name="monday", size_bytes=10 * GB),
            Snapshot(name="gold", size_bytes=10 * GB, is_protected=True),
        ),
    ),
    Volume(name="child", size_bytes=10 * GB, parent="vms/spare@gold"),
    Volume(name="empty", size_bytes=1 * GB, used_bytes=0),
)


def put_storage(world: World, **status: object) -> None:
    """Two pools, three OSDs and a few volumes; `vms` has 100 GB, 50 of them taken."""
    known = StorageStatus(
        at=world.now - 10,
        by="hv1",
        health=StorageHealth.WARNING,
        checks=(HealthCheck(code="OSD_DOWN", summary="1 osds down"),),
        flags=("norebalance",),
        ceph_version="16.2.15",
        monitors=("hv1", "hv2", "hv3"),
        monitors_in_quorum=("hv1", "hv2", "hv3"),
        osds_total=3,
        osds_up=2,
        osds_in=3,
        total_bytes=300 * GB,
        used_bytes=150 * GB,
        available_bytes=150 * GB,
    )
    osds = tuple(
        Osd(id=number, node=f"hv{number + 1}", device="/dev/sdb", device_class="ssd", is_up=number < 2, is_in=True,
            weight=0.1, total_bytes=100 * GB, used_bytes=50 * GB, pgs=64, latency_ms=2.0)
        for number in range(3)
    )  # fmt: skip
    pools = (
        Pool(name="backup", id=2, replicas=3, replicas_min=2, pgs=32, available_bytes=50 * GB, namespaces=2,
             applications=("rbd",)),
        Pool(name="vms", id=1, replicas=3, replicas_min=2, pgs=128, stored_bytes=50 * GB, used_bytes=150 * GB,
             available_bytes=50 * GB, volumes=len(VOLUMES), applications=("rbd",)),
    )  # fmt: skip
    world.write(Kind.STORAGE_STATUS, "", None, replace(known, **status))  # type: ignore[arg-type]
    world.write(Kind.OSDS, "", None, Osds(osds=osds))
    world.write(Kind.POOLS, "", None, Pools(pools=pools))
    world.write(Kind.VOLUMES, volumes_key("vms", 0), None, PoolVolumes(pool="vms", volumes=VOLUMES))
