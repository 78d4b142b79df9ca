"""The simulated Ceph: one image per volume, with its lock and its watchers, and a blocklist of addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulation.clock import VirtualClock

WATCH_TIMEOUT_S = 30.0
"""How long the watch of a dead client lasts (osd_client_watch_timeout)."""
FOREIGN = "198.51.100.9"
"""The address of the living foreign client of the fault `lock-stuck`."""


@dataclass(slots=True)
class Client:
    """One librbd client: a running domain's, or a foreign one."""

    address: str
    name: str
    dies_at_s: float | None = None


@dataclass(slots=True)
class SimulatedCeph:
    """What is locked by whom, and who is locked out. on_lifted, on_locked_out: who is told."""

    clock: VirtualClock
    slow_s: float = 0.0
    blocklist: set[str] = field(default_factory=set)
    watchers: dict[str, list[Client]] = field(default_factory=dict)
    on_lifted: list[Callable[[], None]] = field(default_factory=list)
    on_locked_out: list[Callable[[str], None]] = field(default_factory=list)

    def lock_out(self, address: str) -> None:
        """Refuse every client of an address."""
        self.blocklist.add(address)
        for told in self.on_locked_out:
            told(address)

    def lift(self, address: str) -> None:
        """Let the clients of an address write again."""
        self.blocklist.discard(address)
        for told in self.on_lifted:
            told()

    def open(self, volume: str, client: Client) -> None:
        """A client opens an image for writing."""
        self.watchers.setdefault(volume, []).append(client)

    def close(self, volume: str, name: str) -> None:
        """A client closes an image in good order."""
        self.watchers[volume] = [client for client in self.watchers.get(volume, ()) if client.name != name]

    def die(self, volume: str, name: str) -> None:
        """A client is gone without closing: its watch and its lock last for a while."""
        for client in self.watchers.get(volume, ()):
            if client.name == name:
                client.dies_at_s = self.clock.now_s + WATCH_TIMEOUT_S

    def holder(self, volume: str, own_address: str) -> str:
        """The address of a foreign client that still holds the image and is not locked out; "" when it is free."""
        for client in self.watchers.get(volume, ()):
            is_gone = client.dies_at_s is not None and self.clock.now_s >= client.dies_at_s
            is_own_corpse = client.address == own_address and client.dies_at_s is not None
            if not is_gone and not is_own_corpse and client.address not in self.blocklist:
                return client.address
        return ""

    def break_stale(self, volume: str, own_address: str) -> None:
        """Drop the watchers that `holder` does not count."""
        self.watchers[volume] = [
            client
            for client in self.watchers.get(volume, ())
            if client.dies_at_s is None and client.address not in self.blocklist and client.address != own_address
        ]
