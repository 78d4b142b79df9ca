"""The hypervisor of one node, as its agent needs it; libvirt and the simulated one obey the same contract suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from pvccore.model.struct import Struct
from pvccore.plan.domains import Domain


class DomainUse(Struct, frozen=True, kw_only=True):
    """What a domain uses; rates per second, cpu as a share of one core."""

    cpu: float = 0.0
    memory_mb: int = 0
    disk_bytes_s: float = 0.0
    net_bytes_s: float = 0.0


class HostUse(Struct, frozen=True, kw_only=True):
    """What the host has and uses."""

    memory_total_mb: int
    memory_free_mb: int
    load: float
    vcpus: int
    domains: Mapping[str, DomainUse]


class ObservedHypervisor(Protocol):
    """What is remembered of this host's domains; nothing here ever blocks."""

    def observed_domains(self) -> Mapping[str, Domain] | None:
        """Map uuid to domain, as last seen; None while the hypervisor does not answer."""

    def observed_at_s(self) -> float:
        """When the look began that `observed_domains` shows, on the monotonic clock; or one before it."""

    def observed_use(self) -> HostUse | None:
        """Figures of the host and its domains, as last seen; None when there are none yet."""

    def observed_error(self) -> str:
        """Why the hypervisor counts as unhealthy, "" when it answers."""

    def take_shut_down_inside(self) -> frozenset[str]:
        """Tell the uuids of domains whose guest shut itself down, since the last call."""

    def on_change(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a domain came, went or changed its state."""


class Hypervisor(ObservedHypervisor, Protocol):
    """The domains of this host, to be acted upon. Calls may take long and raise `Unavailable` in its own words."""

    def start_paused(self, xml: str) -> None:
        """Create a transient domain, paused."""

    def resume(self, uuid: str) -> None:
        """Let a paused domain run; harmless when it runs."""

    def shut_down(self, uuid: str) -> None:
        """Press the ACPI power button."""

    def destroy(self, uuid: str) -> None:
        """End a domain at once; harmless when it is gone."""

    def resize_disk(self, uuid: str, volume: str, size_bytes: int) -> None:
        """Tell a running guest that its disk on POOL/VOLUME has another size."""

    def migrate(self, uuid: str, address: str, max_downtime_ms: int, limit_s: float) -> None:
        """Move a running domain to the libvirtd at `address`, live, and leave it paused there."""
