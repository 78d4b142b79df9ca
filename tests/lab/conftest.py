"""One lab for all tests of a session; each test gets it whole again, with no guest, no daemon and nothing cut."""

import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from lab.cluster import Lab, own_lab, remove_abandoned
from lab.guest import domain_xml
from lab.host import Host
from lab.processes import ProcessIdentity
from lab.storage import SharedDisk

BOOT_LIMIT_S = 90  # under TCG on a busy machine; 3 s on a quiet one

StartGuest = Callable[..., str]


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
