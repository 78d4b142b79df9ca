"""How the simulated world performs effects: each takes its time, and fails as the real thing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from nodedaemon.ledger import Done
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.plan.domains import DomainState
from pvccore.plan.effects import (
    AddBlocklist,
    Destroy,
    Effect,
    InspectVolumes,
    LiftBlocklist,
    MarkOsdsDown,
    MigrateLive,
    Power,
    ReadPower,
    Resume,
    SendPowerOff,
    SendPowerOn,
    Shutdown,
    StartPaused,
    TryBmc,
)
from simulation.machine import Bmc, Machine

BMC_SILENCE_S = 3.0
CEPH_S = 0.2


class Surroundings(Protocol):
    """What an executor needs of the world."""

    @property
    def machines(self) -> dict[str, Machine]:
        """Every machine by its node's name."""

    def shape(self, uuid: str) -> tuple[int, int, tuple[str, ...]]:
        """Memory in MB, vCPUs and volumes of a VM, as its XML would say."""

    def shutdown_s(self, uuid: str) -> float | None:
        """How long its guest takes to shut down; None for the usual time."""

    def migration_s(self, uuid: str) -> float | None:
        """How long its live migration takes; None for the usual time."""

    def power_on(self, node: str) -> None:
        """Give a machine its power and boot it, daemon and all."""

    def power_off(self, node: str, *, by: str) -> None:
        """Cut a machine's power."""


def _nobody_counts() -> None:
    """What is called before and after each effect unless the process shall stand still or be killed there."""


class SimulatedExecutor:
    """Performs the effects of one daemon on the virtual clock; what a daemon began goes on when it dies."""

    def __init__(self, machine: Machine, world: Surroundings) -> None:
        self._machine = machine
        self._world = world
        self.is_dead = False
        self.acting: Callable[[], None] = _nobody_counts
        self.acted: Callable[[], None] = _nobody_counts

    def perform(self, effect: Effect, deadline_s: float | None, done: Done) -> None:
        self.acting()
        duration_s, action = self._plan(effect, deadline_s)

        def finish() -> None:
            value, error = action()
            if not self.is_dead:
                done(value, error)

        self._machine.clock.after(duration_s, finish)
        self.acted()

    def _plan(self, effect: Effect, deadline_s: float | None) -> tuple[float, Callable[[], tuple[object, str]]]:
        if isinstance(effect, ReadPower | TryBmc | SendPowerOff | SendPowerOn):
            return self._fence_agent(effect, deadline_s)
        if isinstance(effect, AddBlocklist | LiftBlocklist | MarkOsdsDown):
            return CEPH_S + self._machine.ceph.slow_s, lambda: self._ceph_command(effect, deadline_s)
        return self._hypervisor_call(effect)

    def _varied(self, usual_s: float) -> float:
        return usual_s * self._machine.random.uniform(0.7, 1.4)

    # Fence agents

    def _fence_agent(
        self, effect: ReadPower | TryBmc | SendPowerOff | SendPowerOn, deadline_s: float | None
    ) -> tuple[float, Callable[[], tuple[object, str]]]:
        target = self._world.machines[effect.node]
        if effect.agent.kind is FenceAgentKind.COMMAND:
            return self._varied(1.0), lambda: self._command(effect.agent, effect.node, deadline_s)
        if target.bmc is Bmc.DEAD:
            return BMC_SILENCE_S, lambda: (Power.UNKNOWN, "the BMC does not answer")
        if isinstance(effect, ReadPower | TryBmc):
            return self._varied(0.2), lambda: self._reading(target, in_a_test=isinstance(effect, TryBmc))
        if isinstance(effect, SendPowerOn):
            return self._varied(0.3), lambda: self._switched_on(target, deadline_s)
        return self._varied(0.5), lambda: self._switched_off(target, deadline_s)

    def _is_late(self, deadline_s: float | None) -> bool:
        """Whether the child process has ended itself by now: what it shall do must not come later."""
        return deadline_s is not None and self._machine.clock.now_s > deadline_s

    def _command(self, agent: FenceAgent, node: str, deadline_s: float | None) -> tuple[object, str]:
        if self._is_late(deadline_s):
            return Power.UNKNOWN, "ended at its deadline"
        if agent.address == "false":
            return Power.UNKNOWN, f"{agent.address} exited with 1"
        self._world.power_off(node, by=agent.address)
        return Power.OFF, ""

    def _reading(self, target: Machine, *, in_a_test: bool) -> tuple[object, str]:
        if target.bmc is Bmc.DEAD:
            return Power.UNKNOWN, "the BMC does not answer"
        if target.bmc is Bmc.LIES:
            target.lied = target.lied or (target.power and not in_a_test)
            return Power.OFF, ""
        return (Power.ON if target.power else Power.OFF), ""

    def _switched_on(self, target: Machine, deadline_s: float | None) -> tuple[object, str]:
        if self._is_late(deadline_s):
            return None, "ended at its deadline"
        if target.bmc is Bmc.DEAD:
            return None, "the BMC does not answer"
        if target.bmc is Bmc.OK:
            self._world.power_on(target.name)
        return None, ""

    def _switched_off(self, target: Machine, deadline_s: float | None) -> tuple[object, str]:
        if self._is_late(deadline_s):
            return Power.UNKNOWN, "ended at its deadline"
        if target.bmc is Bmc.DEAD:
            return Power.UNKNOWN, "the BMC does not answer"
        if target.bmc is Bmc.OK:
            self._world.power_off(target.name, by="ipmi")
        return Power.UNKNOWN, ""

    # Ceph

    def _ceph_command(
        self, effect: AddBlocklist | LiftBlocklist | MarkOsdsDown, deadline_s: float | None
    ) -> tuple[object, str]:
        ceph = self._machine.ceph
        if self._is_late(deadline_s):
            return None, "ended at its deadline"
        if isinstance(effect, AddBlocklist):
            ceph.lock_out(effect.address)
        if isinstance(effect, LiftBlocklist):
            ceph.lift(effect.address)
        return None, ""

    # The hypervisor

    def _hypervisor_call(self, effect: Effect) -> tuple[float, Callable[[], tuple[object, str]]]:
        if isinstance(effect, MigrateLive):
            return self._migration(effect)
        calls: dict[type[Effect], tuple[float, Callable[[Any], tuple[object, str]]]] = {
            InspectVolumes: (0.1, self._inspect),
            StartPaused: (1.0, self._start),
            Resume: (0.1, self._resume),
            Shutdown: (0.05, self._shut_down),
            Destroy: (0.2, self._destroy),
        }
        usual_s, call = calls[type(effect)]
        duration_s = self._varied(usual_s)
        if isinstance(effect, InspectVolumes | StartPaused):
            duration_s += self._machine.ceph.slow_s
        boot = self._machine.boot
        return duration_s, lambda: self._answered(effect, call, boot)

    def _answered(self, effect: Effect, call: Callable[[Any], tuple[object, str]], boot: int) -> tuple[object, str]:
        if not self._machine.power or self._machine.boot != boot:
            return None, "the machine is off"
        if self._machine.hypervisor_broken:
            return None, "libvirt does not answer"
        return call(effect)

    def _inspect(self, effect: InspectVolumes) -> tuple[object, str]:
        _, _, volumes = self._world.shape(effect.uuid)
        for volume in volumes:
            holder = self._machine.ceph.holder(volume, self._machine.address)
            if holder:
                return None, f"{volume} is locked by {holder}, which is alive"
            self._machine.ceph.break_stale(volume, self._machine.address)
        return None, ""

    def _start(self, effect: StartPaused) -> tuple[object, str]:
        if effect.uuid in self._machine.domains:
            return None, "a domain with this uuid exists"
        memory_mb, vcpus, volumes = self._world.shape(effect.uuid)
        domain = self._machine.add_domain(effect.uuid, memory_mb, vcpus, volumes, DomainState.PAUSED)
        return (domain.client,), ""

    def _resume(self, effect: Resume) -> tuple[object, str]:
        domain = self._machine.domains.get(effect.uuid)
        if domain is None:
            return None, "there is no such domain"
        domain.state = DomainState.RUNNING
        self._machine.changed(effect.uuid)
        return ((domain.client,) if effect.arrived else ()), ""

    def _shut_down(self, effect: Shutdown) -> tuple[object, str]:
        domain = self._machine.domains.get(effect.uuid)
        if domain is None:
            return None, "there is no such domain"
        known_s = self._world.shutdown_s(effect.uuid)
        takes_s = self._varied(3.0) if known_s is None else known_s
        client = domain.client

        def gone() -> None:
            present = self._machine.domains.get(effect.uuid)
            if present is not None and present.client == client:
                self._machine.end_domain(effect.uuid)

        self._machine.clock.after(takes_s, gone)
        return None, ""

    def _destroy(self, effect: Destroy) -> tuple[object, str]:
        self._machine.end_domain(effect.uuid)
        return None, ""

    # Live migration

    def _migration(self, effect: MigrateLive) -> tuple[float, Callable[[], tuple[object, str]]]:
        known_s = self._world.migration_s(effect.uuid)
        takes_s = self._varied(2.0) if known_s is None else known_s
        target = self._world.machines[effect.target]
        source_boot, target_boot = self._machine.boot, target.boot
        if takes_s > effect.limit_s:
            return effect.limit_s, lambda: (None, f"it did not arrive within {effect.limit_s:g} s")
        return takes_s, lambda: self._arrive(effect, target, source_boot, target_boot)

    def _arrive(self, effect: MigrateLive, target: Machine, source_boot: int, target_boot: int) -> tuple[object, str]:
        source = self._machine
        if not source.power or source.boot != source_boot or source.hypervisor_broken:
            return None, "the source's libvirt does not answer"
        domain = source.domains.get(effect.uuid)
        if domain is None:
            return None, "the domain ended meanwhile"
        if not target.power or target.boot != target_boot or target.hypervisor_broken:
            return None, "the target does not answer"
        if effect.uuid in target.domains:
            return None, "the target has a domain of this uuid already"
        target.add_domain(domain.uuid, domain.memory_mb, domain.vcpus, domain.volumes, DomainState.PAUSED)
        source.end_domain(domain.uuid)
        return None, ""
