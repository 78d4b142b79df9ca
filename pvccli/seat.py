"""What a command has at hand: the operator, once it is needed, and how its result is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from pvccli.output import COLOURED, Format, as_json, cell, header, table, terminal_width
from pvccore.model.errors import Refused
from pvccore.model.printable import printable

if TYPE_CHECKING:
    from pvccore.model.cluster import Cluster
    from pvccore.operations.operator import Operator, Result
    from pvccore.state.zookeeper import ZooKeeperStore

CONNECT_LIMIT_S = 5.0
WAIT_LIMIT_S = 3600.0
"""The longest that `--wait` waits."""


def print_line(text: str) -> None:
    """A result on standard output. Raises `Refused` when that can't take it, as a file on a full disk."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not tried again at the end
        raise Refused(f"standard output: {error.strerror}") from None


def has_a_person() -> bool:
    """Whether somebody sits at standard input; a pipe's lines are never taken for answers."""
    return is_terminal(sys.stdin)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a standard stream is a terminal; there is none where it was closed beforehand."""
    return stream is not None and stream.isatty()


@dataclass(slots=True, kw_only=True)
class Seat:
    """One call of `pvc`. Connects when a command first asks for the operator; `close` ends what it opened.

    given: an operator that is there already, as in the simulated world. connect_limit_s: how long ZooKeeper has to
    answer. confirmed: nothing is asked. waits: for the outcome of a verb. dry_run: verbs only say what they would do.
    in_scenario: its verb is a step that must end by itself, for the world stands still meanwhile.
    say: prints one line of the result. can_answer: whether there is a person to be asked. fits_terminal: what is
    printed is seen at once, by a person.
    """

    given: Operator | None = None
    cluster_choice: str = ""
    config: Path | None = None
    connect_limit_s: float = CONNECT_LIMIT_S
    format: Format = Format.PRETTY
    confirmed: bool = False
    waits: bool = False
    dry_run: bool = False
    in_scenario: bool = False
    say: Callable[[str], None] = print_line
    can_answer: Callable[[], bool] = has_a_person
    fits_terminal: bool = field(init=False)
    _store: ZooKeeperStore | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.fits_terminal = self.say is print_line and is_terminal(sys.stdout)

    @property
    def operator(self) -> Operator:
        """The person before the cluster; raises `Unavailable` when it can't be reached."""
        if self.given is None:
            from pvccore.operations.config import who_asks
            from pvccore.operations.connecting import seat

            self.given = seat(self.store(), who_asks(), show=self.tell_progress)
        return self.given

    @property
    def rehearsing(self) -> Operator:
        """The same person, whose verbs are decided, refused and told, but change nothing."""
        from pvccore.model.struct import replace

        return replace(self.operator, dry_run=True)

    @property
    def cluster(self) -> Cluster:
        """The cluster as it is now."""
        return self.operator.cluster()

    def store(self, *, must_exist: bool = True) -> ZooKeeperStore:
        """The connected store."""
        if self._store is None:
            from pvccore.operations.config import choose_cluster
            from pvccore.operations.connecting import connect

            _, address = choose_cluster(self.cluster_choice, config=self.config)
            self._store = connect(address, limit_s=self.connect_limit_s, must_exist=must_exist)
        return self._store

    def close(self) -> None:
        """End the connection, if one was made."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def act(self, verb: Callable[[Operator], Result], *, ask: str = "") -> None:
        """Carry a verb out and tell what came of it. ask: the question before something disruptive.

        Nobody is asked about what would be refused anyway.
        """
        if self.dry_run:
            self.tell(verb(self.rehearsing))
            return
        if ask and not self.confirmed:
            verb(self.rehearsing)
            self.confirm(ask)
        self.tell(verb(self.operator))

    def confirm(self, question: str) -> None:
        """Ask before something disruptive; raises `Refused` when the answer is no or nobody can answer."""
        if self.confirmed:
            return
        if not self.can_answer():
            raise Refused(f"{question} Nobody is here to answer; -y confirms beforehand")
        try:
            click.confirm(question, abort=True, err=True)
        except click.Abort:
            raise Refused("not confirmed; -y confirms beforehand") from None

    @property
    def looks_on(self) -> bool:
        """Whether somebody can wait for what comes, and will have seen enough at some time."""
        return not self.in_scenario and self.operator.wait is not None

    def check_looks_on(self, option: str) -> None:
        """Raise `Refused` for what goes on until somebody has seen enough, where nobody looks."""
        if not self.looks_on:
            raise Refused(f"{option} is for who can wait")

    def tell(self, result: Result) -> None:
        """Print what a verb did and, for who waits, what became of it. Raises `Refused` when that is a failure."""
        words = self._outcome(result) if self.waits else result.text
        if self.format in (Format.JSON, Format.JSON_PRETTY):
            self.say(as_json({"changed": result.changed, "text": words}, self.format))
        else:
            self.say(printable(words))

    def show(self, value: object, pretty: Callable[[], str], raw: Callable[[], str] | None = None) -> None:
        """Print a value in the format that was asked for; `raw` defaults to the pretty text."""
        if self.format in (Format.JSON, Format.JSON_PRETTY):
            self.say(as_json(value, self.format))
            return
        text = raw() if raw is not None and self.format is Format.RAW else pretty()
        if text:
            self.say(printable(text))

    def show_list(self, records: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
        """Print records: a table that fits the terminal, JSON, or raw: the first column alone."""
        if self.format is not Format.PRETTY:
            self.show(list(records), lambda: "\n".join(str(record[columns[0]]) for record in records))
            return
        rows = [[cell(record, name) for name in columns] for record in records]
        colours = [name in COLOURED and self.fits_terminal for name in columns]
        width = terminal_width(is_terminal=self.fits_terminal)
        self.say(table([header(name) for name in columns], rows, width, colours))

    def _outcome(self, result: Result) -> str:
        wait = self.operator.wait
        if wait is None or result.goal is None or self.dry_run:
            return result.text
        ended = wait(result.goal, WAIT_LIMIT_S)
        if not ended.done:
            raise Refused(ended.text if ended.failed else f"not done after {WAIT_LIMIT_S:.0f} s: {ended.text}")
        return ended.text

    def tell_progress(self, text: str) -> None:
        """Say on standard error how far it is, to a person."""
        if self.format is Format.PRETTY:
            click.echo(f"… {printable(text)}", err=True)


def wants_colour() -> bool | None:
    """False where NO_COLOR says so; None lets click look whether there is a terminal."""
    return False if os.environ.get("NO_COLOR") else None
