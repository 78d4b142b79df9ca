"""How fast a cluster is read from a real ZooKeeper, and how fast a change in it reaches the snapshot."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, milliseconds, percentile
from bench.populate import populate, vm_uuid
from lab.zookeeper import ZooKeeperServer
from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster, Delta
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.live import LiveCluster
from pvccore.state.live_thread import LiveThread
from pvccore.state.zookeeper import ZooKeeperStore

LOADS = 5
CHANGES_PER_S = 1000
CHANGE_SECONDS = 10
LOAD_LIMIT_S = 30.0


@dataclass
class Arrivals:
    """How long after it was begun each write was in a published snapshot; the documents carry when that was."""

    delays_s: list[float] = field(default_factory=list)
    loaded: threading.Event = field(default_factory=threading.Event)

    def take(self, cluster: Cluster, delta: Delta) -> None:
        """A published snapshot."""
        now_s = time.monotonic()
        self.loaded.set()
        begun = (cluster.vms[uuid].placement.why for uuid in delta.vms)
        self.delays_s += [now_s - float(began_s) for began_s in begun if began_s]


def measure(directory: Path, *, nodes: int, vms: int) -> Iterator[Figure]:
    """Populate a real ZooKeeper, load it several times, then have it changed at a steady rate."""
    with ZooKeeperServer(directory, heap_mb=1024) as server:
        address = ZooKeeperAddress.parse(server.hosts)
        store = ZooKeeperStore(address, clock=time.monotonic, session_s=30.0)
        store.connect()
        try:
            populate(store, address.schema, nodes=nodes, vms=vms)
            yield from cold_load(store, address, nodes, vms)
            yield change_to_snapshot(store, address, vms)
        finally:
            store.close()


def cold_load(store: ZooKeeperStore, address: ZooKeeperAddress, nodes: int, vms: int) -> Iterator[Figure]:
    """From a connected store to a complete cluster."""
    schema = address.schema
    took_s, cpu_s = [], []
    for _ in range(LOADS):
        live = LiveCluster(store, schema, clock=time.monotonic)
        live.start()
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        cluster, _ = live.refresh()
        took_s.append(time.perf_counter() - began_s)
        cpu_s.append(time.process_time() - began_cpu_s)
        if (len(cluster.nodes), len(cluster.vms), len(cluster.problems)) != (nodes, vms, 0):
            raise RuntimeError("the load is not complete")
    shown = f"{statistics.median(took_s):.2f} s (best {min(took_s):.2f} s, processor {statistics.median(cpu_s):.2f} s)"
    yield Figure(what=f"cold load of {nodes} nodes / {vms:,} VMs, median of {LOADS}", measured=shown, target="≤ 0.5 s")
    paths = [schema.path(kind, vm_uuid(number)) for number in range(vms) for kind in (Kind.DEFINITION, Kind.PLACEMENT)]
    began_s = time.perf_counter()
    store.read(paths)
    rate = len(paths) / (time.perf_counter() - began_s)
    yield Figure(what="znodes read, batches of 500", measured=f"{rate:,.0f} /s", target="≥ 100,000 /s")


def change_to_snapshot(store: ZooKeeperStore, address: ZooKeeperAddress, vms: int) -> Figure:
    """Another process writes placements; this one publishes snapshots."""
    arrivals = Arrivals()
    thread = LiveThread(
        lambda wake: LiveCluster(store, address.schema, clock=time.monotonic, wake=wake),
        arrivals.take,
        clock=time.monotonic,
    )
    thread.start()
    arrivals.loaded.wait(LOAD_LIMIT_S)
    began_cpu_s = time.process_time()
    writer = [sys.executable, "-m", "bench.writer", address.where, str(vms), str(CHANGES_PER_S), str(CHANGE_SECONDS)]
    written = int(subprocess.run(writer, check=True, capture_output=True, text=True, timeout=120).stdout)
    share = (time.process_time() - began_cpu_s) / CHANGE_SECONDS
    thread.stop()
    delays_s = arrivals.delays_s
    shown = (
        f"p50 {milliseconds(percentile(delays_s, 0.5))}, p99 {milliseconds(percentile(delays_s, 0.99))} "
        f"({written / CHANGE_SECONDS:.0f} changes/s, {share:.0%} of a core)"
    )
    return Figure(what=f"change in ZooKeeper → new snapshot, {vms:,} VMs", measured=shown, target="p99 ≤ 50 ms")
