"""What the daemon costs while all is well, and how long its decisions take when a node dies in a large cluster."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, as_installed, milliseconds
from bench.populate import boot_id, node_name, populate, report
from bench.process import memory_mb, processor_s
from lab.zookeeper import ZooKeeperServer
from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.fence import Fence, FencePhase
from pvccore.model.node import NodeRole
from pvccore.model.struct import replace
from pvccore.operations.reading import load_cluster
from pvccore.plan.forecast import forecast_nodes
from pvccore.plan.managing import plan_manager
from pvccore.plan.placement import Rooms
from pvccore.plan.recovery import plan_recovery
from pvccore.plan.watch import Watch
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.codec import encode
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema, join
from pvccore.state.store import Delete, Put
from pvccore.state.zookeeper import ZooKeeperStore

RUNS = 5
LOST_VMS = 200
IDLE_NODES = 200
"""So that each of 10,000 VMs' nodes has 50 of them."""
SETTLES_S, LOOKED_AT_S = 15.0, 20.0
REPORT_EVERY_S = 5.0
SESSION_S = 30.0


def measure(directory: Path, *, nodes: int, vms: int) -> Iterator[Figure]:
    """Decisions on a cluster in memory; then the whole daemon as a process of its own."""
    yield from _decisions(_cluster_in_memory(nodes, vms))
    yield _daemon(directory / "hypervisor", NodeRole.HYPERVISOR, IDLE_NODES, vms, "≤ 2 % of a core, ≤ 120 MB")
    yield _daemon(directory / "manager", NodeRole.COORDINATOR, nodes, vms, "≤ 15 % of a core")


# Decisions


def _cluster_in_memory(nodes: int, vms: int) -> Cluster:
    schema = Schema("/pvc")
    store = MemoryTree(time.monotonic).connect()
    populate(store, schema, nodes=nodes, vms=vms)
    return replace(load_cluster(store, schema), started=True)


def _decisions(cluster: Cluster) -> Iterator[Figure]:
    size = f"{len(cluster.nodes)} nodes / {len(cluster.vms):,} VMs"
    watch = Watch(now_s=1000.0, lease_s=1000.0, seen=frozenset(cluster.nodes))
    if plan_manager(cluster, watch).steps:
        raise RuntimeError("the cluster is not settled")
    settled = _median_s(lambda: plan_manager(cluster, watch))
    yield Figure(what=f"manager's decision, {size}, all settled", measured=milliseconds(settled), target="≤ 50 ms")
    dead = _with_dead_node(cluster)
    node = dead.nodes[node_name(0)]
    if len(plan_recovery(dead, node, Rooms(dead))) != LOST_VMS:
        raise RuntimeError("the recovery is not complete")
    recovery = _median_s(lambda: plan_recovery(dead, node, Rooms(dead)))
    yield Figure(what=f"recovery of {LOST_VMS} VMs planned, {size}", measured=milliseconds(recovery), target="≤ 100 ms")
    forecast = _median_s(lambda: forecast_nodes(cluster))
    yield Figure(what=f"N−1 forecast of {size}", measured=f"{forecast:.2f} s", target="≤ 3 s")


def _with_dead_node(cluster: Cluster) -> Cluster:
    """The same with many VMs on the first node, which is off and being recovered."""
    name = node_name(0)
    fence = Fence(phase=FencePhase.RECOVERING, round=1, boot_id=boot_id(0))
    vms = dict(cluster.vms)
    for uuid in list(vms)[:LOST_VMS]:
        vms[uuid] = replace(vms[uuid], placement=replace(vms[uuid].placement, node=name))
    for uuid, vm in list(vms.items())[LOST_VMS:]:
        if vm.node == name:
            vms[uuid] = replace(vm, placement=replace(vm.placement, node=node_name(1)))
    nodes = {**cluster.nodes, name: replace(cluster.nodes[name], alive=None, fence=fence)}
    return replace(cluster, nodes=nodes, vms=vms)


def _median_s(decide: Callable[[], object]) -> float:
    took_s = []
    for _ in range(RUNS):
        began_s = time.process_time()
        decide()
        took_s.append(time.process_time() - began_s)
    return statistics.median(took_s)


# The whole daemon


def _daemon(directory: Path, role: NodeRole, nodes: int, vms: int, target: str) -> Figure:
    """All nodes report as they do, and nothing happens."""
    with ZooKeeperServer(directory, heap_mb=1024) as server:
        address = ZooKeeperAddress.parse(server.hosts)
        store = ZooKeeperStore(address, clock=time.monotonic, session_s=SESSION_S)
        store.connect()
        try:
            populate(store, address.schema, nodes=nodes, vms=vms)
            _end_lease(store, address.schema)
            with _reports(store, address, nodes, vms), _running(address, role, nodes, vms) as pid:
                time.sleep(SETTLES_S)
                began_s = processor_s(pid)
                time.sleep(LOOKED_AT_S)
                share = (processor_s(pid) - began_s) / LOOKED_AT_S
                shown = f"{share:.1%} of a core, {memory_mb(pid):.0f} MB"
            _check_at_work(load_cluster(store, address.schema), role)
        finally:
            store.close()
    whose = "a hypervisor's" if role is NodeRole.HYPERVISOR else "the manager's"
    what = f"{whose} daemon, {vms // nodes} VMs here, {vms:,} on {nodes} nodes, idle"
    return Figure(what=what, measured=shown, target=target)


def _check_at_work(cluster: Cluster, role: NodeRole) -> None:
    """What a daemon does while nothing happens: it reports; the manager has a forecast, too."""
    reported_s_ago = time.time() - cluster.nodes[node_name(0)].report.at
    if reported_s_ago > 3 * REPORT_EVERY_S or (role is NodeRole.COORDINATOR and not cluster.forecast.nodes):
        raise RuntimeError("the daemon is not at work")


def _end_lease(store: ZooKeeperStore, schema: Schema) -> None:
    """The first in line is to be the daemon."""
    (leases,) = store.children([schema.manager])
    store.commit([Delete(join(schema.manager, name), -1) for name in leases or []])


@contextmanager
def _running(address: ZooKeeperAddress, role: NodeRole, nodes: int, vms: int) -> Iterator[int]:
    words = (sys.executable, "-m", "bench.idle_daemon", address.where, "0", str(nodes), str(vms), role.value)
    with subprocess.Popen(words, env=as_installed(), stderr=subprocess.DEVNULL) as program:
        try:
            yield program.pid
        finally:
            program.kill()


@contextmanager
def _reports(store: ZooKeeperStore, address: ZooKeeperAddress, nodes: int, vms: int) -> Iterator[None]:
    """Every other node writes its report every few seconds."""
    chance = random.Random(4)
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.wait(REPORT_EVERY_S / nodes):
            number = number % (nodes - 1) + 1
            document = encode(report(number, range(number, vms, nodes), chance))
            store.commit([Put(address.schema.path(Kind.REPORT, node_name(number)), document, -1)])

    thread = threading.Thread(target=write, name="reports")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
