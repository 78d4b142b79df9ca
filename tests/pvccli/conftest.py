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


@pytest.fixture
def pvc(world: World) -> Pvc:
    """`pvc` before the cluster in memory, as a shell would call it; `answer` is typed if a person is there."""

    def call(line: str, *, answer: str = "", is_there: bool = True, seat: Seat | None = None) -> Said:
        with CliRunner().isolation(input=answer) as (out, err, _):
            code = exit_code(shlex.split(line), seat or Seat(given=world.operator, can_answer=lambda: is_there))
            return Said(code=code, out=out.getvalue().decode(), err=err.getvalue().decode())

    return call
