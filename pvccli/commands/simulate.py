"""`pvc simulate`: a situation tried out, by the real manager and agents, in a simulated cluster."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvccore.model.errors import Invalid

if TYPE_CHECKING:
    from simulation.runner import JournalLine
    from simulation.scenario import Scenario
    from simulation.verbs import Verbs

MET, NOT_MET, BAD_FILE = 0, 1, 2
PROGRESS_EVERY = 200
"""Schedules between two lines of progress."""
OUTSIDE = frozenset({"simulate", "init"})
"""Verbs that are not about a cluster that is there."""


@click.command(short_help="Try a situation out in a simulated cluster.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="SCENARIO.toml")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides all that is left to chance.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option(
    "--crash-after", type=click.IntRange(min=1), metavar="K",
    help="Kill the acting process after its K-th commit or effect; it is started again 5 s later.",
)  # fmt: skip
@click.option(
    "--fuzz", type=click.IntRange(min=1), metavar="N",
    help="Run N random fault schedules on the scenario's cluster instead; only violations count.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=0), default=1, help="Processes for --fuzz; 0: one for every core.")
def simulate(file: Path, seed: int, *, as_json: bool, crash_after: int | None, fuzz: int | None, jobs: int) -> None:
    """Run the scenario of a file: exit 0 all met, 1 not met or a violation, 2 a bad file."""
    scenario = _read(file)
    if fuzz is not None:
        sys.exit(_fuzz(scenario, range(seed, seed + fuzz), jobs or os.cpu_count() or 1, as_json=as_json))
    sys.exit(_run(scenario, seed, crash_after, as_json=as_json))


def verbs() -> Verbs:
    """The verbs of this command line, for the simulated world."""
    from pvccli.main import check, run
    from simulation.verbs import Verbs

    def check_inside(words: Sequence[str]) -> None:
        if words[0] in OUTSIDE:
            raise Invalid("command", words[0], "is not for a cluster that is there")
        check(words)

    return Verbs(check=check_inside, run=run)


def _read(file: Path) -> Scenario:
    from simulation.places_in_file import BadScenario
    from simulation.scenario import parse_scenario

    try:
        return parse_scenario(file.read_text(encoding="utf-8"), verbs().check)
    except UnicodeDecodeError as error:
        click.echo(f"{file}: is not UTF-8: {error}", err=True)
    except BadScenario as error:
        click.echo(f"{file}: {error}", err=True)
    sys.exit(BAD_FILE)


def _run(scenario: Scenario, seed: int, crash_after: int | None, *, as_json: bool) -> int:
    from simulation.output import ending_lines, journal_line, outcome_object
    from simulation.runner import Run

    def told(line: JournalLine) -> None:
        if not as_json:
            click.echo(journal_line(line))

    outcome = Run(scenario, verbs(), seed=seed, kill_after=crash_after, told=told).carry_out()
    if as_json:
        click.echo(json.dumps(outcome_object(outcome), ensure_ascii=False))
    else:
        click.echo("\n".join(ending_lines(outcome)))
    return MET if outcome.ok else NOT_MET


def _fuzz(scenario: Scenario, seeds: range, jobs: int, *, as_json: bool) -> int:
    from simulation.fuzz import Tally, fuzz, results_of
    from simulation.output import fuzz_lines, fuzz_object

    reached = seeds.start

    def told(seed: int, tally: Tally) -> None:
        nonlocal reached
        reached = seed + 1
        if tally.schedules % PROGRESS_EVERY == 0:
            click.echo(f"… {tally.line}; next is --seed {reached}", err=True)

    try:
        tally = fuzz(results_of(scenario, verbs(), seeds, jobs), told)
    except KeyboardInterrupt:
        click.echo(f"interrupted; go on with --seed {reached}", err=True)
        return NOT_MET
    if as_json:
        click.echo(json.dumps(fuzz_object(tally, seeds.start), ensure_ascii=False))
    else:
        click.echo("\n".join(fuzz_lines(tally, seeds.start)))
    return NOT_MET if tally.failures else MET
