"""The power of a host, by hand and by its BMC, takes and gives what a real one would."""

import socket

import pytest

from lab.bmc import BmcMode
from lab.cluster import Lab
from lab.commands import LabError
from lab.host import EMULATOR, Host
from tests.lab.conftest import StartGuest

pytestmark = pytest.mark.lab

LIBVIRT_PORT = 16509


def test_ipmi_power_off_kills_the_guests_at_once(hv1: Host, start_guest: StartGuest) -> None:
    start_guest("web1", on=hv1)
    (emulator,) = hv1.processes(EMULATOR)
    hv1.bmc.power("off")
    assert not emulator.alive
    assert not hv1.is_on
    assert not hv1.bmc.is_on


def test_power_off_of_a_host_that_is_off_succeeds(hv1: Host) -> None:
    hv1.power_cut()
    hv1.bmc.power("off")
    assert not hv1.bmc.is_on


def test_a_power_on_is_a_new_boot_of_the_same_machine(hv1: Host, start_guest: StartGuest) -> None:
    start_guest("web1", on=hv1)
    boot_id, machine_id = hv1.boot_id, hv1.run("cat", "/etc/machine-id")
    hv1.bmc.power("off")
    hv1.bmc.power("on")
    hv1.wait_ready()
    assert hv1.boot_id != boot_id
    assert hv1.run("cat", "/etc/machine-id") == machine_id
    assert hv1.domains() == {}


def test_a_power_cut_leaves_the_other_hosts_alone(lab: Lab, hv1: Host, hv2: Host) -> None:
    boot_id = hv2.boot_id
    hv1.power_cut()
    assert hv2.boot_id == boot_id
    assert lab.host("hv3").domains() == {}


def test_a_host_without_power_is_silent_even_to_those_who_are_connected(hv1: Host) -> None:
    with socket.create_connection((hv1.address, LIBVIRT_PORT), timeout=1) as connected:
        hv1.power_cut()
        with pytest.raises(TimeoutError):
            connected.recv(1)


def test_a_lying_bmc_says_off_and_the_guest_runs_on(hv1: Host, start_guest: StartGuest) -> None:
    start_guest("web1", on=hv1)
    hv1.bmc.become(BmcMode.LIES)
    hv1.bmc.power("off")
    assert not hv1.bmc.is_on
    assert hv1.domains() == {"web1": "running"}


@pytest.mark.parametrize("mode", [BmcMode.DEAD, BmcMode.HANGS])
def test_a_bmc_that_does_not_answer_confirms_nothing_and_does_nothing_later(hv1: Host, mode: BmcMode) -> None:
    hv1.bmc.become(mode)
    with pytest.raises(LabError):
        hv1.bmc.power("off")
    hv1.bmc.become(BmcMode.OK)
    hv1.bmc.wait_ready()
    assert hv1.bmc.is_on
    assert hv1.is_on
