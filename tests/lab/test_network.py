"""Cuts of the lab's cables part exactly what they are said to part."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.cluster import Lab
from lab.commands import LabError
from lab.host import Host

pytestmark = pytest.mark.lab

ANSWER_LIMIT_S = 3.0
ASK = "exec 3<>/dev/tcp/$0/$1; echo ruok >&3; cat <&3"


def _zookeeper_answers(host: Host) -> bool:
    """Whether any of the three does; all are asked at once, for one that is cut off takes its whole limit."""

    def answers(address: str) -> bool:
        try:
            host.run("bash", "-c", ASK, address, "2181", limit_s=ANSWER_LIMIT_S)
        except LabError:
            return False
        return True

    with ThreadPoolExecutor() as threads:
        return any(list(threads.map(answers, host.network.zookeeper_addresses)))


def _reaches_libvirt(host: Host, other: Host) -> bool:
    try:
        host.virsh("--connect", f"qemu+tcp://{other.address}/system", "version", limit_s=5)
    except LabError:
        return False
    return True


def test_a_partitioned_host_loses_zookeeper_and_nothing_else(lab: Lab, hv1: Host, hv2: Host) -> None:
    disk = lab.storage.make("web1")
    assert _zookeeper_answers(hv1)
    hv1.partition()
    assert not _zookeeper_answers(hv1)
    assert _zookeeper_answers(hv2)
    assert _reaches_libvirt(hv1, hv2)
    assert "is on" in hv1.run(*hv2.bmc.argv("chassis", "power", "status"))
    assert hv1.run("bash", "-c", "exec 3<>/dev/tcp/$0/$1; head -c 8 <&3", disk.address, str(disk.port)) == "NBDMAGIC"
    hv1.heal()
    assert _zookeeper_answers(hv1)


def test_a_partition_lasts_over_a_power_cut(hv1: Host) -> None:
    hv1.partition()
    hv1.power_cut()
    hv1.power_on()
    assert not _zookeeper_answers(hv1)
    hv1.heal()
    assert _zookeeper_answers(hv1)


def test_a_cut_link_parts_two_hosts_and_no_others(lab: Lab, hv1: Host, hv2: Host) -> None:
    lab.cut_link("hv1", "hv2")
    assert not _reaches_libvirt(hv1, hv2)
    assert not _reaches_libvirt(hv2, hv1)
    assert _reaches_libvirt(hv1, lab.host("hv3"))
    assert _zookeeper_answers(hv1)
