"""The simulated world: machines and their daemons around one store, with every fault a scenario may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import GoodbyeReason, NodeRole
from pvccore.model.settings import Settings
from pvccore.model.vm import Definition
from pvccore.plan.domains import DomainState
from pvccore.state.codec import decode
from pvccore.state.live import LiveCluster
from pvccore.state.memory import MemoryStore, MemoryTree
from pvccore.state.schema import LEASE_PREFIX, Schema, join
from pvccore.state.session import Session, create_tree
from pvccore.state.store import Operation
from simulation.ceph_state import SimulatedStorage
from simulation.clock import VirtualClock
from simulation.daemon import Killed, SimulatedDaemon
from simulation.hosts import Host, NodeSpec, VmSpec, build_host, write_cluster
from simulation.machine import Bmc, Machine
from simulation.storage import FOREIGN, Client, SimulatedCeph
from simulation.storage_duties import add_storage_duties, furnish

SET_UP_S = 6.0
"""The world is set up this long before 0 s."""
BOOT_S = 20.0
"""From power to a running daemon."""
RESTART_S = 5.0
"""A daemon that was killed by `--crash-after` is started again after this."""
HOST_STOP_LOOK_S = 0.5
MONITORS = 3


class _DaemonStore(MemoryStore):
    """A daemon's session, whose process may stand still before any commit, or be killed right after it."""

    def __init__(self, tree: MemoryTree, session_s: float, world: World, host: Host) -> None:
        super().__init__(tree, session_s)
        self._world = world
        self._host = host

    def commit(self, operations: Sequence[Operation]) -> list[str]:
        is_report = self._world.is_report(operations)
        if not is_report:
            self._world.before_act(self._host)
        self._world.committing = self
        try:
            made = super().commit(operations)
        finally:
            self._world.committing = None
        self._world.acted(self._host, is_report=is_report)
        return made


class World:
    """Everything that exists in the simulated cluster; one seed decides all that is left to chance.

    acts: commits made and effects begun by daemons since 0 s; right after the `kill_after`-th its process dies.
    """

    def __init__(
        self,
        nodes: tuple[NodeSpec, ...],
        vms: tuple[VmSpec, ...],
        settings: Settings,
        *,
        seed: int = 0,
        kill_after: int | None = None,
        clock: VirtualClock | None = None,
        with_storage: bool = False,
    ) -> None:
        self.clock = clock if clock is not None else VirtualClock(-SET_UP_S)
        self.random = Random(seed)
        self.tree = MemoryTree(self.clock.monotonic)
        self.schema = Schema()
        self.settings = settings
        self.ceph = SimulatedCeph(clock=self.clock)
        self.after_event: list[Callable[[], None]] = []
        self.power_cuts: list[Callable[[str, str], None]] = []
        self.is_persons_turn = False
        self.maintenance_since_s: float | None = None
        self._nodes, self._vms = nodes, vms
        self._hosts: dict[str, Host] = {
            spec.name: build_host(spec, number, self.clock, self.ceph, self.random, settings.session_s)
            for number, spec in enumerate(nodes, 1)
        }
        self.storage = self._storage() if with_storage else None
        self._shutdown_s: dict[str, float] = {}
        self._migration_s: dict[str, float] = {}
        self._kill_after = kill_after
        self.acts = 0
        self._until_s = self.clock.now_s
        self.committing: MemoryStore | None = None
        self._store = self.connect()
        self._live = LiveCluster(self._store, self.schema, clock=self.clock.monotonic, journal_shown=1)

    def start(self) -> None:
        """Write the cluster as described, start every daemon, and let it come to rest."""
        session = Session(self._store, self.schema, who="simulation", wall_clock=self.clock.wall)
        create_tree(session, self.settings)
        write_cluster(session, self._hosts, self._nodes, self._vms)
        self._live.start()
        self._store.watch(self.schema.maintenance, self._note_maintenance, recursive=False)
        for spec in self._nodes:
            if spec.alive:
                self.start_daemon(spec.name)

    def run(self, until_s: float) -> None:
        """Let time pass: everything due by then happens, and what hangs on it."""
        self._until_s = until_s
        self._run(until_s)

    def run_while(self, goes_on: Callable[[], bool], limit_s: float) -> None:
        """Let time pass within an event, as for a person who waits; at most so long, and not beyond the run's end."""
        turn, self.is_persons_turn = self.is_persons_turn, False
        until_s = min(self.clock.now_s + limit_s, self._until_s)
        while goes_on() and (action := self.clock.pop_due(until_s)) is not None:
            action()
            self.settle_event()
        self.is_persons_turn = turn

    def _run(self, until_s: float) -> None:
        while (action := self.clock.pop_due(until_s)) is not None:
            action()
            self.settle_event()
        self.clock.now_s = max(self.clock.now_s, until_s)

    def cluster(self) -> Cluster:
        """What the store says now."""
        return self._live.refresh()[0] if self.tree.is_up else self._live.cluster

    def connect(self) -> MemoryStore:
        """A new client of the store, as a person's program has it."""
        return self.tree.connect(self.settings.session_s)

    @property
    def machines(self) -> dict[str, Machine]:
        """Every machine by its node's name."""
        return {name: host.machine for name, host in self._hosts.items()}

    def on_placement(self, told: Callable[[str], None]) -> None:
        """Call `told(uuid)` whenever a VM's placement is written."""
        self._on_written(self.schema.vms, Kind.PLACEMENT, told)

    def on_fence(self, told: Callable[[str], None]) -> None:
        """Call `told(node)` whenever the fence record of a node is written."""
        self._on_written(self.schema.fences, Kind.FENCE, told)

    def on_journal(self, told: Callable[[str], None]) -> None:
        """Call `told(key)` for every entry of the journal, as it is written."""
        self._on_written(self.schema.journal, Kind.JOURNAL, told)

    def settle_event(self) -> None:
        """One event is over: whoever watches the world looks at it."""
        for check in self.after_event:
            check()

    @contextmanager
    def persons_verb(self) -> Iterator[None]:
        """What is written in here, a person asked for: its limit and room were checked when they asked."""
        self.is_persons_turn = True
        try:
            yield
        finally:
            self.is_persons_turn = False

    def daemon(self, node: str) -> SimulatedDaemon | None:
        """The running daemon of a node."""
        return self._hosts[node].daemon

    # What executors ask of their surroundings

    def shape(self, uuid: str) -> tuple[int, int, tuple[str, ...]]:
        vm = self.cluster().vms.get(uuid)
        definition = vm.definition if vm is not None else Definition()
        return definition.memory_mb, definition.vcpus, definition.volumes

    def shutdown_s(self, uuid: str) -> float | None:
        return self._shutdown_s.get(uuid)

    def migration_s(self, uuid: str) -> float | None:
        return self._migration_s.get(uuid)

    # Faults; each does nothing where it is so already

    def power_off(self, node: str, *, by: str) -> None:
        """Cut a machine's power, daemon and all; `by` is "fault", or the fence agent that did it."""
        host = self._hosts[node]
        if not host.machine.power:
            return
        for told in self.power_cuts:
            told(node, by)
        self._drop_daemon(host)
        host.machine.cut_power()

    def power_on(self, node: str) -> None:
        """Give a machine its power; its daemon is up a while later."""
        machine = self._hosts[node].machine
        if machine.power:
            return
        machine.give_power()
        boot = machine.boot

        def booted() -> None:
            if machine.power and machine.boot == boot:
                self.start_daemon(node)

        self.clock.after(BOOT_S, booted)

    def partition(self, node: str) -> None:
        """Cut a node off from ZooKeeper only: it runs on, and sees its storage and the BMCs."""
        host = self._hosts[node]
        host.is_partitioned = True
        if host.daemon is not None:
            self._sever(host.daemon.store)

    def heal(self, node: str) -> None:
        """Mend a partition."""
        host = self._hosts[node]
        host.is_partitioned = False
        self._reconnect(host)

    def kill_daemon(self, node: str) -> None:
        """Kill a daemon; its VMs go on."""
        self._drop_daemon(self._hosts[node])

    def hang_daemon(self, node: str) -> None:
        """Let a daemon hang: its session is lost, its VMs go on."""
        daemon = self._hosts[node].daemon
        if daemon is not None:
            daemon.is_hung = True
            self._sever(daemon.store)

    def start_daemon(self, node: str) -> None:
        """Start a daemon where none runs (a hung one is replaced)."""
        host = self._hosts[node]
        if host.daemon is not None and host.daemon.is_hung:
            self._drop_daemon(host)
        if host.daemon is not None or not host.machine.power:
            return
        if host.is_partitioned or not self.tree.is_up:
            host.waits_for_store = True
            return
        host.waits_for_store = False
        host.runs += 1
        host.daemon = SimulatedDaemon(
            host.machine, self._daemon_store(host), self.schema, host.config, self, host.runs, self._killed
        )
        if self.storage is not None:
            add_storage_duties(host.daemon, host.config, self.schema, self.storage)
        host.daemon.executor.acting = lambda: self.before_act(host)
        host.daemon.executor.acted = lambda: self.acted(host)
        host.daemon.start()

    def stop_daemon(self, node: str) -> None:
        """Stop a daemon in good order: its VMs run on."""
        host = self._hosts[node]
        if host.daemon is not None:
            host.daemon.say_goodbye(GoodbyeReason.DAEMON_STOP)
            host.daemon = None
            self._expire_later()

    def stop_host(self, node: str) -> None:
        """Shut a whole host down in good order: its VMs first, then the goodbye, then the power."""
        host = self._hosts[node]
        if host.daemon is None:
            self.power_off(node, by="fault")
            return
        host.daemon.agent.host_is_stopping = True
        host.daemon.wake(0)
        self._await_empty(host, host.daemon)

    def break_hypervisor(self, node: str) -> None:
        """Let a node's libvirt hang; its VMs go on."""
        self._set_hypervisor(node, broken=True)

    def mend_hypervisor(self, node: str) -> None:
        """Let it answer again."""
        self._set_hypervisor(node, broken=False)

    def zookeeper_down(self) -> None:
        """Take the whole ensemble away."""
        if self.tree.is_up:
            self.tree.go_down()

    def zookeeper_up(self) -> None:
        """Bring it back."""
        if self.tree.is_up:
            return
        self.tree.come_up()
        self._expire_later()
        for host in self._hosts.values():
            self._reconnect(host)

    def lock_stuck(self, uuid: str) -> None:
        """Let a living foreign client hold the lock of a VM's first volume."""
        for volume in self.shape(uuid)[2][:1]:
            self.ceph.open(volume, Client(address=FOREIGN, name="foreign"))

    def end_guest(self, uuid: str, *, inside: bool) -> None:
        """Let a VM's domain end by itself: a crash, or (`inside`) a shutdown from inside the guest."""
        for machine in self.machines.values():
            domain = machine.domains.get(uuid)
            if domain is not None and domain.state is not DomainState.PAUSED:
                machine.end_domain(uuid, inside=inside)

    def slow_shutdown(self, uuid: str, seconds: float) -> None:
        """Let a VM's guest take this long to shut down, from now on."""
        self._shutdown_s[uuid] = seconds

    def slow_migration(self, uuid: str, seconds: float) -> None:
        """Let a VM's live migration take this long, from now on."""
        self._migration_s[uuid] = seconds

    # A process that stands still, or dies, between two of its steps

    def stall(self, node: str, count: int, seconds: float) -> None:
        """Let a daemon's process stand still this long, before its `count`-th commit (no report) or effect from now."""
        self._hosts[node].stall_in, self._hosts[node].stall_s = count, seconds

    def crash(self, node: str, count: int) -> None:
        """Kill a daemon right after its `count`-th commit (no report) or effect from now on; it starts again later."""
        self._hosts[node].crash_in = count

    def is_report(self, operations: Sequence[Operation]) -> bool:
        """Whether a commit is a node's report, which nobody decides from in haste."""
        return operations[-1].path.startswith(self.schema.reports)

    def before_act(self, host: Host) -> None:
        """The daemon is about to commit, or to begin an effect: the world goes on without it while it stands still."""
        daemon = host.daemon
        host.stall_in -= 1
        if host.stall_in or daemon is None:
            return
        self.settle_event()  # what it has done so far happened before what happens now
        daemon.is_hung = True
        self._sever(daemon.store)
        self._run(min(self.clock.now_s + host.stall_s, self._until_s))
        if host.daemon is not daemon:
            raise Killed
        daemon.is_hung = False
        self._reconnect(host)
        daemon.wake_all()

    def acted(self, host: Host, *, is_report: bool = False) -> None:
        """A daemon has committed, or begun an effect."""
        if self.clock.now_s < 0:
            return
        self.acts += 1
        if not is_report and host.crash_in:
            host.crash_in -= 1
            if not host.crash_in:
                raise Killed
        if self.acts == self._kill_after:
            raise Killed

    @property
    def lease_session_id(self) -> int:
        """The session that holds the manager lease; 0 when nobody does."""
        names = [name for name in self.tree.children(self.schema.manager) or [] if name.startswith(LEASE_PREFIX)]
        holder = self.tree.read(join(self.schema.manager, names[0])) if names else None
        return holder.owner if holder is not None else 0

    def may_write(self, session_id: int) -> bool:
        """Whether a daemon's session says now that its node is alive, or holds the lease."""
        folders = [self.schema.alive(name) for name in self._hosts]
        tokens = [join(folder, name) for folder in folders for name in self.tree.children(folder) or []]
        owners = {znode.owner for token in tokens if (znode := self.tree.read(token)) is not None}
        return session_id in owners or session_id == self.lease_session_id

    @property
    def is_mended(self) -> bool:
        """Whether no fault is in force any more: all that is left to happen is the cluster's own doing."""
        hosts = self._hosts.values()
        return (
            self.tree.is_up
            and not self.ceph.slow_s
            and self.maintenance_since_s is None
            and not any(host.is_partitioned or host.machine.hypervisor_broken for host in hosts)
            and all(host.machine.bmc is Bmc.OK for host in hosts)
            and all(host.daemon is not None and not host.daemon.is_hung for host in hosts if host.machine.power)
        )

    # The pieces

    def _on_written(self, folder: str, kind: Kind, told: Callable[[str], None]) -> None:
        def heard(path: str) -> None:
            place = self.schema.place(path)
            if place is not None and place.kind is kind:
                told(place.key)

        self._store.watch(folder, heard, recursive=True)

    def _note_maintenance(self, path: str) -> None:
        """Called inside the commit: the snapshot of the cluster may not have heard of it yet."""
        znode = self.tree.read(path)
        found = decode(Maintenance, path, znode) if znode is not None else None
        is_on = isinstance(found, Maintenance) and found.on
        self.maintenance_since_s = self.clock.now_s if is_on else None

    def _storage(self) -> SimulatedStorage:
        """What a reporter and tasks need of a Ceph: OSDs on every node, a monitor on the first coordinators."""
        coordinators = [spec.name for spec in self._nodes if spec.role is NodeRole.COORDINATOR]
        storage = SimulatedStorage(
            ceph=self.ceph,
            is_powered=lambda node: self._hosts[node].machine.power,
            monitor_nodes=tuple(coordinators[:MONITORS]),
        )
        volumes = [path for vm in self._vms for path in vm.definition.volumes]
        furnish(storage, [spec.name for spec in self._nodes], volumes, self.random)
        return storage

    def _daemon_store(self, host: Host) -> MemoryStore:
        store = _DaemonStore(self.tree, self.settings.session_s, self, host)
        self.tree.open_session(store)
        return store

    def _killed(self, daemon: SimulatedDaemon) -> None:
        node = daemon.machine.name
        if self._hosts[node].daemon is daemon:
            self.kill_daemon(node)
            self.clock.after(RESTART_S, lambda: self.start_daemon(node))

    def _drop_daemon(self, host: Host) -> None:
        host.waits_for_store = False
        if host.daemon is not None:
            host.daemon.stop()
            self._sever(host.daemon.store)
            host.daemon = None

    def _sever(self, store: MemoryStore) -> None:
        store.sever(noticed=False)
        self._expire_later()

    def _expire_later(self) -> None:
        """ZooKeeper ends a session at most one tick after its time-out."""
        self.clock.after(self.settings.session_s + self.random.uniform(0.0, 0.5), self._expire)

    def _expire(self) -> None:
        self.tree.expire_due()

    def _reconnect(self, host: Host) -> None:
        if host.is_partitioned or not self.tree.is_up:
            return
        if host.daemon is not None and not host.daemon.is_hung:
            host.daemon.store.restore()
        if host.waits_for_store:
            self.start_daemon(host.machine.name)

    def _await_empty(self, host: Host, daemon: SimulatedDaemon) -> None:
        """The host's power goes when its last domain has, and its daemon has said goodbye."""
        if host.daemon is not daemon or not daemon.agent.host_is_stopping:
            return
        if host.machine.domains:
            self.clock.after(HOST_STOP_LOOK_S, lambda: self._await_empty(host, daemon))
            return
        daemon.say_goodbye(GoodbyeReason.HOST_STOP)
        host.daemon = None
        self._expire_later()
        self.clock.after(HOST_STOP_LOOK_S, lambda: self.power_off(host.machine.name, by="host stop"))

    def _set_hypervisor(self, node: str, *, broken: bool) -> None:
        host = self._hosts[node]
        host.machine.hypervisor_broken = broken and host.machine.power
        if host.daemon is not None:
            host.daemon.wake_all()
