"""What a daemon asks Ceph itself before it destroys anything: nothing is begun that would stop half-way."""

from __future__ import annotations

from typing import Any

import pytest

from nodedaemon.storage_tasks import StorageTasks
from nodedaemon.task_runner import Work
from pvccore.model.errors import NotFound, Refused
from pvccore.model.storage import Storage, StorageStatus, Volume
from pvccore.model.struct import replace
from pvccore.model.task import Task
from simulation.ceph_commands import SimulatedCommands
from simulation.ceph_state import GB, Image, Osd, Pool, SimulatedStorage, Snap
from simulation.clock import VirtualClock
from simulation.storage import Client, SimulatedCeph
from simulation.storage_duties import ToldGuests
from tests.plan.asked import cluster, node


class Stand:
    """One node's daemon before a simulated Ceph with a volume that has two snapshots, of which one is protected."""

    def __init__(self) -> None:
        self.ceph = SimulatedCeph(clock=VirtualClock())
        self.storage = SimulatedStorage(ceph=self.ceph, is_powered=lambda _node: True, monitor_nodes=("hv1",))
        snaps = [Snap(name="monday", size_bytes=GB), Snap(name="gold", size_bytes=GB, is_protected=True)]
        self.images = {"base": Image(size_bytes=GB, snaps=snaps), "plain": Image(size_bytes=GB)}
        self.storage.pools = {"vms": Pool(name="vms", images=self.images), "fast": Pool(name="fast")}
        self.commands: Any = SimulatedCommands(storage=self.storage, node="hv1")
        seen = {name: Volume(name=name, size_bytes=GB) for name in self.images}
        self.cluster = replace(
            cluster(node("hv1")), storage=Storage(status=StorageStatus(at=1.0), volumes={"vms": seen})
        )

    def clone(self, pool: str) -> None:
        """A clone that the reporter has not seen yet."""
        self.storage.pools[pool].images["child"] = Image(size_bytes=GB, parent="vms/base@gold")

    def do(self, verb: str, at: str = "", **given: str) -> str:
        tasks = StorageTasks(
            commands=self.commands,
            cluster=lambda: self.cluster,
            guests=ToldGuests(),
            own_address="",
            pause=self.commands.pause,
        )
        return tasks.verbs[f"storage {verb}"](Work(Task(key="1", verb=verb, arguments=given, runs_on=at), lambda: None))


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_a_volume_with_a_clone_keeps_every_snapshot(stand: Stand) -> None:
    stand.clone("fast")
    with pytest.raises(Refused, match="vms/base has clones: fast/child"):
        stand.do("volume remove", volume="vms/base", force="yes")
    assert [snap.name for snap in stand.images["base"].snaps] == ["monday", "gold"]


def test_a_volume_without_one_goes_with_its_snapshots(stand: Stand) -> None:
    assert stand.do("volume remove", volume="vms/base", force="yes") == "volume vms/base is removed"
    assert "base" not in stand.images


def test_a_snapshot_on_which_a_clone_hangs_is_kept_though_nobody_has_seen_that_yet(stand: Stand) -> None:
    stand.clone("vms")
    with pytest.raises(Refused, match="vms/child hang on it"):
        stand.do("volume snapshot remove", volume="vms/base", name="gold")
    assert stand.do("volume snapshot remove", volume="vms/base", name="monday")


def test_a_volume_that_somebody_has_open_is_not_removed(stand: Stand) -> None:
    stand.ceph.open("vms/plain", Client(address="192.0.2.9", name="x"))
    with pytest.raises(Refused, match=r"open at 192\.0\.2\.9"):
        stand.do("volume remove", volume="vms/plain")


def test_what_is_left_of_a_removal_that_broke_off_can_be_removed(stand: Stand) -> None:
    json, plain = stand.commands.rbd, stand.commands.rbd_plain
    removed = []

    class Broken(SimulatedCommands):
        def rbd(self, *words: str, limit_s: float = 0.0) -> Any:
            if words[-1] == "vms/plain":
                raise NotFound("rbd", "error opening image plain: (2) No such file or directory")
            return json(*words)

        def rbd_plain(self, *words: str) -> str:
            removed.append(words)
            return str(plain(*words))

    stand.commands = Broken(storage=stand.storage, node="hv1")
    assert stand.do("volume remove", volume="vms/plain") == "volume vms/plain is removed"
    assert removed == [("rm", "vms/plain")]


def test_a_pool_says_what_would_go_with_it(stand: Stand) -> None:
    asked = stand.commands.rbd

    class Trashed(SimulatedCommands):
        def rbd(self, *words: str, limit_s: float = 0.0) -> Any:
            found = {"trash ls": [{"id": "1"}, {"id": "2"}], "namespace ls": [{"name": "n"}]}
            return found.get(" ".join(words[:2])) or asked(*words)

    stand.commands = Trashed(storage=stand.storage, node="hv1")
    with pytest.raises(Refused, match="pool fast has 2 volumes in its trash, 1 namespaces; --force"):
        stand.do("pool remove", pool="fast")
    assert stand.do("pool remove", pool="fast", force="yes")


def test_a_pool_is_kept_while_a_clone_elsewhere_hangs_on_it(stand: Stand) -> None:
    stand.clone("fast")
    with pytest.raises(Refused, match="fast/child hang"):
        stand.do("pool remove", pool="vms", force="yes")
    stand.storage.pools["fast"].images.clear()
    stand.clone("vms")
    assert stand.do("pool remove", pool="vms", force="yes") == "pool vms is removed"


@pytest.mark.parametrize("applications, words", [(("cephfs",), "for cephfs"), (("rbd",), "erasure-coded")])
def test_a_pool_that_is_not_for_volumes_gets_none(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, applications: tuple[str, ...], words: str
) -> None:
    from pvccore.ceph import pools

    pool = replace(
        pools.Pools(commands=stand.commands).load()["fast"],
        applications=applications,
        is_erasure_coded="rbd" in applications,
    )
    monkeypatch.setattr(pools.Pools, "load", lambda _self: {"fast": pool})
    with pytest.raises(Refused, match=f"pool fast is {words}, and not for volumes"):
        stand.do("volume add", volume="fast/new", size="1G")


class Ending(SimulatedCommands):
    """Notes which OSDs' services were taken away from this node; fails where there is none."""

    def watch(self, fails: str = "") -> list[int]:
        self.ended: list[int] = []
        self.told_to_stop: list[str] = []
        self.runs_elsewhere = False
        self.fails = fails
        return self.ended

    def ceph(self, *words: str) -> Any:
        if words[:2] == ("osd", "stop"):
            self.told_to_stop.append(words[2])
        return super().ceph(*words)

    def osd_halted(self, osd: int) -> None:
        if self.fails:
            raise Refused(self.fails)
        if not self.runs_elsewhere:
            super().osd_halted(osd)

    def osd_ended(self, osd: int) -> None:
        if self.fails:
            raise Refused(self.fails)
        self.ended.append(osd)


@pytest.fixture
def ending(stand: Stand) -> Ending:
    stand.storage.osds = {number: Osd(number=number, node=f"hv{number}") for number in (1, 2, 3)}
    stand.commands = Ending(storage=stand.storage, node="hv1")
    stand.commands.watch()
    return stand.commands  # type: ignore[no-any-return]


def test_an_osd_is_taken_away_whole_where_it_ran(stand: Stand, ending: Ending) -> None:
    done = stand.do("osd remove", at="hv1", osd="1", force="yes")
    assert done == "OSD 1 is forgotten; its device on hv1 still has its data"
    assert (ending.ended, sorted(stand.storage.osds)) == ([1], [2, 3])
    assert ending.told_to_stop == []  # Ceph would remember it of the number


def test_an_osd_that_another_service_runs_is_told_to_stop_by_ceph(stand: Stand, ending: Ending) -> None:
    ending.runs_elsewhere = True
    stand.do("osd remove", at="hv1", osd="1", force="yes")
    assert (ending.told_to_stop, sorted(stand.storage.osds)) == (["1"], [2, 3])


def test_an_osd_of_a_node_that_is_away_leaves_its_service_there_and_that_is_told(stand: Stand, ending: Ending) -> None:
    done = stand.do("osd remove", osd="2", force="yes")
    assert done == "OSD 2 is forgotten; its device on hv2 still has its data, and the node its service"
    assert (ending.ended, ending.told_to_stop) == ([], ["2"])


def test_a_service_that_could_not_be_taken_away_is_told(stand: Stand, ending: Ending) -> None:
    ending.watch(fails="systemctl disable: no such unit")
    done = stand.do("osd remove", at="hv1", osd="1", force="yes")
    assert done.endswith("; its service could not be taken away: systemctl disable: no such unit")
