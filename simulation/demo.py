"""The demo: a simulated cluster that lives in real time, for a console to look at and a person to break."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from random import Random
from uuid import UUID

from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.model.node import NodeRole
from pvccore.model.settings import Settings
from pvccore.model.vm import Definition, Wanted
from pvccore.state.memory import MemoryStore
from pvccore.state.schema import Schema
from simulation.ceph_state import SimulatedStorage
from simulation.clock import VirtualClock
from simulation.hosts import NodeSpec, VmSpec
from simulation.machine import Bmc
from simulation.world import SET_UP_S, World

SLOW_S, GONE_S = 2.0, 60.0
TICK_S = 0.05
"""How finely virtual time follows real time."""
NODES, VMS = 6, 42
COORDINATORS = 5
GB = 1024
ROLES = ("web", "db", "app", "mail", "cache", "build", "queue", "proxy", "git", "mon", "log", "ldap")
SIZES_GB = (1, 2, 2, 2, 4, 4, 8)
SPARE_SHARE = 0.62
"""Share of a node's memory that the demo's VMs may take: the rest lets another node die."""

log = logging.getLogger(__name__)


def demo_nodes(count: int, vms: int = VMS) -> tuple[NodeSpec, ...]:
    """`count` nodes, the first five of them coordinators, large enough for so many VMs."""
    size = _times_larger(count, vms)
    agents = (FenceAgent(kind=FenceAgentKind.IPMI, address="simulated BMC"),)
    return tuple(
        NodeSpec(
            name=f"hv{number}",
            memory_mb=(64 if number % 3 else 96) * GB * size,
            vcpus=32 * size,
            role=NodeRole.COORDINATOR if number <= COORDINATORS else NodeRole.HYPERVISOR,
            load=0.2,
            fence_agents=agents,
        )
        for number in range(1, count + 1)
    )


def _times_larger(nodes: int, vms: int) -> int:
    """How much larger than usual the nodes are: machines come in powers of two."""
    wanted_gb, usual_gb = vms * sum(SIZES_GB) / len(SIZES_GB), nodes * 64 * SPARE_SHARE
    return 1 << max(0, math.ceil(math.log2(max(1, wanted_gb) / usual_gb)))


def demo_vms(count: int, nodes: tuple[NodeSpec, ...], random: Random) -> tuple[VmSpec, ...]:
    """`count` VMs, spread over the nodes as far as they have room; what has none is stopped."""
    left_mb = {node.name: int(node.memory_mb * SPARE_SHARE) for node in nodes}
    return tuple(_demo_vm(number, nodes, left_mb, random) for number in range(count))


def _demo_vm(number: int, nodes: tuple[NodeSpec, ...], left_mb: dict[str, int], random: Random) -> VmSpec:
    role, index = ROLES[number % len(ROLES)], number // len(ROLES) + 1
    name = f"{role}{index}"
    memory_mb = random.choice(SIZES_GB) * GB
    node = max(left_mb, key=lambda known: (left_mb[known], known))
    runs = left_mb[node] >= memory_mb and random.random() > 0.04  # noqa: PLR2004 - a few are stopped
    left_mb[node] -= memory_mb if runs else 0
    names = [spec.name for spec in nodes]
    limited = role == "db" and len(names) > 2  # noqa: PLR2004 - a limit of two needs a third to leave out
    limit = tuple(sorted({node, names[(names.index(node) + 1) % len(names)]})) if limited else ()
    definition = Definition(
        name=name,
        description=f"{role} of the demo",
        tags=("prod",) if number % 3 else ("test",),
        memory_mb=memory_mb,
        vcpus=random.choice((1, 2, 2, 4)),
        volumes=(f"vms/{name}",),
        networks=("lan",),
        node_limit=limit,
    )
    uuid = str(UUID(int=random.getrandbits(128), version=4))
    return VmSpec(uuid=uuid, definition=definition, node=node, wanted=Wanted.RUNNING if runs else Wanted.STOPPED)


class DemoWorld:
    """A world on a thread of its own; its clocks are the machine's, so that a console needs no other.

    store: a session for the console. Every method but `start` and `stop` may be called from any thread.
    """

    def __init__(self, nodes: int = NODES, vms: int = VMS, *, seed: int = 7) -> None:
        random = Random(seed)
        specs = demo_nodes(nodes, vms)
        now_s = time.monotonic()
        clock = VirtualClock(now_s - SET_UP_S, time.time() - now_s)
        settings = Settings(cluster_name="demo")
        self._world = World(specs, demo_vms(vms, specs, random), settings, seed=seed, clock=clock, with_storage=True)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo world", daemon=True)
        self.store: MemoryStore = self._world.connect()
        self.schema: Schema = self._world.schema

    def start(self) -> None:
        """Bring the cluster up, at rest, and let it live."""
        self._world.start()
        self._world.run(time.monotonic())
        self._thread.start()

    def stop(self) -> None:
        """End the world and join its thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes."""
        return tuple(self._world.machines)

    def power_cut(self, node: str) -> None:
        """Pull a node's plug; its BMC still answers."""
        self._soon(lambda: self._world.power_off(node, by="fault"))

    def power_on(self, node: str) -> None:
        """Press a node's power button."""
        self._soon(lambda: self._world.power_on(node))

    def partition(self, node: str) -> None:
        """Cut a node off from ZooKeeper only."""
        self._soon(lambda: self._world.partition(node))

    def heal(self, node: str) -> None:
        """Mend that."""
        self._soon(lambda: self._world.heal(node))

    def bmc_dead(self, node: str) -> None:
        """Let a node's BMC be silent."""
        self._set_bmc(node, Bmc.DEAD)

    def bmc_lies(self, node: str) -> None:
        """Let a node's BMC say off, and do nothing."""
        self._set_bmc(node, Bmc.LIES)

    def bmc_ok(self, node: str) -> None:
        """Mend a node's BMC."""
        self._set_bmc(node, Bmc.OK)

    def break_hypervisor(self, node: str) -> None:
        """Let a node's libvirt hang."""
        self._soon(lambda: self._world.break_hypervisor(node))

    def zookeeper_down(self) -> None:
        """Take the store away."""
        self._soon(self._world.zookeeper_down)

    def zookeeper_up(self) -> None:
        """Bring it back."""
        self._soon(self._world.zookeeper_up)

    def osd_lost(self, node: str) -> None:
        """Lose one more OSD of a node."""
        self._soon(lambda: self._storage.lose_osd(node))

    def storage_slow(self, node: str) -> None:
        """Make every call to the storage two seconds slower."""
        self._set_slow(SLOW_S)

    def storage_gone(self, node: str) -> None:
        """Let the storage answer nobody."""
        self._set_slow(GONE_S)

    def storage_full(self, node: str) -> None:
        """Fill the pool of backups."""
        self._soon(lambda: self._storage.fill("backup"))

    @property
    def _storage(self) -> SimulatedStorage:
        storage = self._world.storage
        assert storage is not None  # noqa: S101 - this world was made with one
        return storage

    def _set_slow(self, slow_s: float) -> None:
        def change() -> None:
            self._world.ceph.slow_s = slow_s

        self._soon(change)

    def mend_all(self) -> None:
        """Mend every fault; power on what is off."""
        self._soon(self._mend)

    def _mend(self) -> None:
        self._world.ceph.slow_s = 0.0
        self._storage.mend()
        self._world.zookeeper_up()
        for name, machine in self._world.machines.items():
            machine.bmc = Bmc.OK
            self._world.mend_hypervisor(name)
            self._world.heal(name)
            self._world.power_on(name)
            self._world.start_daemon(name)

    def _set_bmc(self, node: str, bmc: Bmc) -> None:
        machine = self._world.machines[node]

        def change() -> None:
            machine.bmc = bmc

        self._soon(change)

    def _soon(self, action: Callable[[], None]) -> None:
        self._world.clock.after(0.0, action)

    def _run(self) -> None:
        """Let virtual time follow real time; a failed event is told and the world goes on."""
        while not self._stopping.wait(TICK_S):
            try:
                self._world.run(time.monotonic())
            except Exception:
                log.exception("the demo's world stumbled")
