"""The storage of a snapshot, put together from its documents; what was not touched is shared with the last one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pvccore.model.change import Kind
from pvccore.model.record import Record
from pvccore.model.storage import (
    Osds,
    Pools,
    PoolVolumes,
    Storage,
    StorageStatus,
    Volume,
    merged_volumes,
    pool_of_key,
)
from pvccore.model.struct import replace

Records = Mapping[Kind, Mapping[str, Record]]


def renewed_storage(last: Storage, records: Records, touched: set[Kind], pools: set[str]) -> Storage:
    """The storage with these kinds' documents and the volumes of these pools made anew; itself when there are none."""
    storage = last
    if Kind.STORAGE_STATUS in touched:
        status = records[Kind.STORAGE_STATUS].get("", StorageStatus())
        storage = replace(storage, status=cast("StorageStatus", status))
    if Kind.OSDS in touched:
        osds = cast("Osds", records[Kind.OSDS].get("", Osds()))
        storage = replace(storage, osds={osd.id: osd for osd in osds.osds})
    if Kind.POOLS in touched:
        found = cast("Pools", records[Kind.POOLS].get("", Pools()))
        storage = replace(storage, pools={pool.name: pool for pool in found.pools})
    if pools:
        storage = replace(storage, volumes=_renewed_volumes(last.volumes, records[Kind.VOLUMES], pools))
    return storage


def _renewed_volumes(
    last: Mapping[str, Mapping[str, Volume]], records: Mapping[str, Record], pools: set[str]
) -> Mapping[str, Mapping[str, Volume]]:
    parts: dict[str, list[PoolVolumes]] = {pool: [] for pool in pools}
    for key, record in sorted(records.items()):
        pool = pool_of_key(key)
        if pool in parts:
            parts[pool].append(cast("PoolVolumes", record))
    made = {pool: merged_volumes(found) for pool, found in parts.items() if found}
    kept = {pool: volumes for pool, volumes in last.items() if pool not in pools}
    return dict(sorted((kept | made).items()))
