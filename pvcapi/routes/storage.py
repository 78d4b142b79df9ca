"""`/storage/ceph`: OSDs, pools, volumes and snapshots; what is asked for is carried out as a task."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response, Router, delete, get, post, put
from litestar.params import JSONBody

from pvcapi.auth import operator
from pvcapi.details import answer, page
from pvcapi.filtering import matching
from pvcapi.parameters import (
    Confirmed,
    Filter,
    Force,
    Limit,
    Offset,
    OsdPath,
    PoolFilter,
    PoolPath,
    SnapshotPath,
    VolumePath,
    Wait,
)
from pvcapi.problems import READING, WRITING, documented
from pvcapi.seat import Here, Seat
from pvcapi.shapes import Outcome
from pvcapi.storage_shapes import (
    CloneWanted,
    FlagWanted,
    NewOsd,
    NewPool,
    NewSnapshot,
    NewVolume,
    OsdRecord,
    OsdStateWanted,
    PgsWanted,
    PoolRecord,
    SnapshotName,
    SnapshotRecord,
    StorageStatusRecord,
    UploadWanted,
    Utilization,
    VolumeChange,
    VolumeRecord,
)
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid, NotFound
from pvccore.model.storage import Volume, path_of_volume
from pvccore.operations import storage

reading = documented(READING)
writing = documented(WRITING)


@get("/status", responses=reading)
async def show_status(seat: Here) -> Response[StorageStatusRecord]:
    """Show the storage as a whole, with the age of what is known."""
    return answer(storage.status_record(seat.cluster))


@get("/utilization", responses=reading)
async def show_utilization(seat: Here) -> Response[Utilization]:
    """Show how full the storage and its pools are."""
    cluster = seat.cluster
    status = storage.status_record(cluster)
    record = {name: status[name] for name in ("at", "total_bytes", "used_bytes", "available_bytes")}
    pools = [storage.pool_record(pool) for _, pool in sorted(cluster.storage.pools.items())]
    return answer(record | {"pools": pools})


@post("/option", guards=[operator], responses=writing, status_code=200)
async def set_option(seat: Here, data: JSONBody[FlagWanted], wait_s: Wait = 0.0) -> Outcome:
    """Set a flag of the whole storage, as noout, or take it away."""
    return await _ask(seat, f"storage osd {data.action}", {"flag": data.option}, wait_s)


@get("/osd", responses=reading)
async def list_osds(
    seat: Here, node: Filter = None, limit: Limit = None, offset: Offset = 0
) -> Response[list[OsdRecord]]:
    """List OSDs by number. X-Total-Count: how many there are without limit."""
    osds = seat.cluster.storage.osds
    return page(matching([storage.osd_record(osds[number]) for number in sorted(osds)], {"node": node}), limit, offset)


@post("/osd", guards=[operator], responses=writing)
async def add_osd(seat: Here, data: JSONBody[NewOsd], confirmed: Confirmed = False, wait_s: Wait = 0.0) -> Outcome:
    """Make an OSD of a device of a node; what is on the device is lost."""
    given = {"node": data.node, "device": data.device, "class": data.device_class}
    return await _ask(seat, "storage osd add", given, wait_s, confirmed=confirmed)


@get("/osd/{osd:int}", responses=reading)
async def show_osd(seat: Here, osd: OsdPath) -> Response[OsdRecord]:
    """Show an OSD."""
    return answer(storage.osd_record(seat.cluster.storage.osd(osd)))


@delete("/osd/{osd:int}", guards=[operator], responses=writing, status_code=200)
async def remove_osd(
    seat: Here, osd: OsdPath, force: Force = False, confirmed: Confirmed = False, wait_s: Wait = 0.0
) -> Outcome:
    """Drain an OSD, and forget it once it is safe to destroy."""
    given = _forced({"osd": str(osd)}, force=force)
    return await _ask(seat, "storage osd remove", given, wait_s, confirmed=confirmed)


@post("/osd/{osd:int}/state", guards=[operator], responses=writing, status_code=200)
async def set_osd_state(seat: Here, osd: OsdPath, data: JSONBody[OsdStateWanted], wait_s: Wait = 0.0) -> Outcome:
    """Let copies be placed on an OSD (in), or have them moved elsewhere (out)."""
    return await _ask(seat, f"storage osd {data.state}", {"osd": str(osd)}, wait_s)


@get("/pool", responses=reading)
async def list_pools(seat: Here, limit: Limit = None, offset: Offset = 0) -> Response[list[PoolRecord]]:
    """List pools by name. X-Total-Count: how many there are without limit."""
    return page([storage.pool_record(pool) for _, pool in sorted(seat.cluster.storage.pools.items())], limit, offset)


@post("/pool", guards=[operator], responses=writing)
async def add_pool(
    seat: Here,
    data: JSONBody[NewPool],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Make a pool for volumes."""
    given = {
        "pool": data.pool,
        "pgs": str(data.pgs),
        "replicas": str(data.replicas),
        "replicas_min": str(data.replicas_min),
    }
    return await _ask(seat, "storage pool add", given, wait_s)


@get("/pool/{pool:str}", responses=reading)
async def show_pool(seat: Here, pool: PoolPath) -> Response[PoolRecord]:
    """Show a pool."""
    return answer(storage.pool_record(seat.cluster.storage.pool(pool)))


@put("/pool/{pool:str}", guards=[operator], responses=writing)
async def set_pgs(seat: Here, pool: PoolPath, data: JSONBody[PgsWanted], wait_s: Wait = 0.0) -> Outcome:
    """Split or merge a pool's placement groups."""
    return await _ask(seat, "storage pool set-pgs", {"pool": pool, "pgs": str(data.pgs)}, wait_s)


@delete("/pool/{pool:str}", guards=[operator], responses=writing, status_code=200)
async def remove_pool(
    seat: Here, pool: PoolPath, force: Force = False, confirmed: Confirmed = False, wait_s: Wait = 0.0
) -> Outcome:
    """Remove a pool; with force also the volumes in it."""
    return await _ask(seat, "storage pool remove", _forced({"pool": pool}, force=force), wait_s, confirmed=confirmed)


@get("/volume", responses=reading)
async def list_volumes(
    seat: Here, pool: PoolFilter = "", limit: Limit = None, offset: Offset = 0
) -> Response[list[VolumeRecord]]:
    """List volumes by pool and name. X-Total-Count: how many there are without limit."""
    return page(storage.volume_records(seat.cluster, pool), limit, offset)


@post("/volume", guards=[operator], responses=writing)
async def add_volume(
    seat: Here,
    data: JSONBody[NewVolume],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Make an empty volume."""
    given = _forced({"volume": path_of_volume(data.pool, data.volume), "size": data.size}, force=data.force)
    return await _ask(seat, "storage volume add", given, wait_s, confirmed=data.force)


@get("/volume/{pool:str}/{volume:str}", responses=reading)
async def show_volume(seat: Here, pool: PoolPath, volume: VolumePath) -> Response[VolumeRecord]:
    """Show a volume, and the VMs that use it."""
    cluster = seat.cluster
    return answer(storage.volume_record(cluster, pool, cluster.storage.volume(pool, volume)))


@put("/volume/{pool:str}/{volume:str}", guards=[operator], responses=writing)
async def change_volume(
    seat: Here,
    pool: PoolPath,
    volume: VolumePath,
    data: JSONBody[VolumeChange],
    confirmed: Confirmed = False,
    wait_s: Wait = 0.0,
) -> Outcome:
    """Give a volume another size, and tell its guest; or another name."""
    path = path_of_volume(pool, volume)
    if bool(data.size) == bool(data.name):
        raise Invalid("size", data.size, "or name must be given, and not both")
    if data.name:
        return await _ask(seat, "storage volume rename", {"volume": path, "name": data.name}, wait_s)
    given = _forced({"volume": path, "size": data.size}, force=data.force)
    return await _ask(seat, "storage volume resize", given, wait_s, confirmed=confirmed)


@delete("/volume/{pool:str}/{volume:str}", guards=[operator], responses=writing, status_code=200)
async def remove_volume(
    seat: Here,
    pool: PoolPath,
    volume: VolumePath,
    force: Force = False,
    confirmed: Confirmed = False,
    wait_s: Wait = 0.0,
) -> Outcome:
    """Remove a volume; with force also its snapshots."""
    given = _forced({"volume": path_of_volume(pool, volume)}, force=force)
    return await _ask(seat, "storage volume remove", given, wait_s, confirmed=confirmed)


@post("/volume/{pool:str}/{volume:str}/clone", guards=[operator], responses=writing)
async def clone_volume(
    seat: Here, pool: PoolPath, volume: VolumePath, data: JSONBody[CloneWanted], wait_s: Wait = 0.0
) -> Outcome:
    """Copy a volume whole, or clone a snapshot of it, into the same pool or another."""
    origin = path_of_volume(pool, volume) + (f"@{data.snapshot}" if data.snapshot else "")
    given = _forced({"volume": origin, "to": path_of_volume(data.pool or pool, data.volume)}, force=data.force)
    return await _ask(seat, "storage volume clone", given, wait_s, confirmed=data.force)


@post("/volume/{pool:str}/{volume:str}/upload", guards=[operator], responses=writing)
async def upload_volume(
    seat: Here, pool: PoolPath, volume: VolumePath, data: JSONBody[UploadWanted], wait_s: Wait = 0.0
) -> Outcome:
    """Make a volume of an image file that lies on a node."""
    given = _forced({"volume": path_of_volume(pool, volume), "path": data.path, "node": data.node}, force=data.force)
    return await _ask(seat, "storage volume upload", given, wait_s, confirmed=data.force)


@get("/snapshot", responses=reading)
async def list_snapshots(
    seat: Here, pool: PoolFilter = "", limit: Limit = None, offset: Offset = 0
) -> Response[list[SnapshotRecord]]:
    """List snapshots by volume. X-Total-Count: how many there are without limit."""
    cluster = seat.cluster
    if pool:
        cluster.storage.pool(pool)
    volumes = [
        (path_of_volume(place, name), volume)
        for place, found in sorted(cluster.storage.volumes.items())
        if pool in ("", place)
        for name, volume in sorted(found.items())
    ]
    return page(storage.snapshot_records(volumes), limit, offset)


@post("/snapshot", guards=[operator], responses=writing)
async def add_snapshot(seat: Here, data: JSONBody[NewSnapshot], wait_s: Wait = 0.0) -> Outcome:
    """Keep a volume as it is now."""
    given = {"volume": path_of_volume(data.pool, data.volume), "name": data.snapshot}
    return await _ask(seat, "storage volume snapshot add", given, wait_s)


@get("/snapshot/{pool:str}/{volume:str}/{snapshot:str}", responses=reading)
async def show_snapshot(
    seat: Here, pool: PoolPath, volume: VolumePath, snapshot: SnapshotPath
) -> Response[SnapshotRecord]:
    """Show a snapshot."""
    found = _records_of(seat.cluster, pool, volume)
    if snapshot not in found:
        raise NotFound("snapshot", f"{path_of_volume(pool, volume)}@{snapshot}")
    return answer(found[snapshot])


@put("/snapshot/{pool:str}/{volume:str}/{snapshot:str}", guards=[operator], responses=writing)
async def rename_snapshot(
    seat: Here,
    pool: PoolPath,
    volume: VolumePath,
    snapshot: SnapshotPath,
    data: JSONBody[SnapshotName],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Give a snapshot another name."""
    given = {"volume": path_of_volume(pool, volume), "name": snapshot, "new_name": data.name}
    return await _ask(seat, "storage volume snapshot rename", given, wait_s)


@post("/snapshot/{pool:str}/{volume:str}/{snapshot:str}/rollback", guards=[operator], responses=writing)
async def roll_back(
    seat: Here,
    pool: PoolPath,
    volume: VolumePath,
    snapshot: SnapshotPath,
    confirmed: Confirmed = False,
    wait_s: Wait = 0.0,
) -> Outcome:
    """Make a volume what it was; its VM must be stopped."""
    given = {"volume": path_of_volume(pool, volume), "name": snapshot}
    return await _ask(seat, "storage volume snapshot rollback", given, wait_s, confirmed=confirmed)


@delete("/snapshot/{pool:str}/{volume:str}/{snapshot:str}", guards=[operator], responses=writing, status_code=200)
async def remove_snapshot(
    seat: Here,
    pool: PoolPath,
    volume: VolumePath,
    snapshot: SnapshotPath,
    confirmed: Confirmed = False,
    wait_s: Wait = 0.0,
) -> Outcome:
    """Forget a snapshot."""
    given = {"volume": path_of_volume(pool, volume), "name": snapshot}
    return await _ask(seat, "storage volume snapshot remove", given, wait_s, confirmed=confirmed)


async def _ask(seat: Seat, verb: str, given: Mapping[str, str], wait_s: float, *, confirmed: bool = False) -> Outcome:
    return await seat.do(lambda by: storage.ask(by, verb, given, confirmed=confirmed), wait_s)


def _forced(given: dict[str, str], *, force: bool) -> dict[str, str]:
    return given | {"force": "yes"} if force else given


def _records_of(cluster: Cluster, pool: str, volume: str) -> dict[str, dict[str, object]]:
    found: Volume = cluster.storage.volume(pool, volume)
    return {one["name"]: one for one in storage.snapshot_records([(path_of_volume(pool, volume), found)])}


ROUTER = Router(
    "/storage/ceph",
    route_handlers=[
        show_status,
        show_utilization,
        set_option,
        list_osds,
        add_osd,
        show_osd,
        remove_osd,
        set_osd_state,
        list_pools,
        add_pool,
        show_pool,
        set_pgs,
        remove_pool,
        list_volumes,
        add_volume,
        show_volume,
        change_volume,
        remove_volume,
        clone_volume,
        upload_volume,
        list_snapshots,
        add_snapshot,
        show_snapshot,
        rename_snapshot,
        roll_back,
        remove_snapshot,
    ],
    tags=["storage"],
)
