"""The storage under the VMs, as its reporter last saw it: health, OSDs, pools, volumes and their snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from pvccore.model.errors import Invalid, NotFound
from pvccore.model.record import Record
from pvccore.model.struct import Struct, field

PART = ".partial-"
"""What stands in the name of a volume that is not whole yet, before the key of the task that makes it."""


class StorageHealth(StrEnum):
    """Ceph's own word on itself; unknown before anyone has asked it."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"


class HealthCheck(Struct, frozen=True, kw_only=True):
    """One complaint of the storage. code: Ceph's name of it, as OSD_DOWN. muted: a person has silenced it."""

    code: str
    severity: StorageHealth = StorageHealth.WARNING
    summary: str = ""
    details: tuple[str, ...] = ()
    muted: bool = False


class StorageStatus(Record, frozen=True, kw_only=True):
    """The storage as a whole, as the holder of the manager lease last saw it.

    at: its wall clock when the figures were read, 0 before the first; by: its node. took_s: what reading cost.
    error, error_since: why nothing newer could be read, and since when; the figures then keep their age.
    flags: set for the whole cluster, as noout. pg_states: state → how many placement groups.
    degraded_ratio, misplaced_ratio: of all object copies, 0 to 1. volumes_at: when sizes in use were last read.
    """

    at: float = 0.0
    by: str = ""
    took_s: float = 0.0
    error: str = ""
    error_since: float = 0.0
    fsid: str = ""
    ceph_version: str = ""
    health: StorageHealth = StorageHealth.UNKNOWN
    checks: tuple[HealthCheck, ...] = ()
    flags: tuple[str, ...] = ()
    monitors: tuple[str, ...] = ()
    monitors_in_quorum: tuple[str, ...] = ()
    osds_total: int = 0
    osds_up: int = 0
    osds_in: int = 0
    pgs_total: int = 0
    pg_states: Mapping[str, int] = field(default_factory=dict)
    total_bytes: int = 0
    used_bytes: int = 0
    available_bytes: int = 0
    degraded_ratio: float = 0.0
    misplaced_ratio: float = 0.0
    recovering_bytes_s: float = 0.0
    read_bytes_s: float = 0.0
    write_bytes_s: float = 0.0
    read_operations_s: float = 0.0
    write_operations_s: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether anything was ever read."""
        return self.at > 0

    @property
    def used_ratio(self) -> float:
        """How much of the raw room is in use, 0 to 1."""
        return self.used_bytes / self.total_bytes if self.total_bytes else 0.0


class Osd(Struct, frozen=True, kw_only=True):
    """One OSD of the storage. is_up: its daemon answers. is_in: copies are placed on it.

    node: the host that CRUSH has it under. weight: CRUSH weight (TiB by habit); reweight: 0 to 1.
    """

    id: int
    node: str = ""
    device: str = ""
    device_class: str = ""
    is_up: bool = False
    is_in: bool = False
    weight: float = 0.0
    reweight: float = 1.0
    total_bytes: int = 0
    used_bytes: int = 0
    pgs: int = 0
    latency_ms: float = 0.0

    @property
    def used_ratio(self) -> float:
        """How full it is, 0 to 1."""
        return self.used_bytes / self.total_bytes if self.total_bytes else 0.0


class Osds(Record, frozen=True, kw_only=True):
    """Every OSD, by id in ascending order."""

    osds: tuple[Osd, ...] = ()


class Pool(Struct, frozen=True, kw_only=True):
    """One pool. stored_bytes: what clients wrote; used_bytes: what that takes on disks with all copies.

    available_bytes: what clients may still write before the fullest OSD is full (Ceph's max avail).
    volumes: how many images there are. namespaces: how many it has; what is in them is not looked at.
    is_erasure_coded: it keeps no volumes of its own, only their data.
    error: why its volumes could not be listed; those that are known are then old.
    """

    name: str
    id: int = 0
    replicas: int = 0
    replicas_min: int = 0
    pgs: int = 0
    stored_bytes: int = 0
    used_bytes: int = 0
    available_bytes: int = 0
    objects: int = 0
    volumes: int = 0
    namespaces: int = 0
    applications: tuple[str, ...] = ()
    is_erasure_coded: bool = False
    error: str = ""

    @property
    def is_for_volumes(self) -> bool:
        """Whether RBD images may be in it: it is marked so, or nobody ever said what it is for."""
        return not self.is_erasure_coded and ("rbd" in self.applications or not self.applications)

    @property
    def used_ratio(self) -> float:
        """How much of the room that clients have here is taken, 0 to 1."""
        room = self.stored_bytes + self.available_bytes
        return self.stored_bytes / room if room else 0.0


class Pools(Record, frozen=True, kw_only=True):
    """Every pool, by name."""

    pools: tuple[Pool, ...] = ()


class Snapshot(Struct, frozen=True, kw_only=True):
    """One snapshot of a volume; size_bytes: the volume's at that moment."""

    name: str
    size_bytes: int = 0
    is_protected: bool = False


class Volume(Struct, frozen=True, kw_only=True):
    """One RBD image. used_bytes: with its snapshots; -1 when never measured (it is dear, and done now and then).

    parent: pool/image@snapshot that it is a clone of. is_locked: a client holds its exclusive lock.
    lock_holder: that client's address. watchers: the addresses that have it open. opened_at: the reporter's wall
    clock when it last asked for those two, 0 for never: that is asked of some volumes at a time.
    unlisted_snapshots: how many more it has, older than those listed. error: why Ceph could not open it.
    """

    name: str
    size_bytes: int = 0
    used_bytes: int = -1
    parent: str = ""
    is_locked: bool = False
    lock_holder: str = ""
    watchers: tuple[str, ...] = ()
    opened_at: float = 0.0
    snapshots: tuple[Snapshot, ...] = ()
    unlisted_snapshots: int = 0
    error: str = ""

    @property
    def snapshot_count(self) -> int:
        """How many snapshots it has, listed or not."""
        return len(self.snapshots) + self.unlisted_snapshots

    def snapshot(self, name: str) -> Snapshot:
        """The snapshot of that name; raises NotFound."""
        for one in self.snapshots:
            if one.name == name:
                return one
        raise NotFound("snapshot", f"{self.name}@{name}")


class PoolVolumes(Record, frozen=True, kw_only=True):
    """Some of a pool's volumes, by name: one of `shards` documents; `volume_documents` tells which volume is where."""

    pool: str = ""
    shards: int = 1
    volumes: tuple[Volume, ...] = ()


def volumes_key(pool: str, shard: int) -> str:
    """The key of one of a pool's documents."""
    return f"{pool}.{shard}"


def pool_of_key(key: str) -> str:
    """The pool of a document's key."""
    return key.rpartition(".")[0]


def path_of_volume(pool: str, volume: str) -> str:
    """How a volume is called everywhere outside its pool: POOL/VOLUME, as in a VM's definition."""
    return f"{pool}/{volume}"


def part_name(volume: str, task: str) -> str:
    """What a volume is called while the task of that key writes it: it has its own name only once it is whole."""
    return f"{volume}{PART}{task}"


def split_part_name(name: str) -> tuple[str, str]:
    """The volume and the task's key of a part's name; both are empty where it is none."""
    volume, _, task = name.rpartition(PART)
    return (volume, task) if volume and task else ("", "")


def split_volume_path(path: str) -> tuple[str, str]:
    """Pool and volume of POOL/VOLUME; the volume is empty where there is no slash."""
    pool, _, volume = path.partition("/")
    return pool, volume


class Storage(Struct, frozen=True, kw_only=True):
    """What is known of the storage, put together. osds by id, pools by name, volumes by pool, then by name."""

    status: StorageStatus = StorageStatus()
    osds: Mapping[int, Osd] = field(default_factory=dict)
    pools: Mapping[str, Pool] = field(default_factory=dict)
    volumes: Mapping[str, Mapping[str, Volume]] = field(default_factory=dict)

    def pool(self, name: str) -> Pool:
        """The pool of that name; raises NotFound."""
        try:
            return self.pools[name]
        except KeyError:
            raise NotFound("pool", name) from None

    def osd(self, number: int) -> Osd:
        """The OSD of that id; raises NotFound."""
        try:
            return self.osds[number]
        except KeyError:
            raise NotFound("OSD", str(number)) from None

    def volume(self, pool: str, name: str) -> Volume:
        """The volume of that name in that pool; raises NotFound."""
        self.pool(pool)
        try:
            return self.volumes[pool][name]
        except KeyError:
            raise NotFound("volume", path_of_volume(pool, name)) from None

    def find(self, path: str) -> Volume | None:
        """The volume POOL/VOLUME as a VM names it; None when it was never seen."""
        pool, name = split_volume_path(path)
        return self.volumes.get(pool, {}).get(name)

    def clones_of(self, pool: str, volume: str, snapshot: str = "") -> list[str]:
        """POOL/VOLUME of every clone of a snapshot of this volume (or of one snapshot of it), in order."""
        parent = f"{path_of_volume(pool, volume)}@{snapshot}"
        return sorted(
            path_of_volume(place, one.name)
            for place, volumes in self.volumes.items()
            for one in volumes.values()
            if (one.parent == parent if snapshot else one.parent.startswith(parent))
        )


def merged_volumes(parts: Iterable[PoolVolumes]) -> dict[str, Volume]:
    """A pool's volumes from its documents, by name."""
    return {volume.name: volume for part in parts for volume in part.volumes}


def namespace_words(pool: Pool) -> str:
    """What is not seen of a pool that has namespaces."""
    return f"{pool.namespaces} namespace{'s' * (pool.namespaces > 1)}, whose volumes are not listed"


def parse_size(text: str) -> int:
    """A size as a person types it (20G, 512M, 1.5T, or bytes), in bytes; raises Invalid."""
    units = {"B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
    word = text.strip().upper().removesuffix("IB")
    unit = units.get(word[-1:], 0)
    try:
        number = float(word[:-1] if unit else word) * (unit or 1)
    except ValueError:
        number = 0.0
    if not 1 <= number < 1 << 60:
        raise Invalid("size", text, "must be like 20G, 512M or 1.5T")
    return int(number)


def size_words(size_bytes: float) -> str:
    """A size as a person reads it, in the units that `parse_size` takes."""
    size, unit = float(size_bytes), "B"
    for larger in ("K", "M", "G", "T"):
        if abs(size) < 1024:  # noqa: PLR2004 - binary units
            break
        size, unit = size / 1024, larger
    return f"{size:.4g} {unit}"
