"""The VM runner: performs what the agent decides about domains, one by one for each VM, side by side across VMs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from nodedaemon.hypervisor import Hypervisor
from nodedaemon.lanes import Lanes
from nodedaemon.ledger import Done
from pvccore.model.errors import PvcError
from pvccore.plan.effects import (
    Destroy,
    Effect,
    InspectVolumes,
    MigrateLive,
    Resume,
    Shutdown,
    StartPaused,
    VmEffect,
)

VMS_AT_ONCE = 16
"""How many VMs may be acted upon at once; a live migration takes one of these places for minutes."""

log = logging.getLogger(__name__)


class Volumes(Protocol):
    """The storage of this node's VMs, as far as a start depends on it. Errors are any of the five."""

    def inspect(self, uuid: str) -> None:
        """Break stale locks of the VM's volumes; raises `Refused` naming a foreign holder."""

    def clients(self, uuid: str) -> tuple[str, ...]:
        """Tell the Ceph client addresses of the domain that has just been made."""


class NoStorage:
    """Volumes of a node without Ceph: nothing is locked, nobody watches."""

    def inspect(self, uuid: str) -> None:
        """Find nothing."""

    def clients(self, uuid: str) -> tuple[str, ...]:
        return ()


class VmRunner:
    """The executor of every `VmEffect`. xml: reads a VM's XML from the store, at the time of its start."""

    def __init__(self, hypervisor: Hypervisor, volumes: Volumes, xml: Callable[[str], str]) -> None:
        self._hypervisor = hypervisor
        self._volumes = volumes
        self._xml = xml
        self._lanes = Lanes("vm runner", VMS_AT_ONCE)
        self._calls: Mapping[type[Effect], Callable[[Any], object]] = {
            InspectVolumes: self._inspect,
            StartPaused: self._start_paused,
            Resume: self._resume,
            Shutdown: self._shut_down,
            Destroy: self._destroy,
            MigrateLive: self._migrate,
        }

    def perform(self, effect: Effect, deadline_s: float | None, done: Done) -> None:
        """See `Executor.perform`; effects on domains have no deadline: the claim decides who may act."""
        if not isinstance(effect, VmEffect):
            done(None, f"no agent can perform {type(effect).__name__}")
            return
        self._lanes.add(effect.uuid, lambda: self._perform(effect, done))

    def stop(self, limit_s: float = 5.0) -> bool:
        """Begin nothing more; whether all that was under way has ended within the limit."""
        return self._lanes.stop(limit_s)

    def _perform(self, effect: VmEffect, done: Done) -> None:
        value: object = None
        error = "it broke off; see the daemon's log"
        try:
            value = self._calls[type(effect)](effect)
            error = ""
        except PvcError as failure:
            error = str(failure)
            log.warning("%s of VM %s: %s", type(effect).__name__, effect.uuid, error, extra={"vm": effect.uuid})
        finally:
            done(value, error)

    def _inspect(self, effect: InspectVolumes) -> None:
        self._volumes.inspect(effect.uuid)

    def _start_paused(self, effect: StartPaused) -> tuple[str, ...]:
        self._hypervisor.start_paused(self._xml(effect.uuid))
        return self._volumes.clients(effect.uuid)

    def _resume(self, effect: Resume) -> tuple[str, ...]:
        self._hypervisor.resume(effect.uuid)
        if not effect.arrived:
            return ()
        try:
            return self._volumes.clients(effect.uuid)
        except PvcError as failure:  # it runs: a look at its storage that fails is no reason to end it
            log.warning("clients of VM %s are not known: %s", effect.uuid, failure, extra={"vm": effect.uuid})
            return ()

    def _shut_down(self, effect: Shutdown) -> None:
        self._hypervisor.shut_down(effect.uuid)

    def _destroy(self, effect: Destroy) -> None:
        self._hypervisor.destroy(effect.uuid)

    def _migrate(self, effect: MigrateLive) -> None:
        self._hypervisor.migrate(effect.uuid, effect.target_address, effect.max_downtime_ms, effect.limit_s)
