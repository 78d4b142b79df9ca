"""An OSD is made in steps, and what failed half-way says how far it came."""

from __future__ import annotations

from random import Random

import pytest

from pvccore.ceph.osds import Osds, add_osd
from pvccore.model.errors import PvcError, Refused, Unavailable
from simulation.ceph_commands import SimulatedCommands
from simulation.ceph_state import SimulatedStorage
from simulation.clock import VirtualClock
from simulation.storage import SimulatedCeph
from simulation.storage_duties import furnish
from tests.ceph.samples import sample


class WatchedCommands(SimulatedCommands):
    """Notes what is done to the machine; fails where the test says so."""

    def watch(self, fails_at: str = "") -> list[str]:
        self.said: list[str] = []
        self.fails_at = fails_at
        return self.said

    def ceph_volume(self, *words: str) -> str:
        self._note(" ".join(words))
        return super().ceph_volume(*words)

    def osd_started(self, osd: int, device: str) -> None:
        self._note(f"start {osd} of {device}")

    def _note(self, words: str) -> None:
        if self.fails_at and self.fails_at in words:
            raise Refused("no")
        self.said.append(words)


@pytest.fixture
def commands() -> WatchedCommands:
    clock = VirtualClock()
    storage = SimulatedStorage(ceph=SimulatedCeph(clock=clock), is_powered=lambda _node: True, monitor_nodes=("hv1",))
    furnish(storage, ["hv1"], [], Random(1))
    return WatchedCommands(storage=storage, node="hv1")


def test_a_device_is_prepared_and_its_service_started(commands: WatchedCommands) -> None:
    said = commands.watch()
    assert add_osd(commands, "/dev/sdx", "ssd") == 2
    assert said == [
        "raw prepare --bluestore --no-tmpfs --data /dev/sdx --crush-device-class ssd",
        "start 2 of /dev/sdx",
    ]


def test_an_osd_that_is_made_but_does_not_run_says_so(commands: WatchedCommands) -> None:
    commands.watch(fails_at="start")
    with pytest.raises(Refused, match="OSD 2 is made of /dev/sdx but does not run: no"):
        add_osd(commands, "/dev/sdx")


def test_a_device_that_can_not_be_prepared_makes_no_osd(commands: WatchedCommands) -> None:
    commands.watch(fails_at="prepare")
    with pytest.raises(Refused, match="no"):
        add_osd(commands, "/dev/sdx")
    assert Osds(commands=commands).ids() == {0, 1}


def test_what_is_not_safe_to_destroy_is_told_with_ceph_s_reason(commands: WatchedCommands) -> None:
    with pytest.raises(Refused, match=r"OSD 0 is not safe to destroy: .* pgs currently mapped"):
        Osds(commands=commands).check_safe_to_destroy(0)


@pytest.mark.parametrize(
    "said, words",
    [
        (sample("18", "safe_to_destroy_no"), "placement groups count on it"),
        ({"safe_to_destroy": [], "stored_pgs": [0]}, "it still stores placement groups"),
        ({"safe_to_destroy": [], "missing_stats": [0]}, "Ceph has no figures of it"),
        ({}, "Ceph does not say why"),
        (None, "Ceph does not say why"),
    ],
)
def test_what_ceph_lists_as_not_safe_is_told_in_words(
    commands: WatchedCommands, monkeypatch: pytest.MonkeyPatch, said: object, words: str
) -> None:
    monkeypatch.setattr(SimulatedCommands, "ceph", lambda *_: said)
    with pytest.raises(Refused, match=f"OSD 0 is not safe to destroy: {words}"):
        Osds(commands=commands).check_safe_to_destroy(0)


def test_what_ceph_lists_as_safe_may_be_destroyed(commands: WatchedCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedCommands, "ceph", lambda *_: sample("18", "safe_to_destroy"))
    Osds(commands=commands).check_safe_to_destroy(0)


def test_an_osd_that_runs_is_not_forgotten(commands: WatchedCommands) -> None:
    with pytest.raises(PvcError, match="not `down`"):
        Osds(commands=commands).purge(0)


def test_a_device_that_ceph_volume_leaves_alone_is_told_to_have_an_osd(
    commands: WatchedCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimulatedCommands, "ceph_volume", lambda *_: "")
    commands.watch()
    with pytest.raises(Refused, match="/dev/sdx has an OSD, or what is left of one; `ceph-volume lvm zap --destroy"):
        add_osd(commands, "/dev/sdx")


def test_two_osds_that_were_made_at_once_are_in_doubt(
    commands: WatchedCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = SimulatedCommands.ceph_volume

    def twice(caller: SimulatedCommands, *words: str) -> str:
        prepare(caller, *words)
        return prepare(caller, *words)

    monkeypatch.setattr(SimulatedCommands, "ceph_volume", twice)
    commands.watch()
    with pytest.raises(Unavailable, match="which OSD it became can't be told"):
        add_osd(commands, "/dev/sdx")
