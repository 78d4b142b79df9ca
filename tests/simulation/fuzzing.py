"""The clusters that the fuzzer plays with, and one schedule on one of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pvccli.commands.simulate import verbs
from simulation.fuzz import violations_of
from simulation.plots import Plot
from simulation.scenario import Scenario, parse_scenario
from simulation.schedules import random_schedule

FILES = {file.stem: file for file in sorted((Path(__file__).parent.parent / "fuzz").glob("*.toml"))}
USUAL = "cluster"


@cache
def cluster(name: str = USUAL) -> Scenario:
    return parse_scenario(FILES[name].read_text(encoding="utf-8"), verbs().check)


def broken_rules(seed: int, name: str = USUAL, focus: Plot | None = None) -> set[str]:
    """The rules that the schedule of this seed breaks."""
    scenario = random_schedule(cluster(name), seed, focus).scenario
    return {one.rule for one in violations_of(scenario, verbs(), seed)}
