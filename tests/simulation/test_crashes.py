"""Killing any process between any two of its steps changes only how long it takes (DESIGN §5, rule 8)."""

from __future__ import annotations

from functools import cache

import pytest

from pvccli.commands.simulate import verbs
from pvccore.model.struct import replace
from simulation.output import ending_lines, journal_line
from simulation.runner import Outcome, Run
from simulation.scenario import Scenario, Step
from tests.simulation.test_scenarios import FILES, read

LONGER_S = 240.0
"""What a killed process may cost, with what it left half-done."""
ASKED_AGAIN_S = 20.0
"""Longer than a killed daemon takes to be back."""
STRIDE = 7
"""Every so many steps one is tried in every run of the tests; `slow` tries them all."""
SITUATIONS = (
    "power-cut",
    "fence-brings-a-vm-home",
    "manager-itself-dies",
    "two-nodes-die-of-five",
    "limited-vm-returns-with-its-node",
    "person-fences-a-living-node",
    "flushed-means-empty",
    "flush-parks-what-fits-nowhere",
    "migration-by-shutdown",
    "vm-restart",
)


def asked(step: Step) -> list[Step]:
    """A step as it happens here: who is told that a node's daemon is not there asks again when that is back."""
    once = replace(step, refused=False, may_refuse=True)
    return [once, replace(once, at_s=step.at_s + ASKED_AGAIN_S)] if step.words[:2] == ("node", "ready") else [once]


@cache
def outlasting(name: str) -> Scenario:
    """The situation with only its last expectations, looked at when even a killed process must be done."""
    scenario = read(next(file for file in FILES if file.stem == name))
    last_s = max(one.at_s if one.at_s is not None else scenario.until_s for one in scenario.expectations)
    at_last = [one for one in scenario.expectations if one.at_s in (None, last_s)]
    return replace(
        scenario,
        expectations=tuple(replace(one, at_s=None) for one in at_last),
        steps=tuple(again for step in scenario.steps for again in asked(step)),
        until_s=scenario.until_s + LONGER_S,
    )


def outcome_of(scenario: Scenario, kill_after: int) -> Outcome:
    return Run(scenario, verbs(), kill_after=kill_after).carry_out()


@cache
def acts_of(name: str) -> int:
    """How many steps all processes take until the situation is over."""
    scenario = outlasting(name)
    run = Run(replace(scenario, until_s=scenario.until_s - LONGER_S, expectations=()), verbs())
    run.carry_out()
    return run.world.acts


def check(name: str, kill_after: int) -> None:
    outcome = outcome_of(outlasting(name), kill_after)
    shown = "\n".join([*map(journal_line, outcome.journal), *ending_lines(outcome)])
    assert outcome.ok, f"killed after step {kill_after}:\n{shown}"


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_process_killed_after_some_of_its_steps_costs_only_time(name: str) -> None:
    for kill_after in range(1, acts_of(name), STRIDE * STRIDE):
        check(name, kill_after)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(STRIDE))
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_process_killed_after_any_of_its_steps_costs_only_time(name: str, first: int) -> None:
    for kill_after in range(1 + first, acts_of(name), STRIDE):
        check(name, kill_after)
