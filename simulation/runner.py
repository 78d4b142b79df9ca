"""A run of a scenario: faults and verbs at their time, expectations looked at, rules watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import PvcError, Unavailable
from pvccore.model.journal import JournalEntry
from pvccore.model.struct import Struct
from pvccore.operations.operator import Operator
from pvccore.operations.records import vm_record
from pvccore.plan.outcome import Goal, Progress, progress
from pvccore.state.codec import decode
from pvccore.state.session import Session
from simulation.expectation import Expectation, found_by, simulated_node_record
from simulation.faults import FAULTS
from simulation.machine import WATCHDOG
from simulation.rules import Rules, Violation
from simulation.scenario import Scenario, Step
from simulation.verbs import Verbs
from simulation.world import World

SETTLED_AFTER_S = 180.0
"""How long after the last step a mended cluster has come to rest, at the latest."""
PERSON = "person@simulation"
"""Who asks for the verbs, in the journal."""


class Finding(Struct, frozen=True, kw_only=True):
    """An expectation, or a step's refusal, that was looked at."""

    ok: bool
    at_s: float
    text: str
    found: str


class JournalLine(Struct, frozen=True, kw_only=True):
    """One entry of the journal, at its virtual time."""

    at_s: float
    entry: JournalEntry


Told = Callable[[JournalLine], None]


def _nobody(_line: JournalLine) -> None:
    """Who is told of the journal when nobody looks on."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a run."""

    seed: int
    journal: list[JournalLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    vms: dict[str, dict[str, Any]] = field(default_factory=dict)
    maintenance: bool = False

    @property
    def ok(self) -> bool:
        """Whether all expectations were met and no rule was broken."""
        return all(one.ok for one in self.findings) and not self.violations


def persons_seat(world: World) -> Operator:
    """A person before the simulated cluster: sees it as it is while its store answers, and waits in virtual time."""
    numbers = count(1)

    def cluster() -> Cluster:
        if not world.tree.is_up:
            raise Unavailable("no connection to the store")
        return world.cluster()

    def wait(goal: Goal, limit_s: float) -> Progress:
        world.run_while(lambda: not progress(world.cluster(), goal).ended, limit_s)
        return progress(world.cluster(), goal)

    return Operator(
        session=Session(world.connect(), world.schema, who=PERSON, wall_clock=world.clock.wall),
        cluster=cluster,
        wait=wait,
        new_id=lambda: f"asked-{next(numbers)}",
    )


class Run:
    """One scenario in one world. quiet: nobody reads the journal."""

    def __init__(
        self,
        scenario: Scenario,
        verbs: Verbs,
        *,
        seed: int = 0,
        kill_after: int | None = None,
        told: Told = _nobody,
        quiet: bool = False,
    ) -> None:
        self.outcome = Outcome(seed=seed)
        self.world = World(
            scenario.nodes,
            scenario.vms,
            scenario.settings,
            seed=seed,
            kill_after=kill_after,
            with_storage=any(_needs_storage(step) for step in scenario.steps),
        )
        self.rules = Rules(self.world)
        self._lost_power_at_s = 0.0
        self.world.power_cuts.append(self._note_cut)
        self._scenario = scenario
        self._verbs = verbs
        self._told = told
        self._quiet = quiet
        self._person = persons_seat(self.world)

    def carry_out(self) -> Outcome:
        """All of it, from before 0 s to the end."""
        self.world.start()
        return self.carry_on()

    def carry_on(self) -> Outcome:
        """All that comes after the world's start."""
        world, scenario = self.world, self._scenario
        world.run(0.0)
        if not self._quiet:
            world.on_journal(self._on_journal)
        for expectation in scenario.expectations:
            if expectation.at_s is not None:
                world.clock.at(expectation.at_s, partial(self._look, expectation), late=True)
        for step in scenario.steps:
            world.clock.at(step.at_s, partial(self._take, step), late=True)
        world.run(scenario.until_s)
        for expectation in scenario.expectations:
            if expectation.at_s is None:
                self._look(expectation)
        self.rules.check_end(settled=self._has_settled())
        self._finish()
        return self.outcome

    def _look(self, expectation: Expectation) -> None:
        ok, found = found_by(expectation, self.world)
        self._found(ok=ok, text=expectation.text, found=found)

    def _found(self, *, ok: bool, text: str, found: str) -> None:
        self.outcome.findings.append(Finding(ok=ok, at_s=self.world.clock.now_s, text=text, found=found))

    # Steps

    def _take(self, step: Step) -> None:
        if step.fault is not None:
            FAULTS[step.fault.verb].do(self.world, step.fault)
            return
        before = self.world.tree.dump() if step.refused else {}
        try:
            with self.world.persons_verb():
                self._verbs.run(step.words, self._person)
        except PvcError as error:
            self._refused(step, error, before)
        else:
            if step.refused:
                self._found(ok=False, text=f"`{step.text}` is refused", found="it was done")

    def _refused(self, step: Step, error: PvcError, before: dict[str, bytes]) -> None:
        if step.may_refuse:
            return
        if not step.refused:
            self._found(ok=False, text=f"`{step.text}` is done", found=f"refused: {error}")
        elif isinstance(error, Unavailable):
            self._found(ok=False, text=f"`{step.text}` is refused", found=f"unavailable: {error}")
        elif self.world.tree.dump() != before:
            self._found(ok=False, text=f"`{step.text}` is refused", found=f"refused, but not without a change: {error}")
        else:
            self._found(ok=True, text=f"`{step.text}` is refused", found=f"refused: {error}")

    # The journal and the end

    def _has_settled(self) -> bool:
        """Whether all is as it should be outside, and has been for so long that the cluster must be at rest."""
        last_s = max([step.at_s for step in self._scenario.steps] + [self._lost_power_at_s])
        return self.world.is_mended and self._scenario.until_s - last_s >= SETTLED_AFTER_S

    def _note_cut(self, _node: str, by: str) -> None:
        """A watchdog fires when it will, and nobody mends that: it is like a fault that comes late."""
        if by == WATCHDOG:
            self._lost_power_at_s = self.world.clock.now_s

    def _on_journal(self, key: str) -> None:
        path = self.world.schema.path(Kind.JOURNAL, key)
        znode = self.world.tree.read(path)
        entry = decode(JournalEntry, path, znode, key=key) if znode is not None else None
        if isinstance(entry, JournalEntry):
            line = JournalLine(at_s=self.world.clock.now_s, entry=entry)
            self.outcome.journal.append(line)
            self._told(line)

    def _finish(self) -> None:
        cluster, outcome = self.world.cluster(), self.outcome
        outcome.violations = list(self.rules.violations)
        outcome.nodes = {
            name: simulated_node_record(cluster, node, self.world.machines[name])
            for name, node in sorted(cluster.nodes.items())
            if name in self.world.machines
        }
        outcome.vms = {vm.name: vm_record(cluster, vm) for vm in sorted(cluster.vms.values(), key=lambda vm: vm.name)}
        outcome.maintenance = cluster.maintenance.on


def _needs_storage(step: Step) -> bool:
    """Whether a step is carried out as a task: the reporter and the tasks cost time that other scenarios save."""
    words = step.words
    of_vm = words[:1] == ("vm",) and words[1:2] in (("remove",), ("flush-locks",))
    return step.fault is None and (words[:1] == ("storage",) or of_vm or "--noout" in words)
