"""The simulated watchdog of a machine: nobody pets it for its time-out, and the machine's power is gone."""

from __future__ import annotations

from collections.abc import Callable

from nodedaemon.self_fence import DISARM, PET_EVERY_S, SelfFence, WatchdogRule
from pvccore.model.errors import Unavailable
from pvccore.state.store import Store
from simulation.clock import VirtualClock
from simulation.machine import Machine

TIMEOUT_S = 5


def watchdog_rule(session_s: float) -> WatchdogRule:
    """How a simulated node with a watchdog fences itself: as soon as the rule allows with such sessions."""
    return WatchdogRule(device="simulated", stops_after_s=max(1.0, session_s), timeout_s=TIMEOUT_S)


class SimulatedDevice:
    """An opened watchdog; it belongs to the machine, and goes on when its daemon is gone. cut: what it does then."""

    def __init__(self, machine: Machine, timeout_s: int, cut: Callable[[], None]) -> None:
        if not machine.power:
            raise Unavailable("the machine is off")
        self._machine = machine
        self._timeout_s = timeout_s
        self._cut = cut
        self.write(b"")

    def write(self, words: bytes) -> None:
        machine = self._machine
        machine.pets += 1
        if words != DISARM:
            pet, boot = machine.pets, machine.boot
            machine.clock.after(self._timeout_s, lambda: self._fire(pet, boot))

    def close(self) -> None:
        """Its last word has been written."""

    def _fire(self, pet: int, boot: int) -> None:
        if (self._machine.pets, self._machine.boot) == (pet, boot):
            self._cut()


class SimulatedSelfFence(SelfFence):
    """The daemon's own self-fencing, petting by the virtual clock. is_petting: False while its process stands still."""

    def __init__(
        self,
        rule: WatchdogRule,
        store: Store,
        machine: Machine,
        cut: Callable[[], None],
        is_petting: Callable[[], bool],
    ) -> None:
        super().__init__(rule, store, machine.clock, lambda _path, timeout_s: SimulatedDevice(machine, timeout_s, cut))
        self._virtual_clock: VirtualClock = machine.clock
        self._is_petting = is_petting
        self._is_stopped = False

    def start(self) -> None:
        """Pet every so often, until it is stopped."""
        if self._is_stopped:
            return
        if self._is_petting():
            self.pet()
        self._virtual_clock.after(PET_EVERY_S, self.start)

    def stop(self) -> None:
        self._is_stopped = True
