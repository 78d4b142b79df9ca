"""The cluster that the fuzzer plays with, and one schedule on it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pvccli.commands.simulate import verbs
from simulation.fuzz import violations_of
from simulation.scenario import Scenario, parse_scenario
from simulation.schedules import random_schedule

FILE = Path(__file__).parent.parent / "fuzz" / "cluster.toml"


@cache
def cluster() -> Scenario:
    return parse_scenario(FILE.read_text(encoding="utf-8"), verbs().check)


def broken_rules(seed: int) -> set[str]:
    """The rules that the schedule of this seed breaks."""
    return {one.rule for one in violations_of(random_schedule(cluster(), seed).scenario, verbs(), seed)}
