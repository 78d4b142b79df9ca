"""A simulated daemon's duties towards the storage: the real task loop and reporter, with executors on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING

from nodedaemon.log_tasks import Log, LogTasks
from nodedaemon.storage_reading import Heard, Wanted, ask
from nodedaemon.storage_reporter import StorageReporter
from nodedaemon.storage_tasks import StorageTasks
from nodedaemon.task_runner import TaskLoop, Work, carry_out
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Refused
from pvccore.model.log import LogPart, place_in
from pvccore.model.node import NodeConfig, NodeRole
from pvccore.model.storage import part_name, split_volume_path
from pvccore.model.task import Task
from pvccore.model.vm import Vm
from pvccore.operations.reading import load_cluster
from pvccore.plan.leftovers import MAKERS
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from simulation.ceph_commands import LIMIT_S, SimulatedCommands
from simulation.ceph_state import GB, Image, Osd, Pool, SimulatedStorage, Snap
from simulation.machine import Machine

if TYPE_CHECKING:
    from simulation.daemon import SimulatedDaemon

READING_S = 0.4
TEMPLATE_PATH = "/var/lib/pvc/images/debian-12.qcow2"
USED_RATIO = 0.58
TICK_S = 0.5
USUAL_S = 1.5
DURATIONS_S = {
    "storage osd add": 12.0,
    "storage osd remove": 45.0,
    "storage volume upload": 25.0,
    "storage volume clone": 15.0,
    "storage volume remove": 4.0,
    "storage volume snapshot rollback": 8.0,
}
"""How long a task takes here; others take `USUAL_S`."""
WORDS = {
    "storage osd remove": "copies are moved elsewhere",
    "storage volume upload": "writing",
    "storage volume clone": "copying",
    "storage volume snapshot rollback": "rolling back",
}


class SimulatedReader:
    """Asks the simulated storage; obeys `nodedaemon.storage_reading.StorageReader`."""

    def __init__(self, machine: Machine, storage: SimulatedStorage, is_dead: Callable[[], bool]) -> None:
        self._machine = machine
        self._storage = storage
        self._is_dead = is_dead

    def begin(self, wanted: Wanted, heard: Heard) -> None:
        clock, slow_s = self._machine.clock, min(self._storage.ceph.slow_s, LIMIT_S)
        began_s = clock.now_s

        def answer() -> None:
            if not self._is_dead():
                commands = SimulatedCommands(storage=self._storage, node=self._machine.name)
                times = iter((began_s, clock.now_s))
                ask(commands, wanted, heard, lambda: next(times))

        clock.after(READING_S + slow_s, answer)


class SimulatedTasks:
    """Carries tasks out on the virtual clock; obeys `nodedaemon.task_runner.TaskExecutor`.

    What a task does is done at its end: one that is cancelled has done nothing, and one whose daemon dies leaves at
    most the part of a volume that it was making.
    """

    def __init__(
        self,
        machine: Machine,
        storage: SimulatedStorage,
        cluster: Callable[[], Cluster],
        own_address: str,
        is_dead: Callable[[], bool],
    ) -> None:
        self._machine = machine
        self._storage = storage
        self._cluster = cluster
        self._own_address = own_address
        self._is_dead = is_dead

    def takes(self, task: Task) -> bool:
        return bool(task.verb)

    def begin(self, work: Work) -> None:
        usual_s = READING_S if work.task.only_reads else USUAL_S
        whole_s = DURATIONS_S.get(work.task.verb, usual_s) + min(self._storage.ceph.slow_s, LIMIT_S)
        self._keep_part(work, there=True)
        self._go_on(work, 0.0, whole_s)

    def _keep_part(self, work: Work, *, there: bool) -> None:
        """The part of a volume that this task makes is in its pool, or not any more."""
        pool, name = split_volume_path(work.task.arguments.get(MAKERS.get(work.task.verb, ""), ""))
        if pool in self._storage.pools and "@" not in work.task.arguments["volume"]:
            images, part = self._storage.pools[pool].images, part_name(name, work.task.key)
            images.pop(part, None)
            if there:
                images[part] = Image(size_bytes=GB)

    def _go_on(self, work: Work, done_s: float, whole_s: float) -> None:
        if self._is_dead():
            return
        if done_s < whole_s:
            if not work.tell(done_s / whole_s, WORDS.get(work.task.verb, "")):
                self._keep_part(work, there=False)
                work.end(error="cancelled")
                return
            self._machine.clock.after(TICK_S, lambda: self._go_on(work, done_s + TICK_S, whole_s))
            return
        self._keep_part(work, there=False)
        commands = SimulatedCommands(storage=self._storage, node=self._machine.name)
        tasks = StorageTasks(
            commands=commands,
            cluster=self._cluster,
            guests=ToldGuests(),
            own_address=self._own_address,
            pause=commands.pause,
        )
        logs = LogTasks(node=self._machine.name, vm=self._vm, console=self._console, own=self._ticking("daemon"))
        carry_out({**tasks.verbs, **logs.verbs}, work)

    def _vm(self, name: str) -> Vm | None:
        found = self._cluster().vm(name)
        return found if found.node == self._machine.name else None

    def _console(self, vm: Vm) -> Log:
        if vm.uuid not in self._machine.domains:
            raise Refused(f"{vm.name} has said nothing here")
        return self._ticking(vm.name)

    def _ticking(self, who: str) -> Log:
        return TickingLog(who, self._machine.clock.now_s)


class TickingLog:
    """A log in which somebody says every second that he lives; obeys `nodedaemon.log_tasks.Log`."""

    def __init__(self, who: str, now_s: float) -> None:
        self._who = who
        self._ticks = int(now_s)

    def part(self, lines: int, after: str) -> LogPart:
        first = max(place_in(self._who, after) or 0, self._ticks - lines)
        ticks = tuple(f"tick {tick + 1}" for tick in range(first, self._ticks))
        return LogPart(log=self._who, end=self._ticks, lines=ticks)


class ToldGuests:
    """Simulated guests take any size."""

    def resize_disk(self, uuid: str, volume: str, size_bytes: int) -> None:
        """Take note of nothing: simulated guests have no disks to look at."""


def add_storage_duties(daemon: SimulatedDaemon, config: NodeConfig, schema: Schema, storage: SimulatedStorage) -> None:
    """Let a daemon carry tasks out and, where it contends for the lease, report on the storage."""
    machine, store = daemon.machine, daemon.store
    clock, node = machine.clock, machine.name
    session = Session(store, schema, who=f"agent@{node}", wall_clock=clock.wall)

    def is_dead() -> bool:
        return not daemon.is_running

    executor = SimulatedTasks(machine, storage, lambda: load_cluster(store, schema), config.storage_address, is_dead)
    tasks = daemon.add_loop(
        lambda wake: TaskLoop(
            node,
            session,
            clock,
            executor,
            wake,
            alive=lambda: daemon.agent.view.alive,
            is_coordinator=config.role is NodeRole.COORDINATOR,
        )
    )
    daemon.starts.append(tasks.start)
    manager = daemon.manager
    if manager is not None:
        writer = Session(store, schema, who=f"manager@{node}", wall_clock=clock.wall)
        reader = SimulatedReader(machine, storage, is_dead)
        daemon.add_loop(lambda wake: StorageReporter(node, writer, clock, reader, manager, wake))


def furnish(storage: SimulatedStorage, nodes: Sequence[str], volumes: Iterable[str], random: Random) -> None:
    """Give every node two OSDs, every VM its volume, and the cluster a pool of templates and one for backups."""
    for node in nodes:
        for device in ("/dev/sdb", "/dev/sdc"):
            number = len(storage.osds)
            storage.osds[number] = Osd(number=number, node=node, device=device)
        storage.files[node, TEMPLATE_PATH] = 2 * GB
    for name, pgs in (("vms", 256), ("images", 32), ("backup", 64)):
        storage.pools[name] = Pool(name=name, pgs=pgs)
    images = storage.pools["images"].images
    for name in ("debian-12", "rocky-9"):
        images[name] = Image(size_bytes=10 * GB, used_bytes=2 * GB, snaps=[Snap(name="v1", size_bytes=10 * GB)])
    for path in volumes:
        pool, _, name = path.partition("/")
        storage.pools.setdefault(pool, Pool(name=pool)).images[name] = _disk(random)
    taken = sum(pool.stored_bytes for pool in storage.pools.values())
    while taken > storage.total_bytes() / 3 * USED_RATIO:  # disks are as large as so many VMs need
        for osd in storage.osds.values():
            osd.size_bytes *= 2
    storage.pools["backup"].filled_bytes = max(0, int(storage.total_bytes() / 3 * USED_RATIO) - taken)


def _disk(random: Random) -> Image:
    size_bytes = random.choice((20, 40, 80, 120)) * GB
    snaps = [Snap(name="before-upgrade", size_bytes=size_bytes)] if random.random() < 0.2 else []  # noqa: PLR2004
    return Image(size_bytes=size_bytes, used_bytes=int(size_bytes * random.uniform(0.1, 0.7)), snaps=snaps)
