"""A VM whose disk is in Ceph is moved, or left where it is, and never runs twice: whatever is cut, and whenever."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from lab.ceph import Ceph, RbdDisk
from lab.cluster import Lab
from lab.guest import domain_xml
from lab.host import EMULATOR
from pvccore.model.change import Kind
from pvccore.model.fence import FencePhase
from pvccore.model.node import ReadinessState
from pvccore.model.settings import AfterFence
from pvccore.model.vm import MigrationPhase, VmState
from pvccore.operations import metadata, moves, nodes, vms
from tests.lab.on_ceph import CephCluster

pytestmark = pytest.mark.lab

AWAY_S = 8.0
MOVE_LIMIT_S = 60.0
LOCK_LIMIT_S = 90.0
SLOWLY_MB_S = "16"
"""So that the memory of a guest of the lab takes some seconds."""


@pytest.fixture
def on_ceph(lab: Lab, ceph: Ceph) -> Iterator[CephCluster]:
    with CephCluster(lab) as cluster:
        yield cluster


def phase_of(on_ceph: CephCluster, name: str) -> MigrationPhase | None:
    """How far its migration is; None when there is none."""
    migration = on_ceph.vm(name).placement.migration
    return migration.phase if migration else None


def wait_until_handed_over(on_ceph: CephCluster, name: str) -> None:
    on_ceph.wait_until(
        lambda: phase_of(on_ceph, name) is MigrationPhase.HANDED_OVER,
        within_s=MOVE_LIMIT_S,
        what=f"{name} is handed over",
    )


def test_zookeeper_is_away_for_a_while_and_then_a_node_is_flushed_and_gets_its_vms_back(on_ceph: CephCluster) -> None:
    """Nobody is fenced; flush and ready move VMs live: their guests never start anew."""
    on_ceph.run_vms("web1", "web2", on="hv1")
    for name in ("web1", "web2"):
        on_ceph.wait_until_writes(name, on="hv1")
    boots = {name: on_ceph.ceph.disk_state(name).boot for name in ("web1", "web2")}
    on_ceph.lab.zookeeper.stop()
    back_at_s = time.monotonic() + AWAY_S
    on_ceph.wait_until(lambda: time.monotonic() >= back_at_s, within_s=AWAY_S + 1, what="ZooKeeper was away")
    on_ceph.lab.zookeeper.start()
    on_ceph.wait_until_settled()
    nodes.flush(on_ceph.operator, "hv1")
    on_ceph.wait_until_back("hv1", ReadinessState.FLUSHED)
    for name in ("web1", "web2"):
        on_ceph.wait_until_writes(name, not_on="hv1")
    assert on_ceph.lab.host("hv1").domains() == {}
    nodes.ready(on_ceph.operator, "hv1")
    on_ceph.wait_until_back("hv1", ReadinessState.READY)
    for name in ("web1", "web2"):
        on_ceph.wait_until_writes(name, on="hv1")
        assert on_ceph.vm(name).placement.previous_node == ""
    assert {name: on_ceph.ceph.disk_state(name).boot for name in boots} == boots, "they were moved live"
    assert all(node.fence.round == 0 for node in on_ceph.look().nodes.values()), on_ceph.story
    on_ceph.check_alone(moving=boots)


def test_source_and_target_cut_in_the_midst_of_live_migrations(on_ceph: CephCluster) -> None:
    """Two VMs change places when one of the nodes loses its power: the one it was to get stays, its own starts anew."""
    on_ceph.set("after_fence", AfterFence.LEAVE_OFF.value)
    on_ceph.run_vms("web1", on="hv1")
    on_ceph.run_vms("web2", on="hv2")
    on_ceph.wait_until_writes("web1", on="hv1")
    boot = on_ceph.ceph.disk_state("web1").boot
    moves.migrate(on_ceph.operator, "web1", to="hv2")
    moves.migrate(on_ceph.operator, "web2", to="hv1")

    def both_move() -> bool:
        return all(on_ceph.vm(name).placement.state is VmState.MIGRATING for name in ("web1", "web2"))

    on_ceph.wait_until(both_move, within_s=MOVE_LIMIT_S, what="both migrate")
    on_ceph.lab.host("hv2").power_cut()
    on_ceph.wait_for_phase("hv2", FencePhase.RECOVERED)
    on_ceph.wait_until_writes("web1", on="hv1")
    assert on_ceph.ceph.disk_state("web1").boot == boot, f"its guest ran on\n{on_ceph.story}"
    on_ceph.wait_until_writes("web2", not_on="hv2")
    on_ceph.check_alone(moving=("web1", "web2"))


def test_source_and_target_cut_after_the_hand_over(on_ceph: CephCluster) -> None:
    """hv1 loses its power when it has handed web1 over, and when web2 was handed over to it and not yet taken."""
    on_ceph.set("after_fence", AfterFence.LEAVE_OFF.value)
    on_ceph.set("fence_after_s", 60)
    on_ceph.set("storm_fraction", 1)
    on_ceph.run_vms("web1", on="hv1")
    on_ceph.run_vms("web2", on="hv3")
    on_ceph.wait_until_writes("web1", on="hv1")
    boot = on_ceph.ceph.disk_state("web1").boot
    moves.migrate(on_ceph.operator, "web1", to="hv2")
    on_ceph.lab.host("hv2").hang_daemon()
    wait_until_handed_over(on_ceph, "web1")
    assert on_ceph.domain_states("web1") == {"hv2": "paused"}
    moves.migrate(on_ceph.operator, "web2", to="hv1")
    on_ceph.lab.host("hv1").hang_daemon()
    wait_until_handed_over(on_ceph, "web2")
    assert on_ceph.domain_states("web2") == {"hv1": "paused"}
    on_ceph.lab.host("hv1").power_cut()
    on_ceph.lab.host("hv2").resume_daemon()
    on_ceph.wait_until_writes("web1", on="hv2")
    assert on_ceph.ceph.disk_state("web1").boot == boot, "it arrived live"
    on_ceph.set("fence_after_s", 1)
    on_ceph.wait_until_writes("web2", not_on="hv1")
    on_ceph.wait_for_phase("hv1", FencePhase.RECOVERED)
    on_ceph.check_alone(moving=("web1", "web2"))


def test_the_link_is_cut_at_the_very_end_of_a_migration(on_ceph: CephCluster) -> None:
    """All memory has arrived, the source does not hear so: it goes on, and the target's copy never runs."""
    on_ceph.run_vms("web1", on="hv1")
    metadata.meta(on_ceph.operator, "web1", {"migration_method": "live-only"})
    on_ceph.wait_until_writes("web1", on="hv1")
    boot = on_ceph.ceph.disk_state("web1").boot
    source, target = on_ceph.lab.host("hv1"), on_ceph.lab.host("hv2")
    source.virsh("migrate-setspeed", "web1", SLOWLY_MB_S)
    moves.migrate(on_ceph.operator, "web1", to="hv2")
    on_ceph.wait_until(
        lambda: "Data processed" in source.virsh("domjobinfo", "web1"), within_s=MOVE_LIMIT_S, what="memory is copied"
    )
    target.hang_libvirtd()
    on_ceph.wait_until(lambda: source.domains()["web1"] == "paused", within_s=MOVE_LIMIT_S, what="all has arrived")
    on_ceph.lab.cut_link("hv1", "hv2")
    target.resume_libvirtd()
    copies = []

    def is_over() -> bool:
        copies.append(target.domains().get("web1", ""))
        return not copies[-1] and on_ceph.runs("web1", on="hv1")

    on_ceph.wait_until(is_over, within_s=MOVE_LIMIT_S, what="web1 stays on hv1")
    assert set(copies) <= {"paused", "in shutdown", ""}, copies  # libvirt ends it; it never runs
    assert "web1 stays on hv1" in on_ceph.story
    on_ceph.wait_until_writes("web1", on="hv1")
    assert on_ceph.ceph.disk_state("web1").boot == boot, "its guest ran on"
    on_ceph.check_alone(moving=("web1",))


def test_a_stale_lock_is_broken_and_a_living_holder_is_refused_by_name(on_ceph: CephCluster) -> None:
    """web1's QEMU is killed, its lock and its watch stay; web2's disk is in use by a guest that nobody defined."""
    on_ceph.run_vms("web1", on="hv1")
    on_ceph.define_vm("web2", on="hv1")
    stranger = on_ceph.lab.host("hv2")
    disk = RbdDisk(name="web2", address=on_ceph.lab.network.machine_address)
    uuid = "7b1fd3a2-5a52-4a10-9d9e-7c46c1a5b002"
    stranger.start_guest(domain_xml("stranger", uuid, disk_xml=disk.xml))
    on_ceph.wait_until(lambda: on_ceph.ceph.watching_hosts("web2"), within_s=MOVE_LIMIT_S, what="the stranger is there")
    vms.start(on_ceph.operator, "web2")
    on_ceph.wait_until_writes("web1", on="hv1")
    assert on_ceph.lab.host("hv1").address in on_ceph.locks("web1")
    claim = on_ceph.vm("web1").placement.claim
    [emulator] = on_ceph.lab.host("hv1").processes(EMULATOR)
    emulator.send(signal.SIGKILL)
    on_ceph.wait_until(lambda: on_ceph.vm("web1").placement.claim != claim, within_s=MOVE_LIMIT_S, what="a new claim")
    on_ceph.wait_until_writes("web1", on="hv1")
    on_ceph.when(
        Kind.PLACEMENT,
        on_ceph.vm("web2").uuid,
        lambda: on_ceph.vm("web2").placement.state is VmState.FAILED,
        within_s=LOCK_LIMIT_S,
        what="web2 is refused",
    )
    assert stranger.address in on_ceph.vm("web2").placement.failure
    assert on_ceph.ceph.watching_hosts("web2") == {stranger.address}
    assert on_ceph.domain_states("web2") == {}
    on_ceph.check_alone()
