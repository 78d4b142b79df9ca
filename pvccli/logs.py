"""Logs as `pvc vm log` and `pvc node log` show them: the last lines, then new ones as they come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING

import click

from pvccli.options import Decorator, F, prints
from pvccli.output import Format, as_json
from pvccli.seat import Seat
from pvccore.model.log import LINES, LINES_MAX

if TYPE_CHECKING:
    from pvccore.model.log import LogPart
    from pvccore.operations.operator import Result

FOLLOW_EVERY_S = 2.0
"""Between two questions to the node: nothing is sent by itself."""
TELL_AFTER_S = 1.0
"""So long is waited for an answer in silence."""


def log_options(function: F) -> F:
    """-n/--lines and --follow."""
    lines = click.option(
        "-n", "--lines", type=click.IntRange(1, LINES_MAX), default=LINES, show_default=True, help="How many lines."
    )
    follow = click.option("--follow", is_flag=True, help="Go on with new lines as they come; Ctrl-C ends.")
    return lines(follow(function))


def log_command(subject: Decorator, ask: Callable[..., Result], words: str) -> click.Command:
    """`log` of a noun. subject: its one argument. ask: the verb that asks for lines after a place. words: its help."""

    @click.command("log", help=words, short_help=words.partition(";")[0] + ".")
    @subject
    @log_options
    @prints
    def log(seat: Seat, /, lines: int, follow: bool, **named: str) -> None:
        (name,) = named.values()
        show_log(seat, lambda after: ask(seat.operator, name, lines=lines, after=after), follow=follow)

    return log


def show_log(
    seat: Seat, ask: Callable[[str], Result], *, follow: bool, pause: Callable[[float], object] | None = None
) -> None:
    """Print what a node answers, and go on asking if that is wanted. ask: for what came after a place, "" for all."""
    from pvccore.operations.logs import wait_for_answer

    wait = pause or Event().wait
    asked = ask("")
    if not seat.looks_on:
        seat.tell(asked)
        return
    answer = wait_for_answer(seat.operator, asked, _telling(seat, asked.text, wait))
    _show(seat, answer, follow=follow)
    with suppress(KeyboardInterrupt):
        while follow:
            wait(FOLLOW_EVERY_S)
            answer = wait_for_answer(seat.operator, ask(answer.place), wait)
            _show(seat, answer, follow=True)


def _telling(seat: Seat, text: str, wait: Callable[[float], object]) -> Callable[[float], object]:
    """Wait as before, and say for what when it takes longer than one expects."""
    waited_s = 0.0

    def pause(seconds: float) -> None:
        nonlocal waited_s
        if waited_s < TELL_AFTER_S <= waited_s + seconds:
            seat.tell_progress(text)
        waited_s += seconds
        wait(seconds)

    return pause


def _show(seat: Seat, part: LogPart, *, follow: bool) -> None:
    is_json = seat.format in (Format.JSON, Format.JSON_PRETTY)
    if not is_json or not follow:
        seat.show({"lines": list(part.lines)}, lambda: "\n".join(part.lines))
        return
    for line in part.lines:
        seat.say(as_json({"line": line}, Format.JSON))
