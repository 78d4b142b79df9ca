"""A night before the console: the real program in tmux, on a real ZooKeeper, read back after every step."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.zookeeper import ZooKeeperServer
from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.fence import FenceAgent, FenceAgentKind, FencePhase
from pvccore.model.node import ReadinessState, WantedReadiness
from pvccore.model.record import Record
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.zookeeper import ZooKeeperStore
from tests.pvctui.canned import cluster_of, node, uuid, vm
from tests.pvctui.stored import StoredCluster
from tests.pvctui.tmux import Tmux, tmux_with

pytestmark = [pytest.mark.pty, pytest.mark.tmux, pytest.mark.zookeeper]
SESSION_S = 40.0
IPMI = FenceAgent(kind=FenceAgentKind.IPMI, address="10.1.0.13:623")


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The console in its terminal, started in a folder; the cluster, whose daemons the test plays."""

    tmux: Tmux
    stored: StoredCluster
    folder: Path

    def until_stored(self, true: Callable[[Cluster], bool]) -> Cluster:
        """Wait until this holds in ZooKeeper."""
        self.tmux.until(lambda: true(self.stored.now()))
        return self.stored.now()

    def write(self, kind: Kind, key: str, before: Record, **fields: object) -> None:
        """What a daemon would write."""
        after = replace(before, **fields)  # type: ignore[arg-type] # the fields of the record's own kind
        self.stored.session.commit(Change(writes=(Write(kind=kind, key=key, before=before, after=after),), quiet=True))

    def fence(self, phase: FencePhase, **fields: object) -> None:
        """The manager comes to a step of the fence of hv3."""
        at = {"phase_since": time.time(), "since": time.time()}
        self.write(Kind.FENCE, "hv3", self.stored.now().nodes["hv3"].fence, phase=phase, **at, **fields)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    cluster = cluster_of(
        [node("hv1"), node("hv2"), node("hv3")],
        [vm(1, "web1", "hv1"), vm(2, "web2", "hv1"), vm(3, "db1", "hv2"), vm(4, "mail1", "hv3")],
    )
    with ZooKeeperServer(tmp_path / "zookeeper") as server:
        address = ZooKeeperAddress.parse(f"{server.hosts}/story")
        store = ZooKeeperStore(address, clock=time.monotonic, session_s=SESSION_S)
        store.connect(SESSION_S)
        stored = StoredCluster(cluster, other=store, schema=address.schema)
        program = [sys.executable, "-m", "pvctui", "--default-looks", "-c", address.where]
        with tmux_with(program, folder=tmp_path, environment={"SUDO_USER": "anna"}) as tmux:
            yield Night(tmux=tmux, stored=stored, folder=tmp_path)
        store.close()


def test_a_night_of_maintenance_a_limit_a_flush_a_fence_and_a_list(night: Night) -> None:
    night.tmux.shows("● live", "nodes 3/3", "VMs 4/4")
    maintenance_by_key(night)
    limit_by_form(night)
    flush_with_progress(night)
    fence_watched(night)
    list_to_a_file(night)
    night.tmux.press("q")
    night.tmux.until(night.tmux.ended)
    assert [entry.what for entry in night.stored.now().journal if entry.who.startswith("anna@")] == [
        "maintenance on",
        "maintenance off",
        "meta db1: node limit none → hv1,hv2",
        "flush hv1",
    ]


def maintenance_by_key(night: Night) -> None:
    night.tmux.press("M")
    night.tmux.shows("Turn maintenance on")
    night.tmux.type("switch upgrade")
    night.tmux.press("Tab", "Tab", "Enter")
    found = night.until_stored(lambda cluster: cluster.maintenance.on)
    assert found.maintenance.reason == "switch upgrade"
    assert found.maintenance.by.startswith("anna@")
    night.tmux.shows("MAINTENANCE since")
    night.tmux.press("M")
    night.tmux.shows("Turn maintenance off")
    night.tmux.press("Tab", "Tab", "Enter")
    night.until_stored(lambda cluster: not cluster.maintenance.on)
    night.tmux.until(lambda: "MAINTENANCE" not in night.tmux.text())


def limit_by_form(night: Night) -> None:
    night.tmux.press("3")
    night.tmux.shows("STATUS", "web1")
    night.tmux.press("e")
    night.tmux.shows("db1 · metadata")
    night.tmux.press("Space", "Right", "Space")
    night.tmux.shows("node limit any → hv1,hv2")
    night.tmux.press("BTab", "Enter")  # from the first field round to the last button
    night.until_stored(lambda cluster: cluster.vms[uuid(3)].definition.node_limit == ("hv1", "hv2"))
    night.tmux.until(lambda: "db1 · metadata" not in night.tmux.text())


def flush_with_progress(night: Night) -> None:
    night.tmux.press("2")
    night.tmux.shows("READINESS", "hv1")
    night.tmux.press("F")
    night.tmux.shows("Flush", "web2 → ")
    night.tmux.type("new fan")
    night.tmux.press("Tab", "Tab", "Enter")
    found = night.until_stored(lambda cluster: cluster.nodes["hv1"].readiness.wanted is WantedReadiness.FLUSHED)
    assert found.nodes["hv1"].readiness.reason == "new fan"
    asked = found.nodes["hv1"].readiness
    night.write(Kind.READINESS, "hv1", asked, state=ReadinessState.FLUSHING, waits_for=("web2: migrating to hv2",))
    night.tmux.shows("flushing", "web2: migrating to hv2")
    for number in (1, 2):
        night.write(Kind.PLACEMENT, uuid(number), night.stored.now().vms[uuid(number)].placement, node="hv2")
    flushing = night.stored.now().nodes["hv1"].readiness
    night.write(Kind.READINESS, "hv1", flushing, state=ReadinessState.FLUSHED, waits_for=())
    night.tmux.until(lambda: "flushed" in night.tmux.text() and "migrating to hv2" not in night.tmux.text())


def fence_watched(night: Night) -> None:
    boot = night.stored.now().nodes["hv3"].presence.boot_id
    night.fence(FencePhase.OFF_SENT, round=1, boot_id=boot)
    night.tmux.shows("FENCING hv3", "power off sent", "1 VM waits")
    night.fence(FencePhase.RECOVERING, recovering=(uuid(4),))
    night.tmux.shows("FENCING hv3", "its VMs are being placed again")
    night.write(Kind.PLACEMENT, uuid(4), night.stored.now().vms[uuid(4)].placement, node="hv2", state=VmState.RUNNING)
    night.fence(FencePhase.RECOVERED)
    night.tmux.shows("FENCED hv3", "recovered")
    night.fence(FencePhase.NONE)
    night.tmux.until(lambda: "FENCED" not in night.tmux.text())


def list_to_a_file(night: Night) -> None:
    night.tmux.press("3")
    night.tmux.shows("STATUS", "mail1")
    night.tmux.press("/")
    night.tmux.shows("words  a|b")
    night.tmux.type("name:web|db")
    night.tmux.until(lambda: "mail1" not in night.tmux.text())
    night.tmux.press("Enter")
    night.tmux.press("s")
    night.tmux.shows("NAME ↓")
    night.tmux.press("o")
    night.tmux.shows("Export: VMs", "3 rows as filtered and sorted now")
    night.tmux.press("BTab", "Enter")
    night.tmux.until(lambda: "Export: VMs" not in night.tmux.text())
    (path,) = night.folder.glob("*-vm-*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["web2", "web1", "db1"]
