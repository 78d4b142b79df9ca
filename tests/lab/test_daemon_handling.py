"""The lab starts, stops, hangs and kills a node daemon alone; a stand-in shows it."""

import pytest

from lab.cluster import Lab
from lab.host import Host
from lab.node_daemon import install_daemon

pytestmark = pytest.mark.lab

# It has children, as a daemon that fences has, and says good-bye.
STAND_IN = "trap 'echo good-bye; exit' TERM; while :; do echo at work; sleep 0.1 & wait $!; done"


@pytest.fixture
def hv1_with_daemon(lab: Lab, hv1: Host) -> Host:
    install_daemon(hv1, hosts=lab.hosts, zookeeper=lab.zookeeper, command=["bash", "-c", STAND_IN])
    hv1.start_daemon()
    lab.wait_until(lambda: "at work" in hv1.daemon_log.read_text(), within_s=10, what="the daemon is at work")
    return hv1


def test_a_stopped_daemon_says_good_bye_and_a_killed_one_does_not(lab: Lab, hv1_with_daemon: Host) -> None:
    hv1_with_daemon.kill_daemon()
    assert not hv1_with_daemon.daemon_runs
    assert "good-bye" not in hv1_with_daemon.daemon_log.read_text()
    hv1_with_daemon.daemon_log.write_text("")
    hv1_with_daemon.start_daemon()
    lab.wait_until(lambda: "at work" in hv1_with_daemon.daemon_log.read_text(), within_s=10, what="it is at work again")
    hv1_with_daemon.stop_daemon()
    assert not hv1_with_daemon.daemon_runs
    assert "good-bye" in hv1_with_daemon.daemon_log.read_text()


def test_a_hanging_daemon_does_nothing_until_it_is_resumed(lab: Lab, hv1_with_daemon: Host) -> None:
    hv1_with_daemon.hang_daemon()
    lab.wait_until(lambda: hv1_with_daemon.daemon_is_stopped, within_s=5, what="the daemon hangs")
    before = len(hv1_with_daemon.daemon_log.read_text())
    hv1_with_daemon.resume_daemon()
    lab.wait_until(lambda: len(hv1_with_daemon.daemon_log.read_text()) > before, within_s=30, what="it works again")


def test_the_daemon_comes_back_with_the_power(lab: Lab, hv1_with_daemon: Host) -> None:
    hv1_with_daemon.power_cut()
    hv1_with_daemon.power_on()
    lab.wait_until(lambda: hv1_with_daemon.daemon_runs, within_s=30, what="the daemon runs")
