"""`pvcnoded` as a program, with a real ZooKeeper and libvirt's test driver."""

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.zookeeper import ZooKeeperServer
from pvccore.model.cluster import Cluster
from pvccore.model.node import GoodbyeReason
from pvccore.operations.cluster import init
from pvccore.operations.reading import load_cluster
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.session import Session
from pvccore.state.zookeeper import ZooKeeperStore

pytest.importorskip("libvirt")
pytestmark = pytest.mark.zookeeper

LIMIT_S = 40.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    with ZooKeeperServer(tmp_path_factory.mktemp("zookeeper")) as started:
        yield started


@dataclass
class Site:
    """A chroot of its own in ZooKeeper, and the daemons that a test starts."""

    folder: Path
    address: ZooKeeperAddress
    store: ZooKeeperStore
    daemons: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *, machine: str = "machine-1", lock: str = "lock") -> subprocess.Popen[str]:
        """A daemon of node hv1."""
        (self.folder / "machine").write_text(machine)
        (self.folder / "boot").write_text("boot-1")
        config = self.folder / "pvcnoded.toml"
        config.write_text(
            f'node = "hv1"\nzookeeper = ["{self.address.hosts}"]\nchroot = "{self.address.chroot}"\n'
            f'libvirt_uri = "test:///default"\nmachine_id_file = "{self.folder}/machine"\n'
            f'boot_id_file = "{self.folder}/boot"\nlock_file = "{self.folder}/{lock}"\n'
        )
        argv = [sys.executable, "-m", "nodedaemon", "--config", str(config)]
        daemon = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        self.daemons.append(daemon)
        return daemon

    def init(self) -> None:
        init(Session(self.store, self.address.schema, who="tester@here", wall_clock=time.time))

    def look(self) -> Cluster:
        return load_cluster(self.store, self.address.schema)

    def wait_until(self, question: Callable[[], bool], what: str) -> None:
        end_s = time.monotonic() + LIMIT_S
        while not question():
            assert time.monotonic() < end_s, f"not in time: {what}"
            time.sleep(0.05)

    def wait_until_alive(self) -> None:
        self.wait_until(lambda: (node := self.look().nodes.get("hv1")) is not None and node.is_alive, "hv1 is alive")


@pytest.fixture
def site(server: ZooKeeperServer, tmp_path: Path) -> Iterator[Site]:
    address = ZooKeeperAddress.parse(f"{server.hosts}/pvc-{uuid.uuid4().hex[:8]}")
    store = ZooKeeperStore(address, clock=time.monotonic)
    store.connect()
    site = Site(tmp_path, address, store)
    yield site
    for daemon in site.daemons:
        daemon.kill()
        daemon.communicate()
    store.close()


def test_a_daemon_waits_for_its_cluster_lives_in_it_and_says_goodbye(site: Site) -> None:
    daemon = site.start()
    assert daemon.stderr is not None
    assert "no cluster at" in daemon.stderr.readline()
    site.init()
    site.wait_until_alive()
    site.wait_until(lambda: site.look().node("hv1").report.memory_total_mb > 0, "hv1 has reported")
    site.wait_until(lambda: site.look().manager == "hv1", "its manager leads")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(LIMIT_S) == 0
    node = site.look().node("hv1")
    assert not node.is_alive
    assert node.presence.goodbye is not None
    assert node.presence.goodbye.reason is GoodbyeReason.DAEMON_STOP
    assert site.look().leases == ()


def test_what_the_cluster_does_not_know_is_reported_and_never_touched(site: Site) -> None:
    """libvirt's test driver comes with a running domain of its own."""
    site.init()
    daemon = site.start()
    site.wait_until_alive()
    site.wait_until(lambda: len(site.look().node("hv1").report.unknown_domains) == 1, "the stranger is reported")
    daemon.send_signal(signal.SIGUSR1)
    assert daemon.wait(LIMIT_S) == 0, "a stranger does not hold up the end of the host"
    goodbye = site.look().node("hv1").presence.goodbye
    assert goodbye is not None
    assert goodbye.reason is GoodbyeReason.HOST_STOP


def test_a_second_daemon_of_the_host_is_refused(site: Site) -> None:
    site.init()
    site.start()
    site.wait_until_alive()
    second = site.start()
    _, said = second.communicate(timeout=LIMIT_S)
    assert second.returncode == 1
    assert "another pvcnoded runs on this host" in said


def test_another_machine_under_the_nodes_name_is_refused(site: Site) -> None:
    site.init()
    site.start()
    site.wait_until_alive()
    impostor = site.start(machine="machine-2", lock="another-lock")
    _, said = impostor.communicate(timeout=LIMIT_S)
    assert impostor.returncode == 1
    assert "pvcnoded: node hv1 is machine machine-1, this is machine machine-2" in said
    assert site.look().node("hv1").is_alive
