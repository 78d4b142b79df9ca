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


class WatchedCommands(SimulatedCommands):
    """Notes what is done to the machine; fails where the test says so."""

    def watch(self, fails_at: str = "") -> list[str]:
        self.said: list[str] = []
        self.fails_at = fails_at
        return self.said

    def ceph_volume(self, *words: str) -> str:
        self._note(" ".join(words))
        return super().ceph_volume(*words)

    def service_started(self, unit: str) -> None:
        self._note(f"start {unit}")

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


def test_a_device_is_prepared_activated_and_its_service_started(commands: WatchedCommands) -> None:
    said = commands.watch()
    assert add_osd(commands, "/dev/sdx", "ssd") == 2
    assert said == [
        "raw prepare --bluestore --no-tmpfs --data /dev/sdx --crush-device-class ssd",
        "raw activate --no-systemd --no-tmpfs --device /dev/sdx",
        "start ceph-osd@2",
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


def test_an_osd_that_runs_is_not_forgotten(commands: WatchedCommands) -> None:
    with pytest.raises(PvcError, match="not `down`"):
        Osds(commands=commands).purge(0)


def test_a_silent_ceph_volume_is_in_doubt(commands: WatchedCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    commands.watch()
    monkeypatch.setattr(SimulatedCommands, "ceph_volume", lambda *_: "")
    with pytest.raises(Unavailable, match="which OSD it became can't be told"):
        add_osd(commands, "/dev/sdx")
