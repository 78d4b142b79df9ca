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
    from pvccli.seat import Seat
    from pvccore.operations.operator import Operator
    from simulation.runner import JournalLine
    from simulation.scenario import Scenario
    from simulation.verbs import Verbs

MET, NOT_MET, BAD_FILE = 0, 1, 2
PROGRESS_EVERY = 200
"""Schedules between two lines of progress."""
OUTSIDE = frozenset({"simulate", "init"})
"""Verbs that are not about a cluster that is there."""
NAMES_A_FILE = frozenset({("vm", "define"), ("vm", "modify")})
"""Verbs that read a file: a scenario and its files may be kept, and sent, together."""


@click.command(short_help="Try a situation out in a simulated cluster.")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[SCENARIO.toml]", required=False
)
@click.option(
    "--replay", "kept", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Decide again what a manager decided, from a plan that it kept (plans_dir): exit 0 when it is the same.",
)  # fmt: skip
@click.option("--from-cluster", is_flag=True, help="Begin with the cluster as it is now; it is only read.")
@click.option(
    "--step", "steps", multiple=True, metavar='"SECONDS: VERB"', help='With --from-cluster: "10: power-cut hv1".'
)
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.toml",
    help="With --from-cluster: write the scenario that is run to a file, as for a bug report.",
)  # fmt: skip
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
@click.pass_obj
def simulate(
    seat: Seat,
    file: Path | None,
    seed: int,
    *,
    kept: Path | None,
    from_cluster: bool,
    steps: tuple[str, ...],
    save: Path | None,
    as_json: bool,
    crash_after: int | None,
    fuzz: int | None,
    jobs: int,
) -> None:
    """Run the scenario of a file: exit 0 all met, 1 not met or a violation, 2 a bad file.

    With --from-cluster the file, if any, only says what happens and what must come of it.
    """
    if kept is not None:
        sys.exit(_replay(kept, as_json=as_json))
    if not from_cluster and (file is None or steps or save is not None):
        raise click.UsageError("a SCENARIO.toml is needed; --step and --save are for --from-cluster")
    text = "" if file is None else _text(file)
    if from_cluster:
        text = _what_if(seat, text, steps, save)
    known = verbs(file.parent if file is not None else Path())
    scenario = _parsed(text, str(file or "--from-cluster"), known)
    if fuzz is not None:
        sys.exit(_fuzz(scenario, known, range(seed, seed + fuzz), jobs or os.cpu_count() or 1, as_json=as_json))
    sys.exit(_run(scenario, known, seed, crash_after, as_json=as_json))


def _replay(kept: Path, *, as_json: bool) -> int:
    from simulation.replay import replay, replay_lines, replay_object

    try:
        found = replay(kept)
    except Invalid as error:
        click.echo(f"pvc: {error}", err=True)
        return BAD_FILE
    click.echo(json.dumps(replay_object(found), ensure_ascii=False) if as_json else "\n".join(replay_lines(found)))
    return MET if found.is_same else NOT_MET


def verbs(folder: Path = Path()) -> Verbs:
    """The verbs of this command line, for the simulated world. folder: where files that they name are looked for."""
    from pvccli.main import check, run
    from simulation.verbs import Verbs

    def check_inside(words: Sequence[str]) -> None:
        if words[0] in OUTSIDE:
            raise Invalid("command", words[0], "is not for a cluster that is there")
        check(_found_beside(words, folder))

    def run_inside(words: Sequence[str], operator: Operator) -> None:
        run(_found_beside(words, folder), operator)

    return Verbs(check=check_inside, run=run_inside)


def _found_beside(words: Sequence[str], folder: Path) -> Sequence[str]:
    """The words, with an XML file that lies beside the scenario where it lies."""
    if tuple(words[:2]) not in NAMES_A_FILE:
        return words
    return [str(folder / word) if (folder / word).is_file() else word for word in words]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        click.echo(f"{file}: is not UTF-8: {error}", err=True)
    sys.exit(BAD_FILE)


def _what_if(seat: Seat, text: str, steps: Sequence[str], save: Path | None) -> str:
    """The scenario that begins with the cluster as it is now."""
    from simulation.from_cluster import what_if
    from simulation.places_in_file import BadScenario

    try:
        made = what_if(seat.cluster, text, steps)
    except (BadScenario, Invalid) as error:
        click.echo(f"pvc: {error}", err=True)
        sys.exit(BAD_FILE)
    if save is not None:
        save.write_text(made, encoding="utf-8")
    return made


def _parsed(text: str, where: str, known: Verbs) -> Scenario:
    from simulation.places_in_file import BadScenario
    from simulation.scenario import parse_scenario

    try:
        return parse_scenario(text, known.check)
    except BadScenario as error:
        click.echo(f"{where}: {error}", err=True)
    sys.exit(BAD_FILE)


def _run(scenario: Scenario, known: Verbs, seed: int, crash_after: int | None, *, as_json: bool) -> int:
    from simulation.output import ending_lines, journal_line, outcome_object
    from simulation.runner import Run

    def told(line: JournalLine) -> None:
        if not as_json:
            click.echo(journal_line(line))

    outcome = Run(scenario, known, seed=seed, kill_after=crash_after, told=told).carry_out()
    if as_json:
        click.echo(json.dumps(outcome_object(outcome), ensure_ascii=False))
    else:
        click.echo("\n".join(ending_lines(outcome)))
    return MET if outcome.ok else NOT_MET


def _fuzz(scenario: Scenario, known: Verbs, seeds: range, jobs: int, *, as_json: bool) -> int:
    from simulation.fuzz import Tally, fuzz, results_of
    from simulation.output import fuzz_lines, fuzz_object

    reached = seeds.start

    def told(seed: int, tally: Tally) -> None:
        nonlocal reached
        reached = seed + 1
        if tally.schedules % PROGRESS_EVERY == 0:
            click.echo(f"… {tally.line}; next is --seed {reached}", err=True)

    try:
        tally = fuzz(results_of(scenario, known, seeds, jobs), told)
    except KeyboardInterrupt:
        click.echo(f"interrupted; go on with --seed {reached}", err=True)
        return NOT_MET
    if as_json:
        click.echo(json.dumps(fuzz_object(tally, seeds.start), ensure_ascii=False))
    else:
        click.echo("\n".join(fuzz_lines(tally, seeds.start)))
    return NOT_MET if tally.failures else MET
