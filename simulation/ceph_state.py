"""What the simulated Ceph stores: OSDs on machines, pools with images and their snapshots, flags; and how it fares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulation.storage import Client, SimulatedCeph

GB = 1 << 30
OSD_BYTES = 960 * GB
DRAIN_S = 40.0
"""How long the copies on an OSD that is out take to go elsewhere."""
NEARLY_FULL = 0.85
FULL = 0.95
FILLED = 0.9


@dataclass(slots=True, kw_only=True)
class Osd:
    """One simulated OSD."""

    number: int
    node: str
    device: str = "/dev/sdb"
    device_class: str = "ssd"
    size_bytes: int = OSD_BYTES
    is_in: bool = True
    is_stopped: bool = False
    out_at_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Snap:
    """One simulated snapshot."""

    name: str
    size_bytes: int
    is_protected: bool = False


@dataclass(slots=True, kw_only=True)
class Image:
    """One simulated RBD image."""

    size_bytes: int
    used_bytes: int = 0
    parent: str = ""
    snaps: list[Snap] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Pool:
    """One simulated pool. filled_bytes: what is in it beside its images."""

    name: str
    pgs: int = 128
    replicas: int = 3
    replicas_min: int = 2
    filled_bytes: int = 0
    images: dict[str, Image] = field(default_factory=dict)

    @property
    def stored_bytes(self) -> int:
        return self.filled_bytes + sum(image.used_bytes for image in self.images.values())


@dataclass(slots=True, kw_only=True)
class SimulatedStorage:
    """The storage of a simulated world. is_powered: whether a node's machine is on. files: image files on nodes."""

    ceph: SimulatedCeph
    is_powered: Callable[[str], bool]
    monitor_nodes: tuple[str, ...]
    osds: dict[int, Osd] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    lost_osds: set[int] = field(default_factory=set)
    filled: dict[str, int] = field(default_factory=dict)
    files: dict[tuple[str, str], int] = field(default_factory=dict)

    def is_up(self, osd: Osd) -> bool:
        """Whether its daemon answers."""
        return not osd.is_stopped and osd.number not in self.lost_osds and self.is_powered(osd.node)

    def monitors(self) -> list[str]:
        """The nodes whose monitors are in quorum."""
        return [node for node in self.monitor_nodes if self.is_powered(node)]

    def clients(self, volume: str) -> list[Client]:
        """Who has a volume open; a dead client's watch lasts a while, unless it is locked out."""
        now_s = self.ceph.clock.now_s
        return [
            client
            for client in self.ceph.watchers.get(volume, ())
            if client.address not in self.ceph.blocklist and (client.dies_at_s is None or now_s < client.dies_at_s)
        ]

    # Faults

    def lose_osd(self, node: str) -> None:
        """One more OSD of a node is gone; nothing when none is left."""
        living = [osd.number for osd in self.osds.values() if osd.node == node and osd.number not in self.lost_osds]
        self.lost_osds.update(living[:1])

    def fill(self, name: str) -> None:
        """Somebody writes into a pool until the whole storage is nearly full."""
        pool = self.pools.get(name)
        if pool is not None:
            self.filled.setdefault(name, pool.filled_bytes)
            pool.filled_bytes += max(0, int((self.total_bytes() * FILLED - self.used_bytes()) / pool.replicas))

    def mend(self) -> None:
        """Every OSD is back, and what was written to fill a pool is gone."""
        self.lost_osds.clear()
        for name, before_bytes in self.filled.items():
            if name in self.pools:
                self.pools[name].filled_bytes = before_bytes
        self.filled.clear()

    # Figures

    def total_bytes(self) -> int:
        """The room of all OSDs that are in."""
        return sum(osd.size_bytes for osd in self.osds.values() if osd.is_in)

    def used_bytes(self) -> int:
        """What is taken of it, with all copies."""
        return sum(pool.stored_bytes * pool.replicas for pool in self.pools.values())

    def used_by(self, osd: Osd) -> int:
        """What is taken of one OSD."""
        total = self.total_bytes()
        return int(osd.size_bytes * self.used_bytes() / total) if total and osd.is_in else 0

    def available_bytes(self, pool: Pool) -> int:
        """What clients may still write to a pool."""
        return max(0, int((self.total_bytes() * FULL - self.used_bytes()) / pool.replicas))

    def pgs_on(self, osd: Osd, skipped_s: float = 0.0) -> int:
        """Placement groups that count on an OSD; they leave one that is out, little by little."""
        share = sum(pool.pgs * pool.replicas for pool in self.pools.values()) // max(1, len(self.osds))
        if osd.is_in:
            return share
        gone = (self.ceph.clock.now_s + skipped_s - osd.out_at_s) / DRAIN_S
        return max(0, round(share * (1 - gone)))

    def degraded_ratio(self) -> float:
        """The share of copies that lie on OSDs that are in and not up."""
        counted = [osd for osd in self.osds.values() if osd.is_in]
        down = sum(not self.is_up(osd) for osd in counted)
        return down / len(counted) if counted else 0.0

    def load(self) -> float:
        """How busy it is: by how many clients have something open."""
        return min(3.0, sum(bool(found) for found in self.ceph.watchers.values()) / 20)

    def complaints(self) -> list[tuple[str, str, str]]:
        """Code, severity and message of all that is wrong."""
        found = []
        down = [osd.number for osd in self.osds.values() if osd.is_in and not self.is_up(osd)]
        if down:
            found.append(("OSD_DOWN", "WARN", f"{len(down)} osds down"))
            found.append(("PG_DEGRADED", "WARN", f"Degraded data redundancy: {self.degraded_ratio():.1%} of copies"))
        gone = [node for node in self.monitor_nodes if not self.is_powered(node)]
        if gone:
            found.append(("MON_DOWN", "WARN", f"{len(gone)}/{len(self.monitor_nodes)} mons down: {', '.join(gone)}"))
        if self.flags:
            found.append(("OSDMAP_FLAGS", "WARN", f"{','.join(sorted(self.flags))} flag(s) set"))
        if self.ceph.slow_s > 0:
            found.append(("SLOW_OPS", "WARN", f"slow ops, oldest one blocked for {self.ceph.slow_s:.0f} sec"))
        total = self.total_bytes()
        ratio = self.used_bytes() / total if total else 0.0
        if ratio >= FULL:
            found.append(("OSD_FULL", "ERR", f"{len(self.osds)} full osd(s)"))
        elif ratio >= NEARLY_FULL:
            found.append(("OSD_NEARFULL", "WARN", f"{len(self.osds)} nearfull osd(s)"))
        return found
