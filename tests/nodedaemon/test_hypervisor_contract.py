from collections.abc import Callable, Mapping
from random import Random

import pytest

from pvccore.plan.domains import Domain
from pvccore.plan.effects import Resume, VmEffect
from simulation.clock import VirtualClock
from simulation.executors import SimulatedExecutor
from simulation.machine import Machine, SimulatedHypervisor
from simulation.storage import SimulatedCeph
from tests.nodedaemon.hypervisor_contract import HypervisorContract

LIMIT_S = 600.0


class SimulatedWorld:
    """Two simulated machines on a virtual clock; also the surroundings that their executor asks for."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        ceph = SimulatedCeph(clock=self.clock)
        self.machines = {
            name: Machine(
                name=name, memory_mb=65536, vcpus=16, address=name, clock=self.clock, ceph=ceph, random=Random(7)
            )
            for name in ("here", "there")
        }
        self._executor = SimulatedExecutor(self.machines["here"], self)
        self._here = SimulatedHypervisor(self.machines["here"])
        self._there = SimulatedHypervisor(self.machines["there"])
        self._vms = 0

    # What the executor asks for

    def shape(self, _uuid: str) -> tuple[int, int, tuple[str, ...]]:
        return 1024, 1, ()

    def shutdown_s(self, _uuid: str) -> float | None:
        return None

    def migration_s(self, _uuid: str) -> float | None:
        return None

    def power_on(self, node: str) -> None:
        raise NotImplementedError(node)

    def power_off(self, node: str, *, by: str) -> None:
        raise NotImplementedError(node)

    # The contract's world

    def new_vm(self) -> str:
        self._vms += 1
        return f"vm-{self._vms}"

    def perform(self, effect: VmEffect) -> str:
        errors: list[str] = []
        self._executor.perform(effect, None, lambda _value, error: errors.append(error))
        self.wait_until(lambda: bool(errors), "the effect has ended")
        return errors[0]

    def here(self) -> Mapping[str, Domain]:
        return self._here.observed_domains() or {}

    def there(self) -> Mapping[str, Domain]:
        return self._there.observed_domains() or {}

    def shut_down_inside(self) -> frozenset[str]:
        return self._here.take_shut_down_inside()

    def wait_until(self, question: Callable[[], bool], what: str) -> None:
        while not question():
            act = self.clock.pop_due(LIMIT_S)
            assert act is not None, f"never: {what}"
            act()

    def boot(self, uuid: str) -> None:
        assert uuid in self.here()

    def power_off_inside(self, uuid: str) -> None:
        self.machines["here"].end_domain(uuid, inside=True)

    def crash(self, uuid: str) -> None:
        self.machines["here"].end_domain(uuid)

    def address_there(self) -> str:
        return "there"


class TestSimulatedHypervisor(HypervisorContract):
    @pytest.fixture
    def world(self) -> SimulatedWorld:
        return SimulatedWorld()


class TestHypervisorThatDoesNotAnswer:
    def test_nothing_is_seen_and_it_is_said_so(self) -> None:
        world = SimulatedWorld()
        machine = world.machines["here"]
        machine.hypervisor_broken = True
        hypervisor = SimulatedHypervisor(machine)
        assert hypervisor.observed_domains() is None
        assert hypervisor.observed_error()
        assert world.perform(Resume(uuid="vm-1", run_id="r"))
