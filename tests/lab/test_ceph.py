"""The lab's Ceph cluster carries guests' disks and tells truly who uses them."""

import pytest

from lab.ceph import Ceph
from lab.cluster import Lab
from lab.guest import domain_xml
from lab.host import Host
from tests.lab.conftest import BOOT_LIMIT_S

pytestmark = pytest.mark.lab


def _start_web1(lab: Lab, ceph: Ceph, on: Host) -> None:
    disk = ceph.make_image("web1")
    on.start_guest(domain_xml("web1", "0e0fb1b0-6d2c-4f3b-9c52-3c6b2f1d9e01", disk_xml=disk.xml))
    lab.wait_until(lambda: ceph.disk_state("web1").count > 0, within_s=BOOT_LIMIT_S, what="web1 writes to its image")


def test_the_watcher_of_an_image_is_the_host_of_its_guest_through_a_migration(
    lab: Lab, ceph: Ceph, hv1: Host, hv2: Host
) -> None:
    _start_web1(lab, ceph, hv1)
    assert ceph.watching_hosts("web1") == {hv1.address}
    hv1.migrate_paused("web1", hv2)
    hv2.virsh("resume", "web1")
    lab.wait_until(lambda: ceph.watching_hosts("web1") == {hv2.address}, within_s=10, what="the watcher moved too")
    counted = ceph.disk_state("web1").count
    lab.wait_until(lambda: ceph.disk_state("web1").count > counted, within_s=BOOT_LIMIT_S, what="web1 counts on")
    assert not ceph.disk_state("web1").another_writer


def test_a_dead_host_holds_its_image_until_it_is_blocklisted(lab: Lab, ceph: Ceph, hv1: Host) -> None:
    _start_web1(lab, ceph, hv1)
    hv1.power_cut()
    assert ceph.watching_hosts("web1") == {hv1.address}
    ceph.ceph("osd", "blocklist", "add", f"{hv1.address}:0/0")
    lab.wait_until(lambda: not ceph.watching_hosts("web1"), within_s=10, what="the dead host's watch is dropped")


def test_a_blocklisted_guest_runs_on_but_its_disk_refuses_it(lab: Lab, ceph: Ceph, hv1: Host) -> None:
    _start_web1(lab, ceph, hv1)
    ceph.ceph("osd", "blocklist", "add", f"{hv1.address}:0/0")
    lab.wait_until(lambda: "disk refused" in hv1.serial("web1"), within_s=60, what="the guest's writes fail")
    assert hv1.domains()["web1"] in {"running", "paused"}
