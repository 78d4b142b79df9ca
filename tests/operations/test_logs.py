from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid, NotFound, Refused
from pvccore.model.log import LogPart
from pvccore.model.task import TaskState
from pvccore.model.vm import VmState
from pvccore.operations.logs import ask_node_log, ask_vm_log, take_or_give_up, wait_for_answer
from pvccore.operations.operator import Result
from tests.operations.played import Said, with_daemons
from tests.operations.world import World, three_nodes


@pytest.fixture
def world() -> World:
    world = three_nodes()
    world.add_vm("web1", "hv1")
    world.add_vm("db1", "hv2")
    return world


def answer(world: World, asked: Result) -> LogPart:
    return wait_for_answer(world.operator, asked, lambda _seconds: None, limit_s=1.0)


def test_a_console_is_read_by_its_node_and_leaves_nothing_behind(world: World) -> None:
    console = Said("boots", "tick 1", "tick 2")
    with_daemons(world, {"web1": console}, {"hv1": Said(), "hv2": Said()})
    journal = world.load().journal
    first = answer(world, ask_vm_log(world.operator, "web1", lines=2))
    assert first.lines == ("tick 1", "tick 2")
    console.lines.append("tick 3")
    assert answer(world, ask_vm_log(world.operator, "web1", after=first.place)).lines == ("tick 3",)
    assert world.load().tasks == {}
    assert world.load().journal == journal


def test_a_nodes_log_is_read_by_its_daemon(world: World) -> None:
    with_daemons(world, {}, {"hv1": Said("one"), "hv2": Said("two")})
    assert answer(world, ask_node_log(world.operator, "hv2")).lines == ("two",)


def test_the_daemons_reason_is_the_refusal(world: World) -> None:
    with_daemons(world, {}, {"hv1": Said()})
    with pytest.raises(Refused, match="web1 keeps no console log"):
        answer(world, ask_vm_log(world.operator, "web1"))
    assert world.load().tasks == {}


def test_a_vm_that_left_meanwhile_is_asked_for_again_by_a_person(world: World) -> None:
    asked = ask_vm_log(world.operator, "web1")
    world.place("web1", node="hv2")
    with_daemons(world, {"web1": Said("tick")}, {"hv1": Said()})
    with pytest.raises(Refused, match="web1 is not on hv1 any more"):
        answer(world, asked)


def test_who_gets_no_answer_asks_no_longer(world: World) -> None:
    asked = ask_vm_log(world.operator, "web1")
    (task,) = world.load().tasks.values()
    assert (task.state, task.runs_on, task.arguments) == (TaskState.WAITING, "hv1", {"lines": "100", "vm": "web1"})
    with pytest.raises(Refused, match="the daemon of hv1 has not answered in time"):
        answer(world, asked)
    assert world.load().tasks == {}
    with pytest.raises(NotFound, match="task"):
        take_or_give_up(world.operator, task.key)


def test_nobody_is_asked_who_would_not_answer(world: World) -> None:
    world.add_node("hv4", alive=False)
    world.add_vm("lost", "hv4", VmState.STOPPED)
    world.add_vm("nowhere", "", VmState.STOPPED)
    with pytest.raises(Refused, match="lost: its log is with the daemon of hv4, which is not alive"):
        ask_vm_log(world.operator, "lost")
    with pytest.raises(Refused, match="hv4: its log is with the daemon of hv4"):
        ask_node_log(world.operator, "hv4")
    with pytest.raises(Refused, match="nowhere: it is on no node"):
        ask_vm_log(world.operator, "nowhere")
    with pytest.raises(NotFound, match="no VM 'ghost'"):
        ask_vm_log(world.operator, "ghost")
    with pytest.raises(NotFound, match="no node 'hv9'"):
        ask_node_log(world.operator, "hv9")
    assert world.load().tasks == {}


@pytest.mark.parametrize("lines", [0, 2001])
def test_the_number_of_lines_is_bounded(world: World, lines: int) -> None:
    with pytest.raises(Invalid, match="lines"):
        ask_vm_log(world.operator, "web1", lines=lines)
