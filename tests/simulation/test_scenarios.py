"""Every situation of tests/scenarios ends as its file says, whatever is left to chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvccli.commands.simulate import verbs
from simulation.output import ending_lines, journal_line
from simulation.runner import Outcome, Run
from simulation.scenario import Scenario, parse_scenario

FILES = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))
SEEDS = range(3)


def read(file: Path) -> Scenario:
    return parse_scenario(file.read_text(encoding="utf-8"), verbs().check)


def shown(outcome: Outcome) -> str:
    return "\n".join([*map(journal_line, outcome.journal), *ending_lines(outcome)])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_ends_as_its_file_says(file: Path) -> None:
    scenario = read(file)
    for seed in SEEDS:
        outcome = Run(scenario, verbs(), seed=seed).carry_out()
        assert outcome.ok, shown(outcome)
        assert outcome.findings or scenario.expectations == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_has_a_description_and_expects_something(file: Path) -> None:
    scenario = read(file)
    assert len(scenario.description.split()) >= 6
    assert scenario.expectations
