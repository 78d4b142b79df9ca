"""An OSD is drained when Ceph says both that its copies exist elsewhere and that nothing is served from it any more."""

from __future__ import annotations

from typing import Any, cast

import pytest

from nodedaemon.storage_tasks import StorageTasks
from nodedaemon.task_runner import Work
from pvccore.ceph.commands import Commands
from pvccore.model.errors import Refused


class Draining:
    """A Ceph whose figures lag behind: it calls the OSD safe to destroy while it still serves from it."""

    def __init__(self, *, serves_for_looks: int) -> None:
        self.serves_for_looks = serves_for_looks
        self.waits = 0

    def ceph(self, *words: str) -> Any:
        if words[:2] == ("osd", "safe-to-destroy"):
            return {"safe_to_destroy": [2]}
        if words[:2] == ("osd", "ok-to-stop") and self.waits < self.serves_for_looks:
            raise Refused("1 PGs would become offline")
        return {"nodes": [{"id": 2, "pgs": self.serves_for_looks - self.waits}]}

    def wait(self, _seconds: float) -> None:
        self.waits += 1


class Told:
    """Notes how far it is told to be; stops after so many times."""

    def __init__(self, *, stops_after: int = 100) -> None:
        self.left = stops_after
        self.shares: list[float] = []

    def tell(self, share: float, _words: str) -> bool:
        self.shares.append(share)
        self.left -= 1
        return self.left > 0


def drain(ceph: Draining, told: Told) -> None:
    tasks = StorageTasks(
        commands=cast("Commands", ceph),
        cluster=cast("Any", None),
        guests=cast("Any", None),
        own_address="",
        pause=ceph.wait,
    )
    tasks._drain(cast("Work", told), 2)


def test_it_waits_until_nothing_is_served_from_it() -> None:
    ceph, told = Draining(serves_for_looks=3), Told()
    drain(ceph, told)
    assert ceph.waits == 3
    assert told.shares == [0.0, pytest.approx(1 / 3), pytest.approx(2 / 3)]


def test_it_can_be_called_off_meanwhile() -> None:
    with pytest.raises(Refused, match="cancelled"):
        drain(Draining(serves_for_looks=100), Told(stops_after=2))
