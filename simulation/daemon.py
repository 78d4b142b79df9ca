"""A simulated daemon: the real loops of one node, stepped by the virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from nodedaemon.agent import AgentLoop
from nodedaemon.bmc_tester import BmcTestLoop
from nodedaemon.forecaster import ForecastLoop
from nodedaemon.identity import Identity
from nodedaemon.loop import Loop, step_until_settled
from nodedaemon.manager import REPORTS_WAIT_S, ManagerLoop
from nodedaemon.report import ReportLoop
from pvccore.model.errors import Conflict, Unavailable
from pvccore.model.node import GoodbyeReason, NodeConfig, NodeRole, SelfFence
from pvccore.state.live import LiveCluster
from pvccore.state.local_live import LocalLive
from pvccore.state.memory import MemoryStore
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from simulation.clock import VirtualClock
from simulation.executors import SimulatedExecutor, Surroundings
from simulation.machine import WATCHDOG, Machine, SimulatedHypervisor
from simulation.watchdog import SimulatedSelfFence, watchdog_rule

TROUBLE_PAUSE_S = 1.0

L = TypeVar("L", bound=Loop)


class Killed(Exception):
    """The daemon's process ends now, between two steps."""


@dataclass(slots=True)
class Scheduled:
    """One loop and when it is next stepped; only the newest date counts."""

    loop: Loop
    due_at_s: float | None = None
    stepped_at_s: float = float("-inf")
    tickets: int = 0


class SimulatedDaemon:
    """One run of a daemon. crash: called after every commit and every effect; may raise `Killed`."""

    def __init__(
        self,
        machine: Machine,
        store: MemoryStore,
        schema: Schema,
        config: NodeConfig,
        world: Surroundings,
        run: int,
        on_killed: Callable[[SimulatedDaemon], None],
    ) -> None:
        self.machine = machine
        self.store = store
        self.is_running = True
        self.is_hung = False
        self._clock: VirtualClock = machine.clock
        self._on_killed = on_killed
        identity = Identity(
            node=machine.name, boot_id=machine.boot_id, daemon_id=f"{machine.name}-d{run}", config=config
        )
        hypervisor = SimulatedHypervisor(machine)
        self.executor = SimulatedExecutor(machine, world)
        clock, random = machine.clock, machine.random.random
        session = Session(store, schema, who=f"agent@{machine.name}", wall_clock=clock.wall)
        local = LocalLive(store, schema, machine.name, clock=clock.monotonic, wake=self._waker(0))
        self.agent = AgentLoop(identity, session, local, clock, hypervisor, self.executor, self._waker(0))
        report = ReportLoop(self.agent, session, clock, hypervisor, lambda: "", random)
        self.starts: list[Callable[[], None]] = [local.start]
        self._self_fence: SimulatedSelfFence | None = None
        if config.self_fence is SelfFence.WATCHDOG:
            self._add_watchdog(store, world)
        self.loops = [Scheduled(self.agent), Scheduled(report)]
        if config.role is NodeRole.COORDINATOR:
            self._add_manager(store, schema)
        machine.listeners.append(self._on_domain)

    def start(self) -> None:
        """Set the watches and step every loop at once."""
        self.store.on_connection(lambda _: self.wake_all())
        for start in self.starts:
            start()
        self.wake_all()

    def stop(self) -> None:
        """End this run at once, without a word: what a kill -9 does."""
        self.is_running = False
        self.executor.is_dead = True
        if self._self_fence is not None:
            self._self_fence.stop()
        if self._on_domain in self.machine.listeners:
            self.machine.listeners.remove(self._on_domain)

    def say_goodbye(self, reason: GoodbyeReason) -> None:
        """Leave in good order, if the store can be reached."""
        try:
            self.agent.say_goodbye(reason)
            self.store.close()
        except (Unavailable, Conflict, Killed):
            self.store.sever(noticed=False)
        self.stop()

    @property
    def manager(self) -> ManagerLoop | None:
        """Its manager loop, if it contends."""
        return next((one.loop for one in self.loops if isinstance(one.loop, ManagerLoop)), None)

    def _add_manager(self, store: MemoryStore, schema: Schema) -> None:
        machine, index = self.machine, len(self.loops)
        session = Session(store, schema, who=f"manager@{machine.name}", wall_clock=machine.clock.wall)
        wake, clock = self._waker(index), machine.clock.monotonic
        live = LiveCluster(store, schema, clock=clock, wake=wake, reports_wait_s=REPORTS_WAIT_S)
        manager = ManagerLoop(machine.name, session, live, machine.clock, self.executor, self._waker(index))
        self.starts.append(manager.start)
        self.loops.append(Scheduled(manager))
        self.loops.append(Scheduled(ForecastLoop(manager, session, machine.clock)))
        self.add_loop(lambda woken: BmcTestLoop(machine.name, manager, session, machine.clock, self.executor, woken))

    def _add_watchdog(self, store: MemoryStore, world: Surroundings) -> None:
        machine = self.machine

        def cut() -> None:
            world.power_off(machine.name, by=WATCHDOG)

        rule = watchdog_rule(store.session_s)
        self._self_fence = SimulatedSelfFence(rule, store, machine, cut, lambda: not self.is_hung)
        self.agent.watchdog = self._self_fence
        self.starts.append(self._self_fence.start)

    def add_loop(self, make: Callable[[Callable[[], None]], L]) -> L:
        """One more duty, before the start; `make` is given what wakes it."""
        loop = make(self._waker(len(self.loops)))
        self.loops.append(Scheduled(loop))
        return loop

    def _on_domain(self, _uuid: str) -> None:
        self.wake(0)

    def _waker(self, index: int) -> Callable[[], None]:
        return lambda: self.wake(index)

    def wake_all(self) -> None:
        """Step every loop as soon as its pause allows."""
        for index in range(len(self.loops)):
            self.wake(index)

    def wake(self, index: int) -> None:
        """Step that loop as soon as its pause allows."""
        if self.is_running and not self.is_hung and index < len(self.loops):
            one = self.loops[index]
            self._schedule(one, max(self._clock.now_s, one.stepped_at_s + one.loop.pause_s))

    def _schedule(self, one: Scheduled, at_s: float) -> None:
        if one.due_at_s is not None and one.due_at_s <= at_s:
            return
        one.due_at_s = at_s
        one.tickets += 1
        ticket = one.tickets
        self._clock.at(at_s, lambda: self._step(one, ticket))

    def _step(self, one: Scheduled, ticket: int) -> None:
        if not self.is_running or ticket != one.tickets:
            return
        one.due_at_s = None
        if self.is_hung:
            return
        one.stepped_at_s = self._clock.now_s
        try:
            due_at_s = step_until_settled(one.loop)
        except (Unavailable, Conflict):
            due_at_s = self._clock.now_s + TROUBLE_PAUSE_S
        except Killed:
            self._on_killed(self)
            return
        if due_at_s is not None:
            self._schedule(one, max(due_at_s, self._clock.now_s + one.loop.pause_s))
