"""What the storage reporter has stored, and what of it a new reading changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from pvccore.model.change import Change, Kind, Write
from pvccore.model.record import NEW, Record
from pvccore.model.storage import (
    Osds,
    Pools,
    PoolVolumes,
    StorageStatus,
    Volume,
    merged_volumes,
    pool_of_key,
    volumes_key,
)
from pvccore.model.struct import replace
from pvccore.model.volume_documents import spread
from pvccore.state.codec import Undecodable, decode
from pvccore.state.schema import RECORD_TYPES
from pvccore.state.session import Session

R = TypeVar("R", bound=Record)
_SINGLE = (Kind.STORAGE_STATUS, Kind.OSDS, Kind.POOLS)


class StorageRecords:
    """The storage's documents as they are stored, by the one who writes them; read once when the lease is taken."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stored: dict[tuple[Kind, str], Record] = {}

    def load(self) -> None:
        """Read all of them; raises `Unavailable`."""
        schema, store = self._session.schema, self._session.store
        keys = [(kind, "") for kind in _SINGLE]
        keys += [(Kind.VOLUMES, name) for name in store.children([schema.volumes])[0] or []]
        paths = [schema.stored_path(kind, key) for kind, key in keys]
        self._stored = {}
        for (kind, key), path, znode in zip(keys, paths, store.read(paths), strict=True):
            if znode is None:
                continue
            found = decode(RECORD_TYPES[kind], path, znode)
            readable = RECORD_TYPES[kind](version=znode.version) if isinstance(found, Undecodable) else found
            self._stored[kind, key] = readable

    @property
    def status(self) -> StorageStatus:
        """The status as stored."""
        return self._get(Kind.STORAGE_STATUS, "", StorageStatus())

    @property
    def pools(self) -> Pools:
        """The pools as stored."""
        return self._get(Kind.POOLS, "", Pools())

    def volumes(self, pool: str) -> dict[str, Volume]:
        """A pool's volumes as stored, by name."""
        return merged_volumes(record for _, record in self._shards(pool))

    def documents(self, pool: str) -> int:
        """Over how many documents a pool's volumes are spread."""
        return max((record.shards for _, record in self._shards(pool)), default=1)

    def pools_with_volumes(self) -> set[str]:
        """The pools of which volumes are stored."""
        return {pool_of_key(key) for kind, key in self._stored if kind is Kind.VOLUMES}

    # Changes

    def status_change(self, status: StorageStatus) -> list[Change]:
        """The change to another status."""
        return self._changed(Kind.STORAGE_STATUS, "", status)

    def osds_change(self, osds: Osds) -> list[Change]:
        """The change to other OSDs."""
        return self._changed(Kind.OSDS, "", osds)

    def pools_change(self, pools: Pools) -> list[Change]:
        """The change to other pools."""
        return self._changed(Kind.POOLS, "", pools)

    def volumes_changes(self, pool: str, volumes: Mapping[str, Volume]) -> list[Change]:
        """The changes to other volumes of a pool, in an order in which a reader never misses one meanwhile."""
        old = dict(self._shards(pool))
        if not volumes:
            return [self._write(Kind.VOLUMES, key, None) for key in old]
        parts = spread(volumes, self.documents(pool))
        shards = len(parts)
        changes: list[Change] = []
        # Growing: the new upper halves first, while the lower documents still hold what moves there.
        for shard in reversed(range(shards)):
            record = PoolVolumes(pool=pool, shards=shards, volumes=parts[shard])
            changes += self._changed(Kind.VOLUMES, volumes_key(pool, shard), record)
        kept = {volumes_key(pool, shard) for shard in range(shards)}
        # Shrinking: the upper documents go last, when the lower ones hold everything.
        return changes + [self._write(Kind.VOLUMES, key, None) for key in old if key not in kept]

    def committed(self, change: Change) -> None:
        """A change is stored now."""
        for write in change.writes:
            if write.after is None:
                self._stored.pop((write.kind, write.key), None)
            else:
                version = NEW if write.before is None else write.before.version
                self._stored[write.kind, write.key] = replace(write.after, version=version + 1)

    def _get(self, kind: Kind, key: str, default: R) -> R:
        found = self._stored.get((kind, key))
        return found if isinstance(found, type(default)) else default

    def _shards(self, pool: str) -> Iterator[tuple[str, PoolVolumes]]:
        for (kind, key), record in list(self._stored.items()):
            if kind is Kind.VOLUMES and pool_of_key(key) == pool and isinstance(record, PoolVolumes):
                yield key, record

    def _changed(self, kind: Kind, key: str, after: Record) -> list[Change]:
        before = self._stored.get((kind, key))
        if (
            before is not None
            and replace(after, version=before.version, zxid=before.zxid, extra=before.extra) == before
        ):
            return []
        return [self._write(kind, key, after)]

    def _write(self, kind: Kind, key: str, after: Record | None) -> Change:
        before = self._stored.get((kind, key))
        if after is not None and before is not None:
            after = replace(after, extra=before.extra)
        return Change(writes=(Write(kind=kind, key=key, before=before, after=after),), quiet=True)
