"""The fuzzer: random fault schedules on one cluster; what breaks a rule is made as short as it can be, and shown."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue

from pvccore.model.struct import Struct
from simulation.rules import Violation
from simulation.runner import Run
from simulation.scenario import Scenario
from simulation.scenario_text import scenario_text
from simulation.schedules import random_schedule, shrink
from simulation.verbs import Verbs


class Failure(Struct, frozen=True, kw_only=True):
    """A schedule that broke a rule, as short as it could be made. text: its file."""

    seed: int
    steps: int
    text: str
    violations: tuple[Violation, ...]


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many schedules were run, how many broke a rule, and the shortest of those."""

    schedules: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The last line of `--fuzz`."""
        rate = self.schedules / self.seconds if self.seconds else 0.0
        return f"{self.schedules} schedules, {len(self.failures)} violations, {self.seconds:.1f} s, {rate:.1f}/s"

    @property
    def shortest(self) -> Failure | None:
        """The failure with the fewest steps."""
        return min(self.failures, key=lambda one: (one.steps, one.seed), default=None)


@contextmanager
def _one_collection() -> Iterator[None]:
    """A world is garbage all at once, when its schedule is over: looking for some on the way only costs time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def violations_of(scenario: Scenario, verbs: Verbs, seed: int) -> tuple[Violation, ...]:
    """What one schedule broke; nothing, as it must be."""
    with _one_collection():
        return tuple(Run(scenario, verbs, seed=seed, quiet=True).carry_out().violations)


def try_seed(cluster: Scenario, verbs: Verbs, seed: int) -> Failure | None:
    """Run the schedule of one seed; if it breaks a rule, find the shortest one that breaks the same rule."""
    schedule = random_schedule(cluster, seed)
    violations = violations_of(schedule.scenario, verbs, seed)
    if not violations:
        return None
    rule = violations[0].rule

    def is_bad(scenario: Scenario) -> bool:
        return any(one.rule == rule for one in violations_of(scenario, verbs, seed))

    shortest = shrink(schedule, is_bad)
    return Failure(
        seed=seed,
        steps=len(shortest.steps),
        text=scenario_text(shortest),
        violations=violations_of(shortest, verbs, seed),
    )


Result = tuple[int, Failure | None]
"""A seed, and what it broke."""


def results_of(cluster: Scenario, verbs: Verbs, seeds: range, jobs: int) -> Iterator[Result]:
    """Each seed with what came of it, in their order, worked out by that many processes."""
    if jobs == 1:
        for seed in seeds:
            yield seed, try_seed(cluster, verbs, seed)
        return
    context = get_context("fork")  # a scenario and its verbs are inherited: they could not be sent
    queue: SimpleQueue[Result] = context.SimpleQueue()
    workers = [
        context.Process(target=_work, args=(cluster, verbs, seeds[first::jobs], queue), daemon=True)
        for first in range(min(jobs, len(seeds)))
    ]
    for worker in workers:
        worker.start()
    try:
        yield from _in_order(seeds, queue)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(cluster: Scenario, verbs: Verbs, seeds: range, queue: SimpleQueue[Result]) -> None:
    try:
        for seed in seeds:
            queue.put((seed, try_seed(cluster, verbs, seed)))
    except KeyboardInterrupt:
        return


def _in_order(seeds: range, queue: SimpleQueue[Result]) -> Iterator[Result]:
    early: dict[int, Failure | None] = {}
    for seed in seeds:
        while seed not in early:
            done, failure = queue.get()
            early[done] = failure
        yield seed, early.pop(seed)


def fuzz(results: Iterable[Result], told: Callable[[int, Tally], None]) -> Tally:
    """Count what comes in, and tell of it as it grows."""
    tally, started_s = Tally(), time.monotonic()
    for seed, failure in results:
        tally.schedules += 1
        tally.seconds = time.monotonic() - started_s
        if failure is not None:
            tally.failures.append(failure)
        told(seed, tally)
    return tally
