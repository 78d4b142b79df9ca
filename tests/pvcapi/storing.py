"""A storage and a task, as a reporter and a task runner would have written them."""

from __future__ import annotations

from pvccore.model.change import Kind
from pvccore.model.storage import (
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
from pvccore.model.task import Task
from tests.operations.world import World

GB = 1024**3


def with_storage(world: World) -> World:
    """Two OSDs, a pool, a volume with a snapshot."""
    status = StorageStatus(
        at=990.0,
        by="hv1",
        health=StorageHealth.WARNING,
        osds_total=2,
        osds_up=1,
        total_bytes=10**15 + 1,
        used_bytes=10**14,
    )
    osds = Osds(osds=(Osd(id=0, node="hv1", is_up=True, is_in=True), Osd(id=1, node="hv2", is_in=True)))
    pools = Pools(pools=(Pool(name="vms", stored_bytes=5 * GB, available_bytes=500 * GB, volumes=1),))
    volume = Volume(name="data", size_bytes=20 * GB, snapshots=(Snapshot(name="then", size_bytes=20 * GB),))
    world.write(Kind.STORAGE_STATUS, "", None, status)
    world.write(Kind.OSDS, "", None, osds)
    world.write(Kind.POOLS, "", None, pools)
    world.write(Kind.VOLUMES, volumes_key("vms", 0), None, PoolVolumes(pool="vms", volumes=(volume,)))
    return world


def with_task(world: World, key: str = "t1") -> World:
    """A task that waits."""
    task = Task(key=key, verb="storage osd in", title="take OSD 0 in", asked_by="anna@ops1", asked_at=990.0)
    world.write(Kind.TASK, key, None, task)
    return world
