"""The fuzzer: random fault schedules on one cluster; what breaks a rule is made as short as it can be, and shown."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from simulation.rules import Violation
from simulation.runner import Run
from simulation.scenario import Scenario
from simulation.schedules import random_schedule, shrink
from simulation.verbs import Verbs


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A schedule that broke a rule, as short as it could be made."""

    seed: int
    scenario: Scenario
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
        return min(self.failures, key=lambda one: (len(one.scenario.steps), one.seed), default=None)


def violations_of(scenario: Scenario, verbs: Verbs, seed: int) -> tuple[Violation, ...]:
    """What one schedule broke; nothing, as it must be."""
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
    return Failure(seed=seed, scenario=shortest, violations=violations_of(shortest, verbs, seed))


def try_seeds(cluster: Scenario, verbs: Verbs, seeds: Iterable[int]) -> Iterator[tuple[int, Failure | None]]:
    """Each seed with what came of it, as it comes."""
    gc.collect()
    gc.freeze()
    for seed in seeds:
        yield seed, try_seed(cluster, verbs, seed)


def fuzz(
    results: Iterable[tuple[int, Failure | None]],
    told: Callable[[int, Failure | None, Tally], None],
    clock: Callable[[], float] = time.monotonic,
) -> Tally:
    """Count what comes in, and tell of each."""
    tally, started_s = Tally(), clock()
    for seed, failure in results:
        tally.schedules += 1
        tally.seconds = clock() - started_s
        if failure is not None:
            tally.failures.append(failure)
        told(seed, failure, tally)
    return tally
