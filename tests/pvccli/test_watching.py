"""`--watch`: drawn from the live snapshot, again when what is shown has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event

import pytest

from pvccli.output import Format
from pvccli.seat import Seat
from pvccli.watching import CLEAR, watch
from pvccore.model.errors import Refused
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvccore.operations.records import vm_records
from pvccore.plan.outcome import progress
from tests.operations.world import World
from tests.pvccli.conftest import Pvc


@pytest.fixture
def seat(world: World) -> tuple[Seat, list[str]]:
    said: list[str] = []
    waits = replace(world.operator, wait=lambda goal, _limit_s: progress(world.load(), goal))
    return Seat(given=waits, say=said.append), said


def as_time_goes(*happen: Callable[[], object]) -> Callable[[Event, float], object]:
    """What happens while the watcher waits, in that order; after that somebody presses Ctrl-C."""
    left = list(happen)

    def wait(_event: Event, _limit_s: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    return wait


def nothing() -> None:
    """A moment in which nothing happens."""


def test_it_is_drawn_again_only_when_the_picture_differs(world: World, seat: tuple[Seat, list[str]]) -> None:
    mine, said = seat
    world.add_vm("web1", "hv1")

    def draw() -> None:
        mine.show_list(vm_records(mine.cluster), ("name", "status"))

    stops = as_time_goes(nothing, nothing, lambda: world.place("web1", state=VmState.STOPPED), nothing)
    watch(mine, draw, stops)
    assert said == ["NAME  STATUS\nweb1  running", "NAME  STATUS\nweb1  stopped"]


def test_each_picture_is_a_document_on_its_line(world: World, seat: tuple[Seat, list[str]]) -> None:
    mine, said = seat
    mine.format = Format.JSON
    watch(
        mine,
        lambda: mine.show_list(vm_records(mine.cluster), ("name",)),
        as_time_goes(lambda: world.add_vm("a", "hv1"), nothing),
    )
    assert [[vm["name"] for vm in json.loads(line)] for line in said] == [[], ["a"]]


def test_a_terminal_is_cleared_before_each_picture(seat: tuple[Seat, list[str]]) -> None:
    mine, said = seat
    mine.fits_terminal = True
    watch(mine, lambda: mine.say("picture"), as_time_goes())
    assert said == [f"{CLEAR}picture"]


def test_zookeeper_away_is_told_and_waited_for(
    world: World, seat: tuple[Seat, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    mine, said = seat

    def change_and_go_away() -> None:
        world.add_vm("web1", "hv1")
        world.store.lose_connection()

    happens = as_time_goes(change_and_go_away, nothing, world.store.regain_connection, nothing, nothing)
    watch(mine, lambda: mine.say(f"{len(mine.cluster.vms)} VMs"), happens)
    assert said == ["0 VMs", "1 VMs"]
    assert "ZooKeeper is away" in capsys.readouterr().err


def test_documents_of_many_lines_and_who_cannot_wait_are_refused(
    pvc: Pvc, world: World, seat: tuple[Seat, list[str]]
) -> None:
    mine, _ = seat
    mine.format = Format.JSON_PRETTY
    with pytest.raises(Refused, match="--format json"):
        watch(mine, nothing, as_time_goes())
    for line in ("vm list", "node list", "task list", "status", "storage volume list", "storage osd list"):
        said = pvc(f"{line} --watch")
        assert (said.code, said.err) == (1, "pvc: --watch is for who can wait\n")
