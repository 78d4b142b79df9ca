"""A living cluster in the lab: real daemons on its hosts, a tree of its own in its ZooKeeper, and a person's seat."""

import signal
import threading
import time
import uuid
from collections.abc import Callable
from typing import Self, TypeVar

from lab.cluster import Lab
from lab.guest import domain_xml
from lab.storage import SharedDisk
from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.journal import JournalEntry
from pvccore.model.struct import replace
from pvccore.model.vm import Vm, VmState
from pvccore.operations import cluster as cluster_verbs
from pvccore.operations import definitions, vms
from pvccore.operations.operator import Operator
from pvccore.operations.reading import load_cluster, read_xml
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.session import Session
from pvccore.state.store import Connection
from pvccore.state.zookeeper import ZooKeeperStore

BEGIN_LIMIT_S = 60.0
LOOK_EVERY_S = 0.1
GUEST_LIMIT_S = 120.0
PHASE_LIMIT_S = 60.0
GUEST_PATHS = ("/var/cache/pvc-lab", "/var/log/libvirt/qemu")

Answer = TypeVar("Answer")


class LivingCluster:
    """Daemons of the lab's hosts around a fresh cluster; `with` ends the seat, the lab itself ends the daemons."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.chroot = f"/pvc-{uuid.uuid4().hex[:8]}"
        self.address = ZooKeeperAddress.parse(lab.zookeeper.hosts + self.chroot)
        self.store = ZooKeeperStore(self.address, clock=time.monotonic, session_s=10.0)
        session = Session(self.store, self.address.schema, who="tester@lab", wall_clock=time.time)
        self.operator = Operator(session=session, cluster=self.look)

    def __enter__(self) -> Self:
        self.store.connect()
        cluster_verbs.init(self.operator.session)
        self.lab.start_daemons(chroot=self.chroot)
        self.wait_until_settled()
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    # Looking

    def look(self) -> Cluster:
        """The newest cluster, read from the store."""
        return load_cluster(self.store, self.address.schema, journal_shown=2000)

    def vm(self, name: str) -> Vm:
        return self.look().vm(name)

    def runs(self, name: str, *, on: str = "") -> bool:
        """Whether the store says that it runs (there)."""
        vm = self.vm(name)
        return vm.placement.state is VmState.RUNNING and on in ("", vm.node)

    def phase(self, node: str) -> FencePhase:
        return self.look().node(node).fence.phase

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        return self.look().journal

    @property
    def story(self) -> str:
        """The journal as a person reads it."""
        return "\n".join(f"{one.at:.3f} {one.who}: {one.what}: {one.why}" for one in self.journal)

    def manager(self) -> str:
        """The node whose daemon is the manager; "" while there is none."""
        cluster = self.look()
        return cluster.manager if cluster.leases else ""

    def wait_until(self, question: Callable[[], Answer], *, within_s: float, what: str) -> Answer:
        """The first true answer; on none in time the journal is told, too."""
        end_s = time.monotonic() + within_s
        while not (answer := question()):
            assert time.monotonic() < end_s, f"not within {within_s:g} s: {what}\n{self.story}"
            time.sleep(LOOK_EVERY_S)
        return answer

    def wait_until_settled(self) -> None:
        """Every host's daemon is alive, its report fresh, healthy and with figures, and somebody is the manager."""
        self.wait_until(self._is_settled, within_s=BEGIN_LIMIT_S, what="every node is alive and healthy")

    def _is_settled(self) -> bool:
        if self.store.connection is not Connection.CONNECTED:
            return False
        cluster = self.look()
        nodes = [cluster.nodes.get(host.name) for host in self.lab.hosts]
        ready = all(
            node
            and node.is_alive
            and node.report.boot_id == node.presence.boot_id
            and node.is_healthy
            and node.report.memory_total_mb
            for node in nodes
        )
        return ready and bool(cluster.leases) and cluster.started

    # Acting

    def run_vm(self, name: str, *, on: str, disk: SharedDisk | None = None) -> str:
        """Define a VM and start it; returns its uuid when its guest is up."""
        vm_uuid = self.start_vm(name, on=on, disk=disk)
        self.wait_until_up(name, on=on)
        return vm_uuid

    def start_vm(self, name: str, *, on: str, disk: SharedDisk | None = None) -> str:
        """Define a VM and want it to run, see `wait_until_up`; returns its uuid."""
        vm_uuid = str(uuid.uuid4())
        new = definitions.NewVm(xml=domain_xml(name, vm_uuid), node=on, paths=GUEST_PATHS)
        definitions.define(self.operator, new)
        if disk is not None:
            self._attach(vm_uuid, name, disk)
        vms.start(self.operator, name)
        return vm_uuid

    def wait_until_up(self, name: str, *, on: str) -> None:
        """Wait until it runs there and its guest is up."""
        self.wait_until(lambda: self.runs(name, on=on), within_s=GUEST_LIMIT_S, what=f"{name} runs on {on}")
        host = self.lab.host(on)
        self.wait_until(lambda: "tick" in host.serial(name), within_s=GUEST_LIMIT_S, what=f"the guest of {name} is up")

    def _attach(self, vm_uuid: str, name: str, disk: SharedDisk) -> None:
        """Put a disk into the stored XML by hand: a person may define disks in Ceph only."""
        before = read_xml(self.operator.session, self.vm(vm_uuid))
        after = replace(before, text=domain_xml(name, vm_uuid, disk_xml=disk.xml))
        write = Write(kind=Kind.XML, key=vm_uuid, before=before, after=after)
        self.operator.session.commit(Change(writes=(write,), quiet=True))

    def signal_daemon(self, node: str, number: signal.Signals) -> None:
        """Send a signal to a host's daemon."""
        self.lab.host(node)._marked("daemon").send(number)

    def kill_daemon_at(self, node: str, *, fence_of: str, phase: FencePhase) -> None:
        """Kill the daemon of `node` in that phase of a fence: it is stopped at each change until we have looked."""
        daemon = self.lab.host(node)._marked("daemon")
        changed = threading.Event()

        def stop(_path: str) -> None:
            daemon.send(signal.SIGSTOP)
            changed.set()

        self.store.watch(self.address.schema.path(Kind.FENCE, fence_of), stop, recursive=False)
        end_s = time.monotonic() + PHASE_LIMIT_S
        while self.phase(fence_of) is not phase:
            if not changed.is_set():
                daemon.send(signal.SIGCONT)
            assert changed.wait(end_s - time.monotonic()), f"the fence of {fence_of} was never {phase}\n{self.story}"
            changed.clear()
        daemon.send(signal.SIGKILL)
