"""A lab that was taken down, even one whose maker crashed half-way, leaves nothing on the machine."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster import Lab
from lab.guest import domain_xml
from lab.network import Network
from lab.waiting import wait_until

pytestmark = pytest.mark.lab

ROOT = Path(__file__).resolve().parents[2]


class Bystander:
    """Somebody on this machine who works with a lab of their own by its command line, each command a process."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.lab = Lab(state / "lab")

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PVC_LAB_STATE": str(self.state)}
        return subprocess.Popen([sys.executable, "-m", "lab", *words], cwd=ROOT, env=environment)

    def do(self, *words: str) -> None:
        assert self.begin(*words).wait(timeout=120) == 0


@pytest.fixture
def bystander(tmp_path: Path) -> Iterator[Bystander]:
    bystander = Bystander(tmp_path / "state")
    yield bystander
    bystander.do("down")


def _links(network: Network) -> list[str]:
    shown = subprocess.run(["ip", "-json", "link"], capture_output=True, check=True).stdout
    return [link["ifname"] for link in json.loads(shown) if link["ifname"].startswith(network.bridge)]


def _speak_of(state: Path) -> list[int]:
    """The processes in whose command line, environment, working directory or mounts the lab's directory occurs."""
    places = ("cmdline", "environ", "mountinfo")
    needle = str(state).encode()
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            words = [(process / place).read_bytes() for place in places]
            words.append(bytes((process / "cwd").readlink()))
        except OSError:
            continue
        if any(needle in word for word in words):
            found.append(int(process.name))
    return found


def _assert_nothing_is_left(bystander: Bystander, network: Network) -> None:
    assert _speak_of(bystander.state) == []
    assert _links(network) == []
    assert not bystander.state.exists()
    assert str(bystander.state) not in Path("/proc/self/mountinfo").read_text()


def test_a_lab_taken_down_by_another_process_leaves_nothing(bystander: Bystander) -> None:
    bystander.do("up", "--hosts", "2")
    bystander.do("up")
    network, (hv1, hv2) = bystander.lab.network, bystander.lab.hosts
    hv1.start_guest(domain_xml("web1", "5d3ba1c6-7a26-4f6f-8fb2-6e1d7a6f9a01"))
    bystander.do("bmc", "hv1", "hangs")
    hv2.bmc.power("off")
    assert len(_speak_of(bystander.state)) > 8
    assert len(_links(network)) == 2
    bystander.do("down")
    _assert_nothing_is_left(bystander, network)


def test_a_lab_whose_maker_was_killed_half_way_is_taken_down_whole(bystander: Bystander) -> None:
    maker = bystander.begin("up")
    wait_until(lambda: _speak_of(bystander.state / "lab/hosts/hv1"), within_s=30, what="the first host is being made")
    maker.send_signal(signal.SIGKILL)
    maker.wait()
    network = bystander.lab.network
    assert _links(network)
    bystander.do("down")
    _assert_nothing_is_left(bystander, network)


def test_two_labs_stand_side_by_side(lab: Lab, bystander: Bystander) -> None:
    bystander.do("up", "--bare", "--hosts", "1")
    assert bystander.lab.network.subnet != lab.network.subnet
    bystander.do("down")
    assert lab.host("hv1").domains() == {}
    assert lab.zookeeper.leader.runs
