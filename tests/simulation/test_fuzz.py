"""Random fault schedules break no rule; the same seed is the same course of events, in every process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pvccli.commands.simulate import verbs
from simulation.fuzz import try_seed
from simulation.output import journal_line
from simulation.rules import ROOM
from simulation.runner import Run
from simulation.scenario import parse_scenario
from simulation.scenario_text import scenario_text
from simulation.schedules import faults_of, random_schedule, with_steps
from tests.simulation.fuzzing import FILES, broken_rules, cluster
from tests.simulation.mutants import MUTANTS

FEW = range(30)
MORE = [range(first, first + 20) for first in range(1000, 1200, 20)]
"""A few hundred, in parts that go to whichever process is free."""
A_FUZZED_JOURNAL = """
from tests.simulation.test_fuzz import journal_of
print(journal_of(11))
"""


def journal_of(seed: int) -> str:
    scenario = random_schedule(cluster(), seed).scenario
    return "\n".join(map(journal_line, Run(scenario, verbs(), seed=seed).carry_out().journal))


@pytest.mark.parametrize("seed", FEW)
def test_no_rule_is_broken(seed: int) -> None:
    assert broken_rules(seed) == set()


@pytest.mark.slow
@pytest.mark.parametrize("seeds", MORE, ids=lambda seeds: f"from-{seeds.start}")
@pytest.mark.parametrize("name", FILES)
def test_no_rule_is_broken_by_a_few_hundred_schedules(name: str, seeds: range) -> None:
    assert {seed: broken for seed in seeds if (broken := broken_rules(seed, name))} == {}


def test_a_seed_is_the_same_course_of_events_in_every_process() -> None:
    journals = {
        subprocess.run(
            [sys.executable, "-c", A_FUZZED_JOURNAL],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONHASHSEED": number},
        ).stdout
        for number in ("1", "2", "3")
    }
    assert len(journals) == 1
    assert len(journals.pop().splitlines()) > 5


def test_different_seeds_are_different_courses_of_events() -> None:
    assert len({journal_of(seed) for seed in range(4)}) == 4


def test_a_schedule_read_from_its_file_is_the_same() -> None:
    scenario = random_schedule(cluster(), 7).scenario
    again = parse_scenario(scenario_text(scenario), verbs().check)
    assert (again.nodes, again.vms, again.settings) == (scenario.nodes, scenario.vms, scenario.settings)
    assert [(step.at_s, step.words) for step in again.steps] == [(step.at_s, step.words) for step in scenario.steps]
    assert again.until_s == scenario.until_s


def test_shrinks_what_breaks_a_rule_to_a_file_that_breaks_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    next(one for one in MUTANTS if one.breaks == (ROOM,)).leave_out(monkeypatch)
    failures = (try_seed(cluster(), verbs(), seed) for seed in range(600))
    found = next(failure for failure in failures if failure is not None)
    again = parse_scenario(found.text, verbs().check)
    assert ROOM in {one.rule for one in Run(again, verbs(), seed=found.seed).carry_out().violations}
    steps = faults_of(again)
    for index in range(len(steps)):
        shorter = with_steps(cluster(), [*steps[:index], *steps[index + 1 :]])
        assert ROOM not in {one.rule for one in Run(shorter, verbs(), seed=found.seed).carry_out().violations}
