"""Every situation of tests/scenarios ends as its file says, whatever is left to chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvccli.commands.simulate import verbs
from simulation.faults import FAULTS
from simulation.output import ending_lines, journal_line
from simulation.runner import Outcome, Run
from simulation.scenario import Scenario, parse_scenario

FILES = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))
MORE_SEEDS = range(1, 6)


def read(file: Path) -> Scenario:
    return parse_scenario(file.read_text(encoding="utf-8"), verbs(file.parent).check)


def shown(outcome: Outcome) -> str:
    return "\n".join([*map(journal_line, outcome.journal), *ending_lines(outcome)])


def check(file: Path, seed: int) -> None:
    outcome = Run(read(file), verbs(file.parent), seed=seed).carry_out()
    assert outcome.ok, shown(outcome)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_ends_as_its_file_says(file: Path) -> None:
    check(file, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_ends_so_whatever_is_left_to_chance(file: Path, seed: int) -> None:
    check(file, seed)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_has_a_description_and_expects_something(file: Path) -> None:
    scenario = read(file)
    assert len(scenario.description.split()) >= 6
    assert scenario.expectations


def test_every_fault_has_its_situation() -> None:
    """Of the faults that a person may write down; the fuzzer's own two are in its schedules."""
    used = {step.fault.verb for file in FILES for step in read(file).steps if step.fault is not None}
    assert set(FAULTS) <= used | {"crash-daemon", "stall-daemon"}
