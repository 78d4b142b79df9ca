"""One run of a node's daemon: its loops on threads around one session, from the first connection to the goodbye."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping

from nodedaemon.agent import AgentLoop
from nodedaemon.bmc_tester import BmcTestLoop
from nodedaemon.ceph_storage import CephStorage
from nodedaemon.fence_agents import AGENTS
from nodedaemon.fence_agents.power_switch import Login
from nodedaemon.fencer import Fencer, NoStorageDoor, StorageDoor
from nodedaemon.forecaster import ForecastLoop
from nodedaemon.hypervisor import Hypervisor
from nodedaemon.identity import Identity
from nodedaemon.kept_plans import KeptPlans
from nodedaemon.log_tasks import LogTasks, console_of
from nodedaemon.logs import KeptLog
from nodedaemon.loop import Clock, Loop, LoopThread
from nodedaemon.manager import REPORTS_WAIT_S, ManagerLoop
from nodedaemon.presence import registration
from nodedaemon.report import ReportLoop
from nodedaemon.self_fence import SelfFence, WatchdogRule
from nodedaemon.storage_reading import ThreadedReader
from nodedaemon.storage_reporter import StorageReporter
from nodedaemon.storage_tasks import StorageTasks
from nodedaemon.storage_watch import StorageWatch
from nodedaemon.task_runner import TaskLoop, TaskVerb, ThreadedTasks
from nodedaemon.vm_runner import NoStorage, VmRunner
from pvccore.ceph.commands import CephCommands
from pvccore.model.errors import Conflict, Unavailable
from pvccore.model.node import GoodbyeReason, NodeRole
from pvccore.model.struct import Struct, field, replace
from pvccore.model.vm import Vm
from pvccore.operations.reading import load_cluster
from pvccore.plan.effects import Shutdown
from pvccore.state.live import LiveCluster
from pvccore.state.local_live import LocalLive
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from pvccore.state.store import Connection, Store

WAKE_EVERY_S = 5.0
"""Every loop steps at least this often, so that a loop that does not step is one that hangs."""
HANGING_AFTER_S = 60.0
"""A step may wait for several answers of ZooKeeper, each of which has its limit; this is longer than all of them."""
GOODBYE_LIMIT_S = 10.0
"""How long a daemon that ends waits for a store that is away; after that it is absent without a goodbye."""
GOODBYE_AGAIN_S = 0.5
TASK_COMMAND_LIMIT_S = 30.0
"""A command of a task changes something: it is given up later than one that only looks."""

log = logging.getLogger(__name__)


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a daemon acts upon beside the store.

    logins: of the BMCs, by node. ceph, watchdog: None where there is none. log: what this daemon said.
    plans: where a manager keeps what it decided; None for nowhere.
    """

    hypervisor: Hypervisor
    logins: Mapping[str, Login]
    ceph: CephCommands | None = None
    watchdog: WatchdogRule | None = None
    log: KeptLog = field(default_factory=lambda: KeptLog("run"))
    plans: KeptPlans | None = None


def no_error() -> str:
    """What a storage that is not there has to say."""
    return ""


class Daemon:
    """The loops of one node. `start()` once the store is connected; `pet()` now and then; `leave()` at the end."""

    def __init__(self, identity: Identity, store: Store, schema: Schema, clock: Clock, around: Surroundings) -> None:
        self.identity = identity
        self._store = store
        self._clock = clock
        self._around = around
        self._health = ""
        self._pressed: set[str] = set()
        self._wakes: dict[str, threading.Event] = {}
        chance = random.SystemRandom().random
        node = identity.node
        session = Session(store, schema, who=f"agent@{node}", wall_clock=clock.wall)
        self._local = LocalLive(store, schema, node, clock=clock.monotonic, wake=self._waker("agent"), random=chance)
        storage = CephStorage(around.ceph, identity.config.storage_address, self._volumes_of) if around.ceph else None
        self._storage_watch = StorageWatch(storage.error if storage else no_error)
        self._runner = VmRunner(around.hypervisor, storage or NoStorage(), lambda uuid: self._local.xml(uuid).text)
        self._session = session
        self._self_fence = SelfFence(around.watchdog, store, clock) if around.watchdog else None
        self.agent = AgentLoop(
            identity, session, self._local, clock, around.hypervisor, self._runner, self._waker("agent")
        )
        if self._self_fence is not None:
            self.agent.watchdog = self._self_fence
        report = ReportLoop(self.agent, session, clock, around.hypervisor, self._storage_watch.error, chance)
        if storage is not None:
            report.unfit = storage.unfit
        self._loops = {"agent": self._thread("agent", self.agent), "report": self._thread("report", report)}
        self._tasks = ThreadedTasks(self._task_verbs(schema))
        self._task_loop = TaskLoop(
            node,
            session,
            clock,
            self._tasks,
            self._waker("tasks"),
            alive=lambda: self.agent.view.alive,
            is_coordinator=identity.config.role is NodeRole.COORDINATOR,
        )
        self._loops["tasks"] = self._thread("tasks", self._task_loop)
        self._reader: ThreadedReader | None = None
        self._fencer: Fencer | None = None
        self._manager: ManagerLoop | None = None
        if identity.config.role is NodeRole.COORDINATOR:
            self._add_manager(schema, chance, storage or NoStorageDoor())

    def _add_manager(self, schema: Schema, chance: Callable[[], float], door: StorageDoor) -> None:
        node, clock, wake = self.identity.node, self._clock, self._waker("manager")
        live = LiveCluster(
            self._store, schema, clock=clock.monotonic, wake=wake, random=chance, reports_wait_s=REPORTS_WAIT_S
        )
        switches = {kind: make(self._around.logins) for kind, make in AGENTS.items()}
        self._fencer = Fencer(switches, door, lambda: live.cluster.settings.bmc_limit_s, clock)
        session = Session(self._store, schema, who=f"manager@{node}", wall_clock=clock.wall)
        self._manager = ManagerLoop(node, session, live, clock, self._fencer, wake)
        if self._around.plans is not None:
            self._manager.keep = self._around.plans.keep
        self._loops["manager"] = self._thread("manager", self._manager)
        self._loops["forecast"] = self._thread("forecast", ForecastLoop(self._manager, session, clock))
        tester = BmcTestLoop(node, self._manager, session, clock, self._fencer, self._waker("BMC tests"))
        self._loops["BMC tests"] = self._thread("BMC tests", tester)
        if self._around.ceph is not None:
            self._reader = ThreadedReader(self._around.ceph, clock)
            reporter = StorageReporter(node, session, clock, self._reader, self._manager, self._waker("storage"))
            self._loops["storage"] = self._thread("storage", reporter)

    def _task_verbs(self, schema: Schema) -> Mapping[str, TaskVerb]:
        """The verbs that this node carries out as tasks."""
        logs = LogTasks(
            node=self.identity.node,
            vm=self._vm_here,
            console=lambda vm: console_of(vm, self._local.xml(vm.uuid).text),
            own=self._around.log,
        )
        if self._around.ceph is None:
            return logs.verbs
        tasks = StorageTasks(
            commands=replace(self._around.ceph, limit_s=TASK_COMMAND_LIMIT_S),
            cluster=lambda: load_cluster(self._store, schema),
            guests=self._around.hypervisor,
            own_address=self.identity.config.storage_address,
        )
        return {**logs.verbs, **tasks.verbs}

    def _vm_here(self, name: str) -> Vm | None:
        return next((vm for vm in self.agent.view.vms.values() if vm.name == name), None)

    def _volumes_of(self, uuid: str) -> tuple[str, ...]:
        vm = self.agent.view.vms.get(uuid)
        return vm.definition.volumes if vm is not None else ()

    def start(self) -> None:
        """Watch, make sure that this node may be ours, and begin.

        Raises `Refused` for another machine's node, and `Unavailable` when the store goes away meanwhile: such a daemon
        is thrown away with its store.
        """
        self._local.start()
        registration(self._local.refresh(), self.identity)
        if self._manager is not None:
            self._manager.start()
        self._task_loop.start()
        self._store.on_connection(self._on_connection)
        self._around.hypervisor.on_change(self._waker("agent"))
        self._storage_watch.start()
        if self._self_fence is not None:
            self._self_fence.start()
        if self._around.plans is not None:
            self._around.plans.start()
        for loop in self._loops.values():
            loop.start()

    @property
    def status(self) -> str:
        """What the service manager shows of it."""
        if not self._is_connected:
            return f"ZooKeeper: {self._store.connection}; VMs keep running"
        role = "manager" if self._manager is not None and self._manager.leads else "agent"
        return f"{role}, {len(self.agent.view.vms)} VMs here" + (f"; {self._health}" if self._health else "")

    def pet(self) -> bool:
        """Wake what has not stepped for a while, and tell whether every loop still turns."""
        now_s = self._clock.monotonic()
        health = self._around.hypervisor.observed_error()
        if health != self._health:
            log.warning("%s", health or "libvirt answers again", extra={"node": self.identity.node})
            self._health = health
            self.wake_all()
        self._wakes["report"].set()
        for name, loop in self._loops.items():
            if now_s - loop.stepped_at_s >= WAKE_EVERY_S:
                self._wakes[name].set()
        return all(now_s - loop.stepped_at_s < HANGING_AFTER_S for loop in self._loops.values())

    def wake_all(self) -> None:
        """Step every loop."""
        for wake in self._wakes.values():
            wake.set()

    # The end

    def host_is_stopping(self) -> None:
        """From now on shut the VMs down, and start none."""
        self.agent.host_is_stopping = True
        self.wake_all()

    def press_power_buttons(self) -> None:
        """Where ZooKeeper can't be asked what to do: a host that stops takes its VMs with it, so press, once each."""
        if self._is_connected:
            return
        known = self.agent.known_domains(self._around.hypervisor.observed_domains() or {})
        for uuid in sorted(known.keys() - self._pressed):
            self._pressed.add(uuid)
            self._runner.perform(Shutdown(uuid=uuid, run_id="host-stop"), None, lambda _value, _error: None)

    @property
    def is_empty(self) -> bool:
        """Whether no VM of the cluster runs here any more, and the store, if it can be asked, says so."""
        domains = self._around.hypervisor.observed_domains()
        if domains is None or self.agent.known_domains(domains):
            return False
        if not self._is_connected:
            return True
        node = self.identity.node
        return not any(vm.is_active and vm.node == node for vm in self.agent.view.vms.values())

    def leave(self, reason: GoodbyeReason) -> bool:
        """Stop the loops and say goodbye; whether that was heard. The VMs are left as they are."""
        self._task_loop.stop_all()
        for loop in reversed(list(self._loops.values())):
            loop.stop()
        for executor in (self._runner, self._fencer, self._tasks, self._reader):
            if executor is not None and not executor.stop():
                log.warning("something that was begun has not ended")
        self._storage_watch.stop()
        if self._around.plans is not None:
            self._around.plans.stop()
        heard = self._say_goodbye(reason)
        if self._self_fence is not None:
            self._self_fence.stop()
        return heard

    def _say_goodbye(self, reason: GoodbyeReason) -> bool:
        pause = threading.Event()
        end_at_s = self._clock.monotonic() + GOODBYE_LIMIT_S
        while True:
            try:
                self.agent.say_goodbye(reason)
            except (Unavailable, Conflict) as error:
                log.warning("no goodbye yet: %s", error)
            else:
                return True
            if self._clock.monotonic() >= end_at_s:
                return False
            pause.wait(GOODBYE_AGAIN_S)

    @property
    def _is_connected(self) -> bool:
        return self._store.connection is Connection.CONNECTED

    # Threads and wakes

    def _thread(self, name: str, loop: Loop) -> LoopThread:
        return LoopThread(name, loop, self._clock, self._wake_of(name))

    def _wake_of(self, name: str) -> threading.Event:
        return self._wakes.setdefault(name, threading.Event())

    def _waker(self, name: str) -> Callable[[], None]:
        return self._wake_of(name).set

    def _on_connection(self, connection: Connection) -> None:
        log.info("ZooKeeper: %s", connection)
        self.wake_all()
