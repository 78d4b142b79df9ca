import math
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from nodedaemon.daemon import HANGING_AFTER_S, Daemon, Surroundings
from nodedaemon.hypervisor import HostUse
from nodedaemon.identity import Identity
from nodedaemon.loop import Clock, SystemClock
from pvccore.model.change import Change, Kind, Write
from pvccore.model.errors import Refused
from pvccore.model.node import GoodbyeReason, NodeConfig
from pvccore.model.vm import Claim, Definition, Placement, VmState, Wanted
from pvccore.operations.reading import load_cluster
from pvccore.plan.domains import Domain, DomainState
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session, create_tree
from tests.nodedaemon.clocks import HandClock

LIMIT_S = 20.0
WEB1 = "11111111-1111-1111-1111-111111111111"
SCHEMA = Schema("/pvc")


class FakeHypervisor:
    """Domains that do at once what they are told."""

    def __init__(self, *uuids: str) -> None:
        self.domains = {uuid: Domain(uuid=uuid, state=DomainState.RUNNING) for uuid in uuids}
        self.error = ""
        self.pressed: list[str] = []
        self._wakes: list[Callable[[], None]] = []

    def observed_domains(self) -> Mapping[str, Domain] | None:
        return None if self.error else dict(self.domains)

    def observed_at_s(self) -> float:
        return math.inf  # always as it is now

    def observed_use(self) -> HostUse | None:
        return None

    def observed_error(self) -> str:
        return self.error

    def take_shut_down_inside(self) -> frozenset[str]:
        return frozenset()

    def on_change(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    def shut_down(self, uuid: str) -> None:
        self.pressed.append(uuid)
        del self.domains[uuid]
        for wake in self._wakes:
            wake()

    def start_paused(self, xml: str) -> None:
        raise NotImplementedError(xml)

    def resume(self, uuid: str) -> None:
        raise NotImplementedError(uuid)

    def destroy(self, uuid: str) -> None:
        raise NotImplementedError(uuid)

    def resize_disk(self, uuid: str, volume: str, size_bytes: int) -> None:
        raise NotImplementedError(uuid)

    def migrate(self, uuid: str, address: str, max_downtime_ms: int, limit_s: float) -> None:
        raise NotImplementedError(uuid)


class Cluster:
    """A tree in memory, in which hv1 may run web1, and its daemon."""

    def __init__(self, hypervisor: FakeHypervisor, clock: Clock) -> None:
        self.tree = MemoryTree(clock.monotonic)
        self.session = Session(self.tree.connect(), SCHEMA, who="tester", wall_clock=clock.wall)
        create_tree(self.session)
        self.daemon = self.new_daemon(hypervisor, clock)

    def new_daemon(self, hypervisor: FakeHypervisor, clock: Clock, machine: str = "machine-1") -> Daemon:
        config = NodeConfig(machine_id=machine)
        identity = Identity(node="hv1", boot_id="boot-1", daemon_id=f"daemon-of-{machine}", config=config)
        around = Surroundings(hypervisor=hypervisor, logins={})
        return Daemon(identity, self.tree.connect(), SCHEMA, clock, around)

    def place_web1(self) -> None:
        definition = Definition(name="web1", memory_mb=1024, vcpus=1)
        placement = Placement(
            wanted=Wanted.RUNNING, state=VmState.RUNNING, node="hv1", claim=Claim(boot_id="boot-1", run_id="r1")
        )
        writes = (
            Write(kind=Kind.DEFINITION, key=WEB1, before=None, after=definition),
            Write(kind=Kind.PLACEMENT, key=WEB1, before=None, after=placement),
        )
        self.session.commit(Change(writes=writes, what="web1 made"))

    def wait_until(self, question: Callable[[], object]) -> None:
        end_s = time.monotonic() + LIMIT_S
        while not question():
            assert time.monotonic() < end_s
            time.sleep(0.01)

    def start(self) -> None:
        self.daemon.start()
        self.wait_until(lambda: self.daemon.agent.view.alive)
        self.place_web1()
        self.wait_until(lambda: WEB1 in self.daemon.agent.view.vms)

    def goodbye(self) -> GoodbyeReason | None:
        goodbye = load_cluster(self.session.store, SCHEMA).node("hv1").presence.goodbye
        return goodbye.reason if goodbye else None


@pytest.fixture
def hypervisor() -> FakeHypervisor:
    return FakeHypervisor(WEB1, "22222222-2222-2222-2222-222222222222")


@pytest.fixture
def cluster(hypervisor: FakeHypervisor) -> Iterator[Cluster]:
    made = Cluster(hypervisor, SystemClock())
    yield made
    made.daemon.leave(GoodbyeReason.DAEMON_STOP)


def test_a_daemon_that_ends_leaves_its_vms_as_they_are(cluster: Cluster, hypervisor: FakeHypervisor) -> None:
    cluster.start()
    assert cluster.daemon.leave(GoodbyeReason.DAEMON_STOP)
    assert cluster.goodbye() is GoodbyeReason.DAEMON_STOP
    assert WEB1 in hypervisor.domains


def test_a_host_that_stops_shuts_its_own_vms_down_and_no_others(cluster: Cluster, hypervisor: FakeHypervisor) -> None:
    cluster.start()
    assert not cluster.daemon.is_empty
    cluster.daemon.host_is_stopping()
    cluster.wait_until(lambda: cluster.daemon.is_empty)
    assert hypervisor.pressed == [WEB1]
    placement = load_cluster(cluster.session.store, SCHEMA).vm("web1").placement
    assert (placement.wanted, placement.state) == (Wanted.RUNNING, VmState.STOPPED)


def test_a_host_that_stops_without_zookeeper_still_shuts_its_vms_down(
    cluster: Cluster, hypervisor: FakeHypervisor
) -> None:
    cluster.start()
    cluster.tree.go_down()
    cluster.daemon.host_is_stopping()
    cluster.daemon.press_power_buttons()
    cluster.wait_until(lambda: cluster.daemon.is_empty)
    cluster.daemon.press_power_buttons()
    assert hypervisor.pressed == [WEB1]
    cluster.tree.come_up()


def test_without_zookeeper_a_running_daemon_stops_nothing(cluster: Cluster, hypervisor: FakeHypervisor) -> None:
    cluster.start()
    cluster.tree.go_down()
    cluster.daemon.wake_all()
    assert cluster.daemon.pet()
    assert "VMs keep running" in cluster.daemon.status
    cluster.tree.come_up()
    cluster.wait_until(lambda: "VMs here" in cluster.daemon.status)
    assert hypervisor.pressed == []


def test_a_hypervisor_that_falls_ill_is_said_in_status_and_report(cluster: Cluster, hypervisor: FakeHypervisor) -> None:
    cluster.start()
    hypervisor.error = "libvirt has not answered since 12:00:00 UTC"
    cluster.daemon.pet()
    assert hypervisor.error in cluster.daemon.status
    cluster.wait_until(
        lambda: load_cluster(cluster.session.store, SCHEMA).node("hv1").report.hypervisor_error == hypervisor.error
    )


def test_another_machine_is_refused(cluster: Cluster, hypervisor: FakeHypervisor) -> None:
    cluster.start()
    impostor = cluster.new_daemon(hypervisor, SystemClock(), machine="machine-2")
    with pytest.raises(Refused, match="node hv1 is machine machine-1, this is machine machine-2"):
        impostor.start()


def test_a_loop_that_does_not_turn_is_noticed() -> None:
    clock = HandClock()
    daemon = Cluster(FakeHypervisor(), clock).daemon
    assert daemon.pet()
    clock.now_s += HANGING_AFTER_S + 1
    assert not daemon.pet(), "nobody has started its loops, so none has stepped"
