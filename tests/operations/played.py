"""A node's daemon as far as its tasks go, played: whenever the store is read, it has just had its turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from nodedaemon.log_tasks import Log, LogTasks
from nodedaemon.task_runner import TaskLoop, TaskVerb, Work, carry_out
from pvccore.model.errors import Refused
from pvccore.model.log import LogPart, place_in
from pvccore.model.struct import replace
from pvccore.model.task import Task
from pvccore.model.vm import Vm
from pvccore.operations.reading import load_cluster
from pvccore.plan.outcome import progress
from pvccore.state.memory import MemoryStore
from pvccore.state.session import Session
from pvccore.state.store import Znode
from tests.nodedaemon.clocks import HandClock
from tests.operations.world import World


class AtOnce:
    """Carries a task out while it is begun."""

    def __init__(self, verbs: Mapping[str, TaskVerb]) -> None:
        self._verbs = verbs

    def takes(self, task: Task) -> bool:
        return True

    def begin(self, work: Work) -> None:
        carry_out(self._verbs, work)


class Said:
    """A log in which somebody says more and more; places in it are counts of lines."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def part(self, lines: int, after: str) -> LogPart:
        told = self.lines[place_in("said", after) or 0 :][-lines:]
        return LogPart(log="said", end=len(self.lines), lines=tuple(told))


class PromptedStore:
    """The store as who asks sees it: before every reading the daemons have their turn."""

    def __init__(self, store: MemoryStore, loops: Sequence[TaskLoop]) -> None:
        self._store = store
        self._loops = loops

    def read(self, paths: Sequence[str]) -> list[Znode | None]:
        for loop in self._loops:
            loop.step()
            loop.step()
        return self._store.read(paths)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def with_daemons(world: World, consoles: Mapping[str, Log], nodes: Mapping[str, Log]) -> None:
    """Let daemons of these nodes answer for their logs, and for the consoles of their VMs."""
    loops = [_loop(world, node, consoles, own) for node, own in nodes.items()]
    world.store = cast("MemoryStore", PromptedStore(world.store, loops))
    world.operator = replace(
        world.seat("anna@ops1"), wait=lambda goal, _limit_s: progress(world.load(), goal), reload=world.load
    )


def _loop(world: World, node: str, consoles: Mapping[str, Log], own: Log) -> TaskLoop:
    store = world.tree.connect()
    alive = world.load().node(node).alive
    token = alive.token if alive is not None else ""

    def vm_here(name: str) -> Vm | None:
        found = load_cluster(store, world.schema).vm(name)
        return found if found.node == node else None

    def console(vm: Vm) -> Log:
        if vm.name not in consoles:
            raise Refused(f"{vm.name} keeps no console log")
        return consoles[vm.name]

    loop = TaskLoop(
        node,
        Session(store, world.schema, who=f"agent@{node}", wall_clock=world.wall_clock),
        HandClock(),
        AtOnce(LogTasks(node=node, vm=vm_here, console=console, own=own).verbs),
        lambda: None,
        alive=lambda: token,
        is_coordinator=True,
    )
    loop.start()
    return loop
