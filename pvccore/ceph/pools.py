"""Pools: how they are, made for RBD, removed, and their placement groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pvccore.ceph.commands import Commands
from pvccore.model.errors import PvcError
from pvccore.model.storage import Pool
from pvccore.model.struct import Struct

ERASURE_CODED = 3
"""Ceph's number of that type of pool; replicated ones have 1."""
MEAN_IT = "--yes-i-really-mean-it"
MEAN_IT_TWICE = "--yes-i-really-really-mean-it"


class Pools(Struct, frozen=True, kw_only=True):
    """The pools of one Ceph cluster."""

    commands: Commands

    def add(self, name: str, pgs: int, replicas: int, replicas_min: int) -> None:
        """Make a replicated pool for volumes; when a later step fails, the half-made pool is taken away again."""
        self.commands.ceph("osd", "pool", "create", name, str(pgs), str(pgs), "replicated")
        try:
            single = [MEAN_IT] if replicas == 1 else []
            self.commands.ceph("osd", "pool", "set", name, "size", str(replicas), *single)
            self.commands.ceph("osd", "pool", "set", name, "min_size", str(replicas_min))
            self.commands.ceph("osd", "pool", "application", "enable", name, "rbd")
            self.commands.rbd_plain("pool", "init", name)
        except PvcError:
            self.remove(name)
            raise

    def remove(self, name: str) -> None:
        """Remove a pool with everything in it; Ceph refuses unless it is configured to allow that."""
        self.commands.ceph("osd", "pool", "delete", name, name, MEAN_IT_TWICE)

    def held(self, name: str) -> tuple[str, ...]:
        """What would go with a pool, in words: its volumes, its trash, and its namespaces, in which we don't look."""
        asked = (("volumes", ("ls",)), ("volumes in its trash", ("trash", "ls")), ("namespaces", ("namespace", "ls")))
        counts = ((len(self.commands.rbd(*words, "--pool", name) or ()), what) for what, words in asked)
        return tuple(f"{count} {what}" for count, what in counts if count)

    def set_pgs(self, name: str, pgs: int) -> None:
        """Have the pool split or merged to that many placement groups; Ceph does it little by little."""
        self.commands.ceph("osd", "pool", "set", name, "pg_num", str(pgs))
        self.commands.ceph("osd", "pool", "set", name, "pgp_num", str(pgs))

    def load(self) -> dict[str, Pool]:
        """Every pool as it is now, by name."""
        df, dump = self.commands.ceph_all("df detail", "osd dump")
        return {pool.name: pool for pool in parse_pools(df, dump)}


def parse_pools(df: Any, dump: Any) -> tuple[Pool, ...]:  # noqa: ANN401 - JSON
    """`ceph df detail` and `osd dump` as pools, by name; how many volumes each has neither of them tells."""
    use = {str(one["name"]): one.get("stats") or {} for one in (df or {}).get("pools") or ()}
    found = [_pool(one, use.get(str(one["pool_name"]), {})) for one in (dump or {}).get("pools") or ()]
    return tuple(sorted(found, key=lambda pool: pool.name))


def _pool(entry: Mapping[str, Any], use: Mapping[str, Any]) -> Pool:
    return Pool(
        name=str(entry["pool_name"]),
        id=int(entry.get("pool", entry.get("pool_id", 0))),
        replicas=int(entry.get("size", 0)),
        replicas_min=int(entry.get("min_size", 0)),
        pgs=int(entry.get("pg_num_target", entry.get("pg_num", 0))),
        # Before Ceph 14 there is no "stored"; bytes_used then is what clients wrote.
        stored_bytes=int(use.get("stored", use.get("bytes_used", 0))),
        used_bytes=int(use.get("bytes_used", 0)),
        available_bytes=int(use.get("max_avail", 0)),
        objects=int(use.get("objects", 0)),
        applications=tuple(sorted(entry.get("application_metadata") or ())),
        is_erasure_coded=entry.get("type") == ERASURE_CODED,
    )
