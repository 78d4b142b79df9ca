"""What becomes of a plan's steps: the guards and deadlines that the daemons' own code gives them, and their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from nodedaemon.agent import AgentLoop
from nodedaemon.manager import ManagerLoop
from pvccore.model.change import Change, Check, Kind
from pvccore.model.cluster import Cluster, LocalView
from pvccore.model.fence import (
    Fence,
    FencePhase,
)
from pvccore.model.node import Presence
from pvccore.model.struct import replace
from pvccore.model.vm import Placement
from pvccore.plan.effects import (
    Effect,
    MarkOsdsDown,
    Plan,
    SendPowerOff,
)
from tests.exhaustive.values import (
    NOW_S,
    OTHER,
    ROUND,
    VERSIONS,
    abstract_fence,
    abstract_vm,
)
from tests.exhaustive.world import (
    FenceIs,
    Step,
    VmIs,
)


@dataclass
class Recorder:
    """Stands in for a daemon while its own code carries out a plan; takes down what it commits and begins."""

    lease: str = "lease-1"
    taken: list[tuple[Change | None, tuple[Check, ...], list[tuple[Effect, bool]]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return NOW_S

    def commit(self, change: Change, guards: tuple[Check, ...]) -> None:
        self.taken.append((change, guards, []))

    def start(self, effect: Effect, deadline_s: float | None = None) -> None:
        if not self.taken or self.taken[-1][0] is None:
            self.taken.append((None, (), []))
        self.taken[-1][2].append((effect, deadline_s is not None))

    _session = property(lambda self: self)
    _clock = property(lambda self: self)
    _ledger = property(lambda self: self)

    def _take(self, *arguments: object) -> None:
        cast("Any", ManagerLoop)._take(self, *arguments)

    def _guards(self, view: LocalView) -> tuple[Check, ...]:
        return cast("tuple[Check, ...]", cast("Any", AgentLoop)._guards(self, view))


Taken = tuple[Change | None, tuple[Check, ...], list[tuple[Effect, bool]]]


def taken_by_manager(plan: Plan, cluster: Cluster) -> Iterator[Taken]:
    for step in plan.steps:
        recorder = Recorder()
        cast("Any", ManagerLoop)._carry_out(recorder, (step,), cluster)
        yield from recorder.taken


def taken_by_agent(plan: Plan, view: LocalView) -> Iterator[Taken]:
    for step in plan.steps:
        recorder = Recorder()
        cast("Any", AgentLoop)._carry_out(recorder, replace(plan, steps=(step,)), view)
        yield from recorder.taken


GUARD_NAMES = {
    Kind.FENCE: "fence",
    Kind.PRESENCE: "presence",
    Kind.REPORT: "report",
    Kind.MAINTENANCE: "maintenance",
    Kind.PLACEMENT: "vm",
    Kind.LEASE: "lease",
    Kind.ALIVE: "alive",
}


def _guards(change: Change, guards: tuple[Check, ...]) -> frozenset[str]:
    for check in (*guards, *change.checks):
        is_token = check.kind in (Kind.LEASE, Kind.ALIVE)
        assert is_token or check.key == OTHER or check.version == VERSIONS[check.kind], f"{check} never holds"
    checked = {GUARD_NAMES[check.kind] for check in (*guards, *change.checks) if check.key != OTHER}
    written = {GUARD_NAMES[write.kind] for write in change.writes if write.kind in GUARD_NAMES}
    return frozenset(checked | written)


def abstract_step(taken: Taken, before: FenceIs) -> Step:
    """What the search needs to know of one step."""
    change, guards, begun = taken
    effects = tuple((type(effect).__name__, bound) for effect, bound in begun if not isinstance(effect, MarkOsdsDown))
    if change is None:
        return Step(text=" ".join(name for name, _ in effects), effects=effects, is_change=False)
    fence: FenceIs | None = None
    vm: VmIs | None = None
    clean: bool | None = None
    is_new_stage = is_new_round = has_new_readings = is_new_command = False
    for write in change.writes:
        after = write.after
        if isinstance(after, Fence):
            fence = abstract_fence(after)
            had = write.before
            assert isinstance(had, Fence)
            is_new_round, is_new_stage = after.round != had.round, after.stage != had.stage
            is_new_command = after.blocklist.attempts != had.blocklist.attempts
            has_new_readings = _readings_of(after) != _readings_of(had)
        elif isinstance(after, Placement):
            vm = abstract_vm(after)
        elif isinstance(after, Presence):
            clean = after.clean_round == ROUND
    return Step(
        text=change.what,
        guards=_guards(change, guards),
        fence=fence,
        vm=vm,
        clean=clean,
        effects=effects,
        new_round=is_new_round,
        new_readings=has_new_readings,
        new_command=is_new_command,
        new_stage=is_new_stage,
    )


def _readings_of(fence: Fence) -> tuple[int, ...]:
    return (fence.round, fence.agent_index, fence.attempts, fence.retries)


def sends_or_begins(step: Step, before: FenceIs) -> bool:
    """Whether a step is forbidden in maintenance: a new fence, or a power-off."""
    after = step.fence
    begins = before.phase is FencePhase.NONE and after is not None and after.phase is not FencePhase.NONE
    return begins or any(kind == SendPowerOff.__name__ for kind, _ in step.effects)


def marked(step: Step, before: FenceIs) -> Step:
    return step._replace(in_maintenance=True) if sends_or_begins(step, before) else step


def possible(steps: list[Step]) -> Iterator[Step]:
    """The steps of one plan that can succeed: they are taken in order, and one that worked changes what it wrote.

    One that did not work had a guard that does not hold; a later one with the same guards does not work either.
    """
    earlier: list[Step] = []
    for step in steps:
        if not any(before.written & step.guards and before.guards <= step.guards for before in earlier):
            yield step
        if step.is_change:
            earlier.append(step)
