"""A leftover is removed as soon as Ceph lets it be, and only a leftover."""

from __future__ import annotations

from typing import Any

import pytest

from nodedaemon.storage_leftovers import GIVE_UP_S, LOOK_EVERY_S, Leftovers
from nodedaemon.task_runner import Work
from pvccore.ceph.commands import Tell
from pvccore.model.cluster import Cluster
from pvccore.model.errors import NotFound, PvcError, Refused, Unavailable
from pvccore.model.struct import replace
from pvccore.model.task import Task
from pvccore.plan.leftovers import DISCARD
from tests.plan.test_leftovers import KEY, PATH, UPLOAD, having

WATCHED = Refused("rbd rm: image still has watchers")


class PlayedRbd:
    """Removes an image when what stands in its way is over."""

    def __init__(self, *errors: PvcError) -> None:
        self._errors = list(errors)
        self.removed: list[str] = []

    def rbd_followed(self, *words: str, tell: Tell) -> None:
        assert words[0] == "rm"
        assert tell(0.5, "")
        if self._errors:
            raise self._errors.pop(0)
        self.removed.append(words[1])


class Removal:
    """One task that removes a leftover."""

    def __init__(self, *errors: PvcError, known: Cluster | None = None) -> None:
        self.rbd = PlayedRbd(*errors)
        self.waited_s = 0.0
        commands: Any = self.rbd
        cluster = known or having(UPLOAD)
        task = Task(key="2", verb=DISCARD, arguments={"volume": PATH, "task": KEY})
        self.work = Work(task, lambda: None)
        self._leftovers = Leftovers(commands=commands, cluster=lambda: cluster, pause=self._pause)

    def _pause(self, seconds: float) -> None:
        self.waited_s += seconds

    def run(self) -> str:
        return self._leftovers.discard(self.work)


def test_it_is_removed() -> None:
    removal = Removal()
    assert removal.run() == f"{PATH} is removed"
    assert removal.rbd.removed == [PATH]


def test_one_that_is_gone_is_no_failure() -> None:
    assert Removal(NotFound("rbd", "no such image")).run() == f"{PATH} is gone already"


def test_one_that_is_open_is_tried_again_and_so_is_a_storage_that_is_away() -> None:
    removal = Removal(WATCHED, Unavailable("rbd did not move"), WATCHED)
    assert removal.run() == f"{PATH} is removed"
    assert removal.waited_s == 3 * LOOK_EVERY_S
    assert removal.work.text == f"tries again: {WATCHED}"


def test_one_that_stays_open_is_given_up() -> None:
    removal = Removal(*[WATCHED] * 100)
    with pytest.raises(Refused, match="watchers"):
        removal.run()
    assert removal.waited_s == GIVE_UP_S


def test_it_can_be_cancelled_while_it_waits() -> None:
    removal = Removal(WATCHED)
    tell = removal.work.tell
    removal.work.tell = lambda progress, text="": tell(progress, text) and not text  # type: ignore[method-assign]
    with pytest.raises(Refused, match="watchers"):
        removal.run()


def test_what_is_no_leftover_is_never_touched() -> None:
    removal = Removal(known=having(replace(UPLOAD, arguments={"volume": "vms/mine"})))
    with pytest.raises(Refused, match="nothing that an ended task left"):
        removal.run()
    assert removal.rbd.removed == []
