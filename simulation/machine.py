"""A simulated machine: power, boot, BMC and the domains that run on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from nodedaemon.hypervisor import DomainUse, HostUse
from pvccore.plan.domains import Domain, DomainState
from simulation.clock import VirtualClock
from simulation.storage import Client, SimulatedCeph

WATCHDOG = "watchdog"
"""Who cuts the power of a machine whose watchdog nobody pets."""
HOST_MEMORY_MB = 512
"""What the host itself needs of its memory."""


class Bmc(StrEnum):
    """How a machine's BMC behaves."""

    OK = "ok"
    DEAD = "dead"
    LIES = "lies"


@dataclass(slots=True)
class SimulatedDomain:
    """One domain: a running (or paused) copy of a VM."""

    uuid: str
    memory_mb: int
    vcpus: int
    volumes: tuple[str, ...]
    state: DomainState
    client: str
    arriving: bool = False


@dataclass(slots=True)
class Machine:
    """One hypervisor machine.

    listeners: told a uuid whenever its domain comes, goes or changes.
    pets: how often its watchdog was petted or put to sleep: one of an earlier pet fires no more.
    lied: its BMC has said off since it was last really off, though it was on.
    """

    name: str
    memory_mb: int
    vcpus: int
    address: str
    clock: VirtualClock
    ceph: SimulatedCeph
    random: Random
    base_load: float = 0.1
    power: bool = True
    boot: int = 1
    bmc: Bmc = Bmc.OK
    lied: bool = False
    hypervisor_broken: bool = False
    pets: int = 0
    domains: dict[str, SimulatedDomain] = field(default_factory=dict)
    shut_down_inside: set[str] = field(default_factory=set)
    listeners: list[Callable[[str], None]] = field(default_factory=list)
    _clients: int = 0

    @property
    def boot_id(self) -> str:
        """The kernel's boot id: another one at every power-on."""
        return f"{self.name}-boot-{self.boot}"

    @property
    def machine_id(self) -> str:
        """The machine's identity, which survives boots."""
        return f"machine-of-{self.name}"

    def add_domain(
        self, uuid: str, memory_mb: int, vcpus: int, volumes: tuple[str, ...], state: DomainState
    ) -> SimulatedDomain:
        """A new domain, with a storage client of its own."""
        self._clients += 1
        client = f"{self.boot_id}.{self._clients}"
        domain = SimulatedDomain(
            uuid=uuid, memory_mb=memory_mb, vcpus=vcpus, volumes=volumes, state=state, client=client
        )
        self.domains[uuid] = domain
        for volume in volumes:
            self.ceph.open(volume, Client(address=self.address, name=client))
        self.changed(uuid)
        return domain

    def end_domain(self, uuid: str, *, inside: bool = False) -> None:
        """A domain ends and closes its images; `inside`: its guest shut itself down."""
        domain = self.domains.pop(uuid, None)
        if domain is None:
            return
        for volume in domain.volumes:
            self.ceph.close(volume, domain.client)
        if inside:
            self.shut_down_inside.add(uuid)
        self.changed(uuid)

    def cut_power(self) -> None:
        """Everything on it is gone at once; its storage clients' watches outlive it for a while."""
        self.power = False
        self.lied = False
        self.hypervisor_broken = False
        lost, self.domains = self.domains, {}
        self.shut_down_inside.clear()
        for domain in lost.values():
            for volume in domain.volumes:
                self.ceph.die(volume, domain.client)
            self.changed(domain.uuid)

    def give_power(self) -> None:
        """The machine boots: another boot id, no domains."""
        if not self.power:
            self.power = True
            self.boot += 1

    def changed(self, uuid: str) -> None:
        """Tell everybody who watches."""
        for listener in self.listeners:
            listener(uuid)


class SimulatedHypervisor:
    """What an agent sees of its machine's hypervisor; obeys `nodedaemon.hypervisor.Hypervisor` where it observes."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def observed_domains(self) -> Mapping[str, Domain] | None:
        machine = self._machine
        if machine.hypervisor_broken:
            return None
        return {
            uuid: Domain(uuid=uuid, state=domain.state, arriving=domain.arriving)
            for uuid, domain in machine.domains.items()
        }

    def observed_at_s(self) -> float:
        return math.inf  # always as it is now

    def observed_use(self) -> HostUse | None:
        machine = self._machine
        used_mb = HOST_MEMORY_MB
        figures: dict[str, DomainUse] = {}
        load = machine.base_load
        for uuid, domain in machine.domains.items():
            used_mb += domain.memory_mb
            busy = machine.random.random()
            cpu = (0.02 + 0.58 * busy) * domain.vcpus
            load += cpu
            figures[uuid] = DomainUse(
                cpu=cpu,
                memory_mb=int(domain.memory_mb * (0.6 + 0.3 * busy)),
                disk_bytes_s=4e6 * busy,
                net_bytes_s=2e6 * busy,
            )
        return HostUse(
            memory_total_mb=machine.memory_mb,
            memory_free_mb=max(0, machine.memory_mb - used_mb),
            load=load,
            vcpus=machine.vcpus,
            domains=figures,
        )

    def observed_error(self) -> str:
        return "libvirt does not answer" if self._machine.hypervisor_broken else ""

    def take_shut_down_inside(self) -> frozenset[str]:
        taken = frozenset(self._machine.shut_down_inside)
        self._machine.shut_down_inside.clear()
        return taken

    def on_change(self, wake: Callable[[], None]) -> None:
        self._machine.listeners.append(lambda _uuid: wake())
