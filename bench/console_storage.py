"""The console's volumes in a terminal, on a real ZooKeeper with many of them, of which some change all the time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.console import filtered, keys_took, median_and_worst, row_under_cursor
from bench.console_start import SIGN, console_on
from bench.figures import Figure, milliseconds
from bench.populate import populate
from bench.terminal import Terminal, terminal_with
from lab.zookeeper import ZooKeeperServer
from pvccore.model.change import Kind
from pvccore.model.storage import Pool, Pools, PoolVolumes, StorageStatus, Volume, volumes_key
from pvccore.model.struct import replace
from pvccore.model.volume_documents import spread
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.codec import encode
from pvccore.state.schema import Schema
from pvccore.state.store import Create, Put, Store
from pvccore.state.zookeeper import ZooKeeperStore

GB = 1 << 30
POOL = "vms"
KEYS = 200
CHANGE_EVERY = 10
"""Keys between two changes, a second or less: the daemon's own pace is one in some seconds."""


def measure(directory: Path, *, volumes: int) -> Iterator[Figure]:
    """Populate, open the volumes, move, sort and filter while documents of volumes are written anew."""
    with ZooKeeperServer(directory / "zookeeper", heap_mb=1024) as server:
        address = ZooKeeperAddress.parse(server.hosts)
        store = ZooKeeperStore(address, clock=time.monotonic, session_s=30.0)
        store.connect()
        try:
            populate(store, address.schema, nodes=3, vms=100)
            parts = _make(store, address.schema, volumes)
            with terminal_with(console_on(address.where)) as terminal:
                terminal.until(SIGN)
                yield from _at_work(terminal, store, address.schema, parts)
        finally:
            store.close()


def _make(store: Store, schema: Schema, count: int) -> list[tuple[Volume, ...]]:
    """A storage of so many volumes, as its reporter would have left it."""
    made = {one.name: one for one in (_volume(number) for number in range(count))}
    parts = spread(made)
    pools = Pools(pools=(Pool(name=POOL, replicas=3, pgs=128, volumes=count, applications=("rbd",)),))
    status = StorageStatus(at=time.time(), by="hv1")
    store.commit([
        Create(schema.path(Kind.STORAGE_STATUS, ""), encode(status)),
        Create(schema.path(Kind.POOLS, ""), encode(pools)),
    ])  # fmt: skip
    for shard, part in enumerate(parts):
        store.commit([Create(schema.path(Kind.VOLUMES, volumes_key(POOL, shard)), _document(parts, part))])
    return parts


def _volume(number: int) -> Volume:
    return Volume(
        name=f"vol-{number + 1:05}",
        size_bytes=20 * GB,
        used_bytes=number * GB // 1000,
        is_locked=True,
        lock_holder="10.2.0.1",
    )


def _document(parts: Sequence[Sequence[Volume]], part: Sequence[Volume]) -> bytes:
    return encode(PoolVolumes(pool=POOL, shards=len(parts), volumes=tuple(part)))


def _at_work(terminal: Terminal, store: Store, schema: Schema, parts: Sequence[Sequence[Volume]]) -> Iterator[Figure]:
    terminal.press("4", "Pools")
    terminal.rest(1.0)
    terminal.press(".", POOL)
    terminal.rest(1.0)
    opened_s = terminal.press(".", "vol-00030")
    count = sum(map(len, parts))
    yield Figure(what=f"{count:,} volumes → painted, from the tab beside them", measured=milliseconds(opened_s))
    terminal.rest(2.0)

    def changing(number: int) -> str:
        if not number % CHANGE_EVERY:
            _change(store, schema, parts, number)
        return row_under_cursor(number, f"{POOL}/vol-")

    took = keys_took(terminal, changing, KEYS)
    yield Figure(what="key → painted, volumes", measured=took, target="p50 ≤ 25 ms, p99 ≤ 60 ms")
    took_s, _ = filtered(terminal, "vol-")
    yield Figure(what="filter, volumes → painted", measured=median_and_worst(took_s), target="≤ 60 ms")


def _change(store: Store, schema: Schema, parts: Sequence[Sequence[Volume]], number: int) -> None:
    """One document written anew: what a look at its volumes' use, or at who has them open, leads to."""
    shard = number // CHANGE_EVERY % len(parts)
    part = [replace(one, used_bytes=one.used_bytes + number * GB) for one in parts[shard]]
    store.commit([Put(schema.path(Kind.VOLUMES, volumes_key(POOL, shard)), _document(parts, part), -1)])
