"""Guests of the lab boot, count on their disks, obey the power button and move between hosts."""

import pytest

from lab.cluster import Lab
from lab.host import Host
from tests.lab.conftest import BOOT_LIMIT_S, StartGuest

pytestmark = pytest.mark.lab


def test_a_guest_counts_on_its_disk_and_goes_on_from_there(lab: Lab, hv1: Host, start_guest: StartGuest) -> None:
    disk = lab.storage.make("web1")
    start_guest("web1", on=hv1, disk=disk, until="tick 2")
    hv1.virsh("destroy", "web1")
    counted = disk.state
    assert counted.count >= 1
    start_guest("web1", on=hv1, disk=disk, until=f"tick {counted.count + 1}")
    assert disk.state.boot != counted.boot
    assert not disk.state.another_writer


def test_a_guest_powers_off_at_the_button(lab: Lab, hv1: Host, start_guest: StartGuest) -> None:
    start_guest("web1", on=hv1)
    hv1.virsh("shutdown", "web1")
    lab.wait_until(lambda: hv1.domains() == {}, within_s=30, what="web1 is off")
    assert "power button" in hv1.serial("web1")


def test_live_migration_leaves_the_target_paused_until_it_is_resumed(
    lab: Lab, hv1: Host, hv2: Host, start_guest: StartGuest
) -> None:
    disk = lab.storage.make("web1")
    start_guest("web1", on=hv1, disk=disk)
    boot = disk.state.boot
    hv1.migrate_paused("web1", hv2)
    assert hv1.domains() == {}
    assert hv2.domains() == {"web1": "paused"}
    arrived = disk.state.count
    hv2.virsh("resume", "web1")
    lab.wait_until(lambda: disk.state.count > arrived, within_s=BOOT_LIMIT_S, what="web1 counts on")
    assert disk.state.boot == boot
    assert not disk.state.another_writer


def test_two_guests_that_write_to_one_disk_are_found_out(
    lab: Lab, hv1: Host, hv2: Host, start_guest: StartGuest
) -> None:
    disk = lab.storage.make("web1")
    start_guest("web1", on=hv1, disk=disk)
    start_guest("web1", on=hv2, disk=disk)
    lab.wait_until(lambda: disk.state.another_writer, within_s=BOOT_LIMIT_S, what="a guest notices the other")


def test_guests_run_on_while_libvirtd_hangs_or_dies(hv1: Host, lab: Lab, start_guest: StartGuest) -> None:
    disk = lab.storage.make("web1")
    start_guest("web1", on=hv1, disk=disk)
    hv1.hang_libvirtd()
    counted = disk.state.count
    lab.wait_until(lambda: disk.state.count > counted, within_s=30, what="web1 counts on")
    hv1.resume_libvirtd()
    hv1.kill_libvirtd()
    hv1.start_libvirtd()
    assert hv1.domains() == {"web1": "running"}
