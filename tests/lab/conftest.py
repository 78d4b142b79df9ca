"""One lab for all tests of a process; each test gets it whole again, with no guest, no daemon and nothing cut."""

import os
import uuid
from collections.abc import Callable, Generator, Iterator

import pytest

from lab.ceph import Ceph
from lab.cluster import Lab, own_lab, remove_abandoned
from lab.commands import LabError
from lab.guest import domain_xml
from lab.host import Host
from lab.processes import ProcessIdentity
from lab.storage import SharedDisk
from tests.lab.living import LivingCluster

BOOT_LIMIT_S = 150  # under TCG on a busy machine; 3 s on a quiet one

LOG_TAIL_CHARACTERS = 4000

StartGuest = Callable[..., str]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show beside a failure what the node daemons and Ceph had to say."""
    report = yield
    lab = getattr(item, "funcargs", {}).get("session_lab")
    if report.failed and isinstance(lab, Lab) and lab.is_whole:
        for host in lab.hosts:
            if host.daemon_log.exists():
                tail = host.daemon_log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
                report.sections.append((f"daemon of {host.name}", tail))
        if lab.ceph.runs:
            report.sections.append(("Ceph", state_of(lab.ceph)))
    return report


def state_of(ceph: Ceph) -> str:
    """What Ceph says of itself, or why it says nothing."""
    try:
        return ceph.ceph("status") + ceph.ceph("health", "detail")
    except LabError as silent:
        return str(silent)


@pytest.fixture(scope="session")
def session_lab() -> Iterator[Lab]:
    remove_abandoned()
    lab = own_lab()
    try:
        lab.up(owner=ProcessIdentity.of(os.getpid()))
        yield lab
    finally:
        lab.down()


@pytest.fixture
def lab(session_lab: Lab) -> Lab:
    session_lab.mend()
    return session_lab


@pytest.fixture(scope="module")
def module_ceph(session_lab: Lab) -> Iterator[Ceph]:
    """Ceph's memory is given back when the module that wanted it is through."""
    yield session_lab.start_ceph(quick=True)
    session_lab.ceph.stop()


@pytest.fixture
def ceph(lab: Lab, module_ceph: Ceph) -> Ceph:
    """An empty Ceph cluster, which every host can reach."""
    return module_ceph


@pytest.fixture
def hv1(lab: Lab) -> Host:
    return lab.host("hv1")


@pytest.fixture
def hv2(lab: Lab) -> Host:
    return lab.host("hv2")


@pytest.fixture
def start_guest(lab: Lab) -> StartGuest:
    """`start_guest("web1", on=hv1, disk=disk)`: a guest that runs when this returns, and its uuid."""

    def start(name: str, *, on: Host, disk: SharedDisk | None = None, until: str = "tick") -> str:
        guest_uuid = str(uuid.uuid4())
        on.start_guest(domain_xml(name, guest_uuid, disk_xml=disk.xml if disk else ""))
        lab.wait_until(lambda: until in on.serial(name), within_s=BOOT_LIMIT_S, what=f"{name} says {until!r}")
        return guest_uuid

    return start


@pytest.fixture
def living(lab: Lab) -> Iterator[LivingCluster]:
    """The lab with a fresh cluster in it: its three daemons alive, one of them the manager, nobody fenced."""
    with LivingCluster(lab) as cluster:
        yield cluster
