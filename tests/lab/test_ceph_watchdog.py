"""A node that fences itself: where nobody reaches its BMC, its own watchdog has cut its power before its VMs start."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lab.bmc import BmcMode
from lab.ceph import Ceph
from lab.cluster import Lab
from pvccore.model.fence import FenceAgentKind, FencePhase
from pvccore.operations import cluster as cluster_verbs
from tests.lab.on_ceph import CephCluster

pytestmark = pytest.mark.lab

AFTER_S, TIMEOUT_S = 4, 5
FIRES_WITHIN_S = AFTER_S + TIMEOUT_S + 1 + 1.5
ARMED_LIMIT_S = 20.0
CONFIGURATION = f"""self_fence = "watchdog"
self_fence_after_s = {AFTER_S}
watchdog_device = "/run/watchdog"
watchdog_timeout_s = {TIMEOUT_S}
"""


@pytest.fixture
def on_ceph(lab: Lab, ceph: Ceph) -> Iterator[CephCluster]:
    for host in lab.hosts:
        host.install_watchdog(timeout_s=TIMEOUT_S)
    with CephCluster(lab, more=CONFIGURATION, agents=[FenceAgentKind.WATCHDOG]) as cluster:
        yield cluster


def wait_until_armed(on_ceph: CephCluster, *, armed: bool) -> None:
    on_ceph.wait_until(
        lambda: all(node.presence.watchdog_armed is armed for node in on_ceph.look().nodes.values()),
        within_s=ARMED_LIMIT_S,
        what=f"all say that their watchdogs are {'armed' if armed else 'disarmed'}",
    )


def test_a_node_without_zookeeper_and_bmc_is_off_by_its_own_watchdog_but_not_in_maintenance(
    on_ceph: CephCluster,
) -> None:
    lost = on_ceph.lab.host("hv3")
    boot = lost.boot_id
    on_ceph.set("after_maintenance_s", 0)
    wait_until_armed(on_ceph, armed=True)
    on_ceph.run_vms("web1", on="hv3")

    cluster_verbs.maintenance_on(on_ceph.operator, reason="new switches")
    wait_until_armed(on_ceph, armed=False)
    lost.partition()
    fired_at_s = time.monotonic() + FIRES_WITHIN_S
    on_ceph.wait_until(lambda: time.monotonic() >= fired_at_s, within_s=FIRES_WITHIN_S + 1, what="it would have fired")
    assert lost.boot_id == boot, "nothing loses its power in maintenance"
    lost.heal()
    on_ceph.wait_until_settled()
    cluster_verbs.maintenance_off(on_ceph.operator)
    wait_until_armed(on_ceph, armed=True)

    lost.bmc.become(BmcMode.DEAD)
    lost.partition()
    on_ceph.wait_for_phase("hv3", FencePhase.POWERED_OFF, FencePhase.RECOVERING, FencePhase.RECOVERED)
    assert not lost.is_on, "its silence was proof"
    assert "fence hv3: powered off: watchdog" in on_ceph.story
    on_ceph.wait_until_writes("web1", not_on="hv3")
    on_ceph.check_alone()


def test_a_daemon_that_says_goodbye_disarms_the_watchdog(on_ceph: CephCluster) -> None:
    wait_until_armed(on_ceph, armed=True)
    host = on_ceph.lab.host("hv3")
    boot = host.boot_id
    host.stop_daemon()
    assert not on_ceph.look().node("hv3").presence.watchdog_armed
    fired_at_s = time.monotonic() + TIMEOUT_S + 1
    on_ceph.wait_until(lambda: time.monotonic() >= fired_at_s, within_s=TIMEOUT_S + 2, what="it would have fired")
    assert host.boot_id == boot
