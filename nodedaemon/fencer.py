"""The fencer: performs what the manager decides about nodes from outside: their power, and their storage's door."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from nodedaemon.fence_agents.power_switch import PowerSwitch
from nodedaemon.lanes import Lanes
from nodedaemon.ledger import Done
from nodedaemon.loop import Clock
from pvccore.model.errors import PvcError, Unavailable
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.plan.effects import (
    AddBlocklist,
    Effect,
    LiftBlocklist,
    MarkOsdsDown,
    NodeEffect,
    Power,
    ReadPower,
    SendPowerOff,
    SendPowerOn,
    TryBmc,
)

NODES_AT_ONCE = 16
"""How many nodes may be acted upon at once; goodbyes are watched beside the few fences that run in parallel."""
STORAGE_LIMIT_S = 10.0
"""How long a command to the storage cluster may take, if the manager's session does not end it before."""

log = logging.getLogger(__name__)


class StorageDoor(Protocol):
    """The storage cluster, as far as a fence closes it to a node. Errors are any of the five."""

    def add_to_blocklist(self, address: str, limit_s: float) -> None:
        """Refuse every client of that address, or end within the limit; harmless when it is so."""

    def lift_from_blocklist(self, address: str, limit_s: float) -> None:
        """Serve that address again, or end within the limit; harmless when it is so."""

    def mark_osds_down(self, node: str, limit_s: float) -> None:
        """Tell Ceph that the OSDs of that node are down, or end within the limit."""


class NoStorageDoor:
    """A daemon without Ceph: nothing can be closed, and what was not done is said."""

    def add_to_blocklist(self, address: str, limit_s: float) -> None:
        """Say that it can't."""
        raise Unavailable("this daemon has no Ceph configured")

    def lift_from_blocklist(self, address: str, limit_s: float) -> None:
        """Say that it can't."""
        raise Unavailable("this daemon has no Ceph configured")

    def mark_osds_down(self, node: str, limit_s: float) -> None:
        """Say that it can't."""
        raise Unavailable("this daemon has no Ceph configured")


class Fencer:
    """The executor of every `NodeEffect`. bmc_limit_s: how long one question to a BMC may take, as set now.

    A node's power is asked one question at a time; its storage is closed in parallel to that, and no test of its BMC
    delays a fence.
    """

    def __init__(
        self,
        switches: Mapping[FenceAgentKind, PowerSwitch],
        door: StorageDoor,
        bmc_limit_s: Callable[[], float],
        clock: Clock,
    ) -> None:
        self._switches = switches
        self._door = door
        self._bmc_limit_s = bmc_limit_s
        self._clock = clock
        self._lanes = Lanes("fencer", NODES_AT_ONCE)
        self._calls: Mapping[type[Effect], Callable[[Any, float], object]] = {
            ReadPower: self._read,
            TryBmc: self._read,
            SendPowerOff: self._turn_off,
            SendPowerOn: self._turn_on,
            AddBlocklist: lambda effect, until_s: self._door.add_to_blocklist(effect.address, self._left_s(until_s)),
            LiftBlocklist: lambda effect, until_s: self._door.lift_from_blocklist(
                effect.address, self._left_s(until_s)
            ),
            MarkOsdsDown: lambda effect, until_s: self._door.mark_osds_down(effect.node, self._left_s(until_s)),
        }

    def perform(self, effect: Effect, deadline_s: float | None, done: Done) -> None:
        """See `Executor.perform`."""
        if not isinstance(effect, NodeEffect):
            done(None, f"no manager can perform {type(effect).__name__}")
            return
        self._lanes.add(f"{_lane(effect)} {effect.node}", lambda: self._perform(effect, deadline_s, done))

    def stop(self, limit_s: float = 5.0) -> bool:
        """Begin nothing more; whether all that was under way has ended within the limit."""
        return self._lanes.stop(limit_s)

    def _perform(self, effect: NodeEffect, deadline_s: float | None, done: Done) -> None:
        value: object = Power.UNKNOWN
        error = "it broke off; see the daemon's log"
        try:
            value = self._calls[type(effect)](effect, self._until_s(effect, deadline_s))
            error = ""
        except PvcError as failure:
            error = str(failure)
            log.warning("%s of node %s: %s", type(effect).__name__, effect.node, error, extra={"node": effect.node})
        finally:
            done(value, error)

    def _until_s(self, effect: NodeEffect, deadline_s: float | None) -> float:
        asks_a_bmc = isinstance(effect, _OF_A_SWITCH)
        limit_at_s = self._clock.monotonic() + (self._bmc_limit_s() if asks_a_bmc else STORAGE_LIMIT_S)
        return limit_at_s if deadline_s is None else min(limit_at_s, deadline_s)

    def _left_s(self, until_s: float) -> float:
        """What is left; a hung daemon's command must not reach Ceph when its successor has gone on."""
        left_s = until_s - self._clock.monotonic()
        if left_s <= 0:
            raise Unavailable("it was not begun: it was too late")
        return left_s

    def _switch(self, agent: FenceAgent) -> PowerSwitch:
        switch = self._switches.get(agent.kind)
        if switch is None:
            raise Unavailable(f"{agent.kind} has no power switch")
        return switch

    def _read(self, effect: ReadPower | TryBmc, until_s: float) -> Power:
        return self._switch(effect.agent).read(effect.node, effect.agent, until_s)

    def _turn_off(self, effect: SendPowerOff, until_s: float) -> Power:
        return self._switch(effect.agent).turn_off(effect.node, effect.agent, until_s)

    def _turn_on(self, effect: SendPowerOn, until_s: float) -> None:
        self._switch(effect.agent).turn_on(effect.node, effect.agent, until_s)


_OF_A_SWITCH = (ReadPower, TryBmc, SendPowerOff, SendPowerOn)


def _lane(effect: NodeEffect) -> str:
    if isinstance(effect, TryBmc):
        return "test of"
    return "power of" if isinstance(effect, _OF_A_SWITCH) else "storage of"
