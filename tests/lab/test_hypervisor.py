"""A real libvirtd obeys the agent's contract; one that hangs or dies hangs nobody."""

import queue
import signal
import time
import uuid as uuids
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from lab.cluster import Lab
from lab.guest import domain_xml
from lab.host import EMULATOR
from nodedaemon.loop import SystemClock
from nodedaemon.observation import ANSWER_LIMIT_S
from nodedaemon.vm_runner import NoStorage, VmRunner
from pvccore.plan.domains import Domain, DomainState
from pvccore.plan.effects import Resume, StartPaused, VmEffect
from tests.nodedaemon.hypervisor_contract import HypervisorContract

if TYPE_CHECKING:
    from nodedaemon.libvirt_hypervisor import LibvirtHypervisor

pytestmark = pytest.mark.lab

LIMIT_S = 90.0
MIGRATION_URI = "qemu+tcp://{address}/system"


class LibvirtWorld:
    """hv1 is here, hv2 is there."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.host, self.target = lab.host("hv1"), lab.host("hv2")
        self.hypervisor = self._watched(self.host.address)
        self._there = self._watched(self.target.address)
        self._names: dict[str, str] = {}
        self._runner = VmRunner(self.hypervisor, NoStorage(), self._xml)

    def start(self) -> None:
        for hypervisor in (self.hypervisor, self._there):
            hypervisor.start()
        self.wait_until(lambda: self.hypervisor.observed_domains() is not None, "libvirt here answers")
        self.wait_until(lambda: self._there.observed_domains() is not None, "libvirt there answers")

    def stop(self) -> None:
        self._runner.stop()
        self.hypervisor.stop()
        self._there.stop()

    def _watched(self, address: str) -> "LibvirtHypervisor":
        # Only here: `make check` collects this file on machines without libvirt-python.
        from nodedaemon.libvirt_hypervisor import LibvirtHypervisor

        return LibvirtHypervisor(MIGRATION_URI.format(address=address), MIGRATION_URI, SystemClock())

    def _xml(self, uuid: str) -> str:
        return domain_xml(self._names[uuid], uuid)

    def new_vm(self) -> str:
        uuid = str(uuids.uuid4())
        self._names[uuid] = f"vm{len(self._names)}"
        return uuid

    def perform(self, effect: VmEffect) -> str:
        errors: queue.Queue[str] = queue.Queue()
        self._runner.perform(effect, None, lambda _value, error: errors.put(error))
        return errors.get(timeout=LIMIT_S)

    def here(self) -> Mapping[str, Domain]:
        return self.hypervisor.observed_domains() or {}

    def there(self) -> Mapping[str, Domain]:
        return self._there.observed_domains() or {}

    def shut_down_inside(self) -> frozenset[str]:
        return self.hypervisor.take_shut_down_inside()

    def wait_until(self, question: Callable[[], bool], what: str) -> None:
        self.lab.wait_until(question, within_s=LIMIT_S, what=what)

    def boot(self, uuid: str) -> None:
        self.wait_until(lambda: "tick" in self.host.serial(self._names[uuid]), "the guest is up")

    def power_off_inside(self, uuid: str) -> None:
        """Somebody else presses the guest's button: what libvirt tells of it is what a guest's own shutdown gives."""
        self.host.virsh("shutdown", uuid)

    def crash(self, uuid: str) -> None:
        (emulator,) = self.host.processes(EMULATOR)
        emulator.send(signal.SIGKILL)

    def address_there(self) -> str:
        return self.target.address


@pytest.fixture
def world(lab: Lab) -> Iterator[LibvirtWorld]:
    made = LibvirtWorld(lab)
    made.start()
    yield made
    made.stop()


class TestLibvirt(HypervisorContract):
    """All of it, as it is."""


def test_a_libvirtd_that_hangs_counts_as_unhealthy_and_hangs_nobody(world: LibvirtWorld) -> None:
    uuid = world.new_vm()
    world.perform(StartPaused(uuid=uuid, run_id="r"))
    world.host.hang_libvirtd()
    began_s = time.monotonic()
    try:
        slowest_s = 0.0
        while world.hypervisor.observed_domains() is not None:
            assert time.monotonic() - began_s < 2 * ANSWER_LIMIT_S
            asked_s = time.monotonic()
            world.hypervisor.observed_domains()
            slowest_s = max(slowest_s, time.monotonic() - asked_s)
            time.sleep(0.1)
        assert slowest_s < 1.0
        assert "has not answered since" in world.hypervisor.observed_error()
    finally:
        world.host.resume_libvirtd()
    world.wait_until(lambda: uuid in world.here(), "libvirt answers again")
    assert world.hypervisor.observed_error() == ""


def test_a_libvirtd_that_crashed_and_is_back_is_watched_again(world: LibvirtWorld) -> None:
    uuid = world.new_vm()
    world.perform(StartPaused(uuid=uuid, run_id="r"))
    world.perform(Resume(uuid=uuid, run_id="r"))
    world.host.kill_libvirtd()
    assert world.perform(Resume(uuid=uuid, run_id="again"))
    world.host.start_libvirtd()
    world.wait_until(lambda: world.perform(Resume(uuid=uuid, run_id="later")) == "", "libvirt acts again")
    assert world.here()[uuid].state is DomainState.RUNNING
    other = world.new_vm()
    assert world.perform(StartPaused(uuid=other, run_id="r")) == ""
    assert other in world.here()


def test_figures_of_host_and_guests_are_observed(world: LibvirtWorld) -> None:
    uuid = world.new_vm()
    world.perform(StartPaused(uuid=uuid, run_id="r"))
    world.perform(Resume(uuid=uuid, run_id="r"))

    def guest_is_busy() -> bool:
        use = world.hypervisor.observed_use()
        return use is not None and uuid in use.domains and use.domains[uuid].cpu > 0 and use.domains[uuid].memory_mb > 0

    world.wait_until(guest_is_busy, "the guest's use is seen")
    use = world.hypervisor.observed_use()
    assert use is not None
    assert use.memory_total_mb > use.memory_free_mb > 0
    assert use.vcpus > 0
