"""A node that dies is fenced by its BMC, and its VMs run elsewhere; in maintenance nothing of that happens."""

import time
from collections.abc import Callable

import pytest

from lab.storage import SharedDisk
from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.operations import cluster as cluster_verbs
from tests.lab.living import LivingCluster

pytestmark = pytest.mark.lab

RECOVERY_LIMIT_S = 60.0
RETURN_LIMIT_S = 90.0
VMS = ("web1", "web2")

RecordProperty = Callable[[str, object], None]


def two_vms_on(living: LivingCluster, node: str) -> dict[str, SharedDisk]:
    """Two running VMs with disks of their own on one node."""
    disks = {name: living.lab.storage.make(name) for name in VMS}
    for name, disk in disks.items():
        living.start_vm(name, on=node, disk=disk)
    for name in disks:
        living.wait_until_up(name, on=node)
    return disks


def wait_for_recovery(living: LivingCluster, lost: str, since_s: float) -> list[float]:
    """Seconds after which each VM was running on another node than the lost one."""
    passed_s: dict[str, float] = {}

    def all_run() -> bool:
        cluster = living.look()
        for name in VMS:
            vm = cluster.vm(name)
            if name not in passed_s and vm.node != lost and living.runs(name):
                passed_s[name] = time.monotonic() - since_s
        return len(passed_s) == len(VMS)

    living.wait_until(all_run, within_s=RECOVERY_LIMIT_S, what=f"the VMs of {lost} run elsewhere")
    return sorted(passed_s.values())


def wait_until_guests_write(living: LivingCluster, disks: dict[str, SharedDisk], lost: str) -> None:
    """The new guests go on from what the old ones left on their disks, alone."""
    cluster = living.look()
    for name, disk in disks.items():
        host = living.lab.host(cluster.vm(name).node)
        assert host.name != lost
        assert host.domains()[name] == "running"
        count = disk.state.count
        living.wait_until(lambda: disk.state.count > count + 1, within_s=120, what=f"{name} writes")  # noqa: B023
        assert not disk.state.another_writer


@pytest.mark.parametrize("victim", ["manager", "other"])
def test_vms_of_a_node_without_power_run_elsewhere_once_ipmi_confirms(
    living: LivingCluster, victim: str, record_property: RecordProperty
) -> None:
    manager = living.manager()
    lost = manager if victim == "manager" else next(one.name for one in living.lab.hosts if one.name != manager)
    disks = two_vms_on(living, lost)
    cut_at_s = time.monotonic()
    living.lab.host(lost).power_cut()
    first_s, last_s = wait_for_recovery(living, lost, cut_at_s)
    record_property("figure", f"power cut → first VM after {first_s:.1f} s, last of {len(VMS)} after {last_s:.1f} s")
    wait_until_guests_write(living, disks, lost)
    story = living.story
    told = [
        f"fence {lost}: requested",
        f"fence {lost}: powered off: ipmi",
        f"fence {lost}: recovering: 2 VMs to place",
        "web1 placed on",
        "web1 running on",
        f"fence {lost}: recovered",
    ]
    living.wait_until(lambda: told[-1] in living.story, within_s=RECOVERY_LIMIT_S, what="the fence is recovered")
    story = living.story
    places = [story.rfind(words) for words in told]
    assert -1 not in places, story
    assert places == sorted(places), story


def test_a_fenced_node_is_powered_on_again_and_waits_flushed(living: LivingCluster) -> None:
    disks = two_vms_on(living, "hv3")
    living.lab.host("hv3").kill_daemon()
    wait_for_recovery(living, "hv3", time.monotonic())
    assert any(one.what == "fence hv3: power off sent" for one in living.journal), living.story
    wait_until_guests_write(living, disks, "hv3")

    def is_back(cluster: Cluster) -> bool:
        node = cluster.node("hv3")
        return node.is_alive and node.fence.phase is FencePhase.NONE and not node.is_ready

    living.wait_until(lambda: is_back(living.look()), within_s=RETURN_LIMIT_S, what="hv3 is back")
    assert living.lab.host("hv3").domains() == {}


def test_nothing_is_powered_off_and_nothing_started_in_maintenance(living: LivingCluster) -> None:
    two_vms_on(living, "hv2")
    cluster_verbs.maintenance_on(living.operator, reason="new switches")
    host = living.lab.host("hv2")
    host.kill_daemon()
    living.wait_until(lambda: living.look().node("hv2").is_silent, within_s=30, what="hv2 is silent")
    settings = living.look().settings
    watched_until_s = time.monotonic() + settings.fence_after_s + settings.settle_s + 10
    while time.monotonic() < watched_until_s:
        cluster = living.look()
        assert cluster.node("hv2").fence.phase is FencePhase.NONE
        assert {cluster.vm(name).node for name in VMS} == {"hv2"}
        assert host.is_on
        time.sleep(0.5)
    assert host.domains() == dict.fromkeys(VMS, "running")
    assert all(name not in other.domains() for name in VMS for other in living.lab.hosts if other.name != "hv2")
