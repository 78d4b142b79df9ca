"""`pvc vm log` and `pvc node log`: a node is asked, and answers."""

from __future__ import annotations

import json

import pytest

from pvccli.logs import FOLLOW_EVERY_S, show_log
from pvccli.output import Format
from pvccli.seat import Seat
from pvccore.model.errors import Refused
from pvccore.model.struct import replace
from pvccore.operations.logs import ask_vm_log
from pvccore.plan.outcome import Progress
from tests.operations.played import Said, with_daemons
from tests.operations.world import World
from tests.pvccli.conftest import Pvc


@pytest.fixture
def console(world: World) -> Said:
    console = Said("boots", "tick 1", "tick 2")
    world.add_vm("web1", "hv1")
    with_daemons(world, {"web1": console}, {"hv1": Said("node hv1, boot b1", "ZooKeeper: connected"), "hv2": Said()})
    return console


@pytest.mark.usefixtures("console")
def test_a_guests_last_lines_are_shown(pvc: Pvc) -> None:
    assert pvc("vm log web1").out == "boots\ntick 1\ntick 2\n"
    assert pvc("vm log web1 -n 1").out == "tick 2\n"
    assert json.loads(pvc("vm log web1 -n 2 -f json").out) == {"lines": ["tick 1", "tick 2"]}


@pytest.mark.usefixtures("console")
def test_a_daemons_last_lines_are_shown(pvc: Pvc) -> None:
    assert pvc("node log hv1").out == "node hv1, boot b1\nZooKeeper: connected\n"
    assert json.loads(pvc("--format json node log hv1 --lines 1").out) == {"lines": ["ZooKeeper: connected"]}
    assert pvc("node log hv2").out == ""


@pytest.mark.usefixtures("console")
def test_a_log_that_is_not_kept_is_refused_politely(pvc: Pvc, world: World) -> None:
    world.add_vm("db1", "hv1")
    said = pvc("vm log db1")
    assert (said.code, said.out, said.err) == (1, "", "pvc: db1 keeps no console log\n")
    assert pvc("vm log web1 -n 0").code == 2


@pytest.mark.parametrize(
    "output, lines",
    [
        (Format.PRETTY, ["boots\ntick 1\ntick 2", "tick 3"]),
        (Format.JSON, ['{"line": "boots"}', '{"line": "tick 1"}', '{"line": "tick 2"}', '{"line": "tick 3"}']),
    ],
)
def test_who_follows_asks_again_and_sees_what_is_new(
    world: World, console: Said, output: Format, lines: list[str]
) -> None:
    said: list[str] = []
    seat = Seat(given=world.operator, say=said.append, format=output)
    waits = 0

    def pause(seconds: float) -> None:
        nonlocal waits
        assert seconds == FOLLOW_EVERY_S
        waits += 1
        if waits == 2:
            console.lines.append("tick 3")
        if waits == 4:
            raise KeyboardInterrupt

    show_log(seat, lambda after: ask_vm_log(seat.operator, "web1", after=after), follow=True, pause=pause)
    assert said == lines


def test_who_waits_long_is_told_for_what(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.add_vm("web1", "hv1")
    seat = Seat(given=replace(world.operator, wait=lambda _goal, _limit_s: Progress(text="")), say=lambda _: None)
    with pytest.raises(Refused, match="the daemon of hv1 has not answered in time"):
        show_log(seat, lambda after: ask_vm_log(seat.operator, "web1", after=after), follow=False, pause=lambda _: None)
    told = capsys.readouterr().err
    assert told.startswith("… read the console log of web1: task ")
    assert told.count("\n") == 1


def test_where_nobody_can_wait_the_task_is_told(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv1")
    assert pvc("vm log web1").out.startswith("read the console log of web1: task ")
