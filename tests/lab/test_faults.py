"""Daemons and ZooKeeper may die and come back at any moment: no VM stops of it, and what was begun is finished."""

import signal
import time

import pytest

from pvccore.model.fence import FencePhase
from pvccore.model.node import GoodbyeReason
from pvccore.model.settings import AfterFence
from pvccore.operations import cluster as cluster_verbs
from tests.lab.living import LivingCluster

pytestmark = pytest.mark.lab

RECOVERY_LIMIT_S = 90.0
BACK_IN_TIME_S = 30.0
"""What a slow machine needs to start a daemon must be in time, too."""
AWAY_S = 12.0
"""Three sessions: long enough for every session to be lost, were ZooKeeper there to count."""


@pytest.mark.parametrize("phase", [FencePhase.REQUESTED, FencePhase.POWERED_OFF])
def test_another_manager_finishes_a_fence_whose_manager_was_killed(living: LivingCluster, phase: FencePhase) -> None:
    """The manager is killed the moment that the phase is in the store; its own node keeps its power."""
    manager = living.manager()
    lost, third = (one.name for one in living.lab.hosts if one.name != manager)
    cluster_verbs.set_setting(living.operator, "after_fence", AfterFence.LEAVE_OFF.value)
    living.run_vm("web1", on=lost)
    living.lab.host(lost).power_cut()
    living.kill_daemon_at(manager, fence_of=lost, phase=phase)
    living.lab.host(manager).start_daemon()
    living.wait_until(
        lambda: living.runs("web1") and living.vm("web1").node != lost, within_s=RECOVERY_LIMIT_S, what="web1 runs"
    )
    living.wait_until(
        lambda: living.phase(lost) is FencePhase.RECOVERED, within_s=RECOVERY_LIMIT_S, what="the fence is finished"
    )
    assert any(one.who == f"manager@{third}" for one in living.journal), living.story
    assert living.lab.host(manager).is_on
    assert sum("web1" in one.domains() for one in living.lab.hosts if one.is_on) == 1


def test_no_vm_stops_while_zookeeper_is_away_and_nobody_is_fenced_when_it_is_back(living: LivingCluster) -> None:
    boots = {one.name: one.boot_id for one in living.lab.hosts}
    for name, node in (("web1", "hv1"), ("web2", "hv2")):
        living.start_vm(name, on=node)
    for name, node in (("web1", "hv1"), ("web2", "hv2")):
        living.wait_until_up(name, on=node)
    living.lab.zookeeper.stop()
    end_s = time.monotonic() + AWAY_S
    while time.monotonic() < end_s:
        assert living.lab.host("hv1").domains() == {"web1": "running"}
        assert living.lab.host("hv2").domains() == {"web2": "running"}
        time.sleep(1.0)
    living.lab.zookeeper.start()
    living.wait_until_settled()
    settings = living.look().settings
    end_s = time.monotonic() + settings.session_s + settings.settle_s + settings.fence_after_s + 5
    while time.monotonic() < end_s:
        assert all(node.fence.round == 0 for node in living.look().nodes.values()), living.story
        time.sleep(0.5)
    assert living.runs("web1", on="hv1")
    assert living.runs("web2", on="hv2")
    assert {one.name: one.boot_id for one in living.lab.hosts} == boots
    living.run_vm("web3", on="hv3")


def test_a_daemon_that_says_goodbye_is_not_fenced_and_its_vms_run_on(living: LivingCluster) -> None:
    living.run_vm("web1", on="hv1")
    host = living.lab.host("hv1")
    host.stop_daemon()
    cluster = living.look()
    assert cluster.node("hv1").is_unsupervised
    goodbye = cluster.node("hv1").presence.goodbye
    assert goodbye is not None
    assert goodbye.reason is GoodbyeReason.DAEMON_STOP
    run = cluster.vm("web1").placement.claim
    end_s = time.monotonic() + 15
    while time.monotonic() < end_s:
        assert living.look().node("hv1").fence.round == 0, living.story
        time.sleep(0.5)
    assert host.domains() == {"web1": "running"}
    host.start_daemon()
    living.wait_until(lambda: living.look().node("hv1").is_alive, within_s=30, what="the daemon of hv1 is back")
    living.wait_until_settled()
    assert living.vm("web1").placement.claim == run, "the same run was adopted"
    assert host.domains() == {"web1": "running"}


def test_a_killed_daemon_that_is_back_in_time_adopts_its_vms(living: LivingCluster) -> None:
    cluster_verbs.set_setting(living.operator, "fence_after_s", BACK_IN_TIME_S)
    living.run_vm("web1", on="hv1")
    host = living.lab.host("hv1")
    before = living.look()
    host.kill_daemon()
    host.start_daemon()
    daemon_id = before.node("hv1").presence.daemon_id
    living.wait_until(
        lambda: living.look().node("hv1").presence.daemon_id != daemon_id, within_s=30, what="another daemon of hv1"
    )
    living.wait_until_settled()
    after = living.look()
    assert after.node("hv1").fence.round == 0, living.story
    assert after.vm("web1").placement.claim == before.vm("web1").placement.claim, "the same run was adopted"
    assert host.domains() == {"web1": "running"}


def test_a_host_that_is_shut_down_shuts_its_vms_down_first(living: LivingCluster) -> None:
    living.run_vm("web1", on="hv1")
    host = living.lab.host("hv1")
    living.signal_daemon("hv1", signal.SIGUSR1)
    living.wait_until(lambda: not host.daemon_runs, within_s=60, what="the daemon has ended")
    goodbye = living.look().node("hv1").presence.goodbye
    assert goodbye is not None
    assert goodbye.reason is GoodbyeReason.HOST_STOP
    assert host.domains() == {}
    assert "power button" in host.serial("web1"), "the guest was asked, not cut"
    host.power_cut()
    living.wait_until(
        lambda: living.runs("web1") and living.vm("web1").node != "hv1", within_s=RECOVERY_LIMIT_S, what="web1 runs"
    )
