from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from pvccli.main import exit_code
from pvccli.seat import Seat
from tests.operations.world import World, three_nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one call of `pvc` printed, and its exit code."""

    code: int
    out: str
    err: str


Pvc = Callable[..., Said]


@pytest.fixture
def world() -> World:
    return three_nodes()


def say(line: str, seat: Seat, answer: str = "") -> Said:
    """What `pvc` prints for a line as typed in a shell; `answer` is what stands at its standard input."""
    with CliRunner().isolation(input=answer) as (out, err, _):
        try:
            code: object = exit_code(shlex.split(line), seat)
        except SystemExit as exited:
            code = exited.code
        return Said(code=int(str(code)), out=out.getvalue().decode(), err=err.getvalue().decode())


@pytest.fixture
def pvc(world: World) -> Pvc:
    """`pvc` before the cluster in memory, as a shell would call it; `answer` is typed if a person is there."""

    def call(line: str, *, answer: str = "", is_there: bool = True, seat: Seat | None = None) -> Said:
        return say(line, seat or Seat(given=world.operator, can_answer=lambda: is_there), answer)

    return call
