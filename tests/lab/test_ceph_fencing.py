"""A VM whose disk is in Ceph never runs on two nodes, whatever happens to its node, its BMC or the manager."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.bmc import BmcMode
from lab.ceph import Ceph
from lab.cluster import Lab
from pvccore.model.fence import FencePhase
from pvccore.model.node import ReadinessState
from pvccore.model.settings import AfterFence
from pvccore.operations import nodes
from tests.lab.on_ceph import CephCluster

pytestmark = pytest.mark.lab


@pytest.fixture
def on_ceph(lab: Lab, ceph: Ceph) -> Iterator[CephCluster]:
    with CephCluster(lab) as cluster:
        yield cluster


def test_a_power_cut_and_the_node_s_return(on_ceph: CephCluster) -> None:
    """Its VMs run elsewhere, its locks broken; it comes back unlisted, clean and flushed; ready brings them home."""
    on_ceph.run_vms("web1", "web2", on="hv3")
    on_ceph.wait_until_writes("web1", on="hv3")
    lost = on_ceph.lab.host("hv3")
    old_boot = lost.boot_id
    lost.power_cut()
    assert lost.address in on_ceph.locks("web1")
    on_ceph.wait_for_phase("hv3", FencePhase.RECOVERING, FencePhase.RECOVERED)
    assert on_ceph.is_blocklisted("hv3")
    for name in ("web1", "web2"):
        on_ceph.wait_until_writes(name, not_on="hv3")
    assert lost.address not in on_ceph.locks("web1"), "the dead node's lock was broken"
    on_ceph.wait_until_back("hv3", ReadinessState.FLUSHED)
    assert not on_ceph.is_blocklisted("hv3")
    assert lost.boot_id != old_boot
    assert lost.domains() == {}
    on_ceph.check_alone()
    nodes.ready(on_ceph.operator, "hv3")
    for name in ("web1", "web2"):
        on_ceph.wait_until_writes(name, on="hv3")
        assert on_ceph.vm(name).placement.previous_node == ""
    on_ceph.wait_until_back("hv3", ReadinessState.READY)
    assert "migrated" in on_ceph.story
    on_ceph.check_alone(moving=("web1", "web2"))


def test_a_partitioned_node_is_powered_off_though_its_manager_is_killed_in_between(on_ceph: CephCluster) -> None:
    """It lives and writes until IPMI cuts its power; another manager finishes what the first has begun."""
    on_ceph.set("after_fence", AfterFence.LEAVE_OFF.value)
    manager = on_ceph.manager()
    lost, third = on_ceph.others(manager)
    on_ceph.run_vms("web1", on=lost)
    on_ceph.lab.host(lost).partition()
    on_ceph.kill_daemon_at(manager, fence_of=lost, phase=FencePhase.OFF_SENT)
    on_ceph.lab.host(manager).start_daemon()
    on_ceph.wait_until_writes("web1", not_on=lost)
    on_ceph.wait_for_phase(lost, FencePhase.RECOVERED)
    assert not on_ceph.lab.host(lost).is_on
    assert any(one.who == f"manager@{third}" for one in on_ceph.journal), on_ceph.story
    on_ceph.check_alone()


def test_without_a_bmc_a_living_node_is_locked_out_of_its_storage_where_that_is_enough(on_ceph: CephCluster) -> None:
    """The BMC is dead, and ZooKeeper's leader dies in mid-fence; the old copy lives on, and its disk refuses it."""
    on_ceph.set("storage_fence_is_enough", "true")
    on_ceph.run_vms("web1", on="hv3")
    on_ceph.wait_until_writes("web1", on="hv3")
    lost = on_ceph.lab.host("hv3")
    lost.bmc.become(BmcMode.DEAD)
    lost.partition()
    leader = on_ceph.lab.zookeeper.leader
    on_ceph.wait_for_phase("hv3", *sorted(set(FencePhase) - {FencePhase.NONE}))
    leader.kill()
    on_ceph.wait_until_writes("web1", not_on="hv3")
    assert on_ceph.is_blocklisted("hv3")
    assert "powered off: ceph-blocklist" in on_ceph.story
    assert lost.is_on
    assert lost.domains() == {"web1": "running"}, "nobody could end the old copy"
    on_ceph.wait_until(lambda: "disk refused" in lost.serial("web1"), within_s=60, what="its disk refuses it")
    leader.start()
    lost.heal()
    on_ceph.wait_until_back("hv3", ReadinessState.FLUSHED)
    assert lost.domains() == {}, "what ran on was ended before the node was let in"
    assert not on_ceph.is_blocklisted("hv3")
    on_ceph.check_alone()


def test_without_a_bmc_nothing_is_started_elsewhere_until_a_person_has_looked(on_ceph: CephCluster) -> None:
    """The fence fails, and says why; a person who stood at the machine confirms that it is off."""
    on_ceph.set("after_fence", AfterFence.LEAVE_OFF.value)
    on_ceph.run_vms("web1", on="hv3")
    lost = on_ceph.lab.host("hv3")
    lost.bmc.become(BmcMode.DEAD)
    lost.power_cut()
    on_ceph.wait_for_phase("hv3", FencePhase.FAILED)
    fence = on_ceph.look().node("hv3").fence
    assert "not allowed by storage_fence_is_enough" in fence.error
    assert on_ceph.vm("web1").node == "hv3", "nothing was proven"
    nodes.confirm_off(on_ceph.operator, "hv3", reason="its plug is in my hand")
    on_ceph.wait_until_writes("web1", not_on="hv3")
    on_ceph.wait_for_phase("hv3", FencePhase.RECOVERED)
    assert on_ceph.is_blocklisted("hv3")
    assert "its plug is in my hand" in on_ceph.story
    on_ceph.check_alone()


def test_a_lying_bmc_leaves_a_copy_alive_whose_disk_refuses_it(on_ceph: CephCluster) -> None:
    """The BMC says off, the node is on: the new copy writes alone, and the old one is ended when its node is back."""
    on_ceph.run_vms("web1", on="hv3")
    on_ceph.wait_until_writes("web1", on="hv3")
    lost = on_ceph.lab.host("hv3")
    lost.bmc.become(BmcMode.LIES)
    lost.partition()
    on_ceph.wait_until_writes("web1", not_on="hv3")
    assert lost.domains() == {"web1": "running"}, "the BMC lied"
    on_ceph.wait_until(lambda: "disk refused" in lost.serial("web1"), within_s=60, what="its disk refuses it")
    on_ceph.check_alone()
    lost.bmc.become(BmcMode.OK)
    lost.heal()
    on_ceph.wait_until_back("hv3", ReadinessState.FLUSHED)
    assert lost.domains() == {}
    assert not on_ceph.is_blocklisted("hv3")
    on_ceph.wait_until_writes("web1", not_on="hv3")
    on_ceph.check_alone()
