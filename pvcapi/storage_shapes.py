"""What goes in and comes out of `/storage`, as the OpenAPI document describes it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from pvcapi.wanted import Name, NodeName
from pvccore.model.storage import StorageHealth
from pvccore.plan.storage_checks import FLAGS, MAX_PGS, MAX_REPLICAS

Size = Annotated[str, Meta(max_length=32, description="In bytes, or with K, M, G, T.", examples=["20G"])]
Pgs = Annotated[int, Meta(ge=1, le=MAX_PGS, description="Placement groups.")]


# What comes out


class HealthCheckRecord(Struct, frozen=True):
    """One complaint of the storage."""

    code: Annotated[str, Meta(examples=["OSD_DOWN"])]
    severity: StorageHealth
    summary: str
    muted: bool


OsdCounts = Annotated[dict[str, int], Meta(description="total, up and in")]


class PgCounts(Struct, frozen=True):
    """How many placement groups there are, and in which states."""

    total: int
    states: dict[str, int]


class StorageStatusRecord(Struct, frozen=True):
    """The storage as a whole. at: when its figures were read, null while nothing is known."""

    known: bool
    at: float | None
    by: str | None
    error: str | None
    error_since: float | None
    health: StorageHealth
    checks: list[HealthCheckRecord]
    flags: list[str]
    ceph_version: str | None
    monitors: list[str]
    monitors_in_quorum: list[str]
    osds: OsdCounts
    pgs: PgCounts
    total_bytes: int
    used_bytes: int
    available_bytes: int
    degraded_ratio: float
    misplaced_ratio: float
    recovering_bytes_s: float
    read_bytes_s: float
    write_bytes_s: float
    read_operations_s: float
    write_operations_s: float


class OsdRecord(Struct, frozen=True, rename={"device_class": "class", "is_in": "in"}):
    """An OSD."""

    osd: int
    node: str | None
    device: str | None
    device_class: str | None
    up: bool
    is_in: bool
    weight: float
    reweight: float
    total_bytes: int
    used_bytes: int
    pgs: int
    latency_ms: float


class PoolRecord(Struct, frozen=True):
    """A pool. namespaces: how many it has; volumes in them are neither counted nor listed."""

    pool: str
    volumes: int
    namespaces: int
    stored_bytes: int
    used_bytes: int
    available_bytes: int
    used_ratio: float
    replicas: int
    replicas_min: int
    pgs: int
    objects: int
    applications: list[str]
    error: str | None


class Utilization(Struct, frozen=True):
    """How full the storage and its pools are. at: when that was read, null while nothing is known."""

    at: float | None
    total_bytes: int
    used_bytes: int
    available_bytes: int
    pools: list[PoolRecord]


class VolumeRecord(Struct, frozen=True):
    """A volume, and the VMs that use it.

    open_at: the nodes, or addresses of none, that had it open when Ceph was last asked, at open_asked_at.
    error: why Ceph could not open it.
    """

    volume: Annotated[str, Meta(examples=["vms/web1_disk0"])]
    pool: str
    name: str
    size_bytes: int
    used_bytes: int | None
    parent: str | None
    locked: bool
    lock_holder: str | None
    open_at: list[str]
    open_asked_at: float | None
    vms: list[str]
    snapshots: int
    error: str | None


class SnapshotRecord(Struct, frozen=True):
    """A snapshot of a volume."""

    snapshot: Annotated[str, Meta(examples=["vms/web1_disk0@before"])]
    volume: str
    name: str
    size_bytes: int
    protected: bool


# What goes in


class FlagAction(StrEnum):
    """What is done with a flag."""

    SET = "set"
    UNSET = "unset"


class FlagWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A flag of the whole storage."""

    action: FlagAction
    option: Annotated[str, Meta(max_length=32, description="One of " + ", ".join(sorted(FLAGS)), examples=["noout"])]


class NewOsd(Struct, frozen=True, forbid_unknown_fields=True):
    """A device to make an OSD of."""

    node: NodeName
    device: Annotated[str, Meta(max_length=200, examples=["/dev/sdb"])]
    device_class: Annotated[str, Meta(max_length=64, examples=["ssd"])] = field(default="", name="class")


class OsdState(StrEnum):
    """Whether copies are placed on an OSD."""

    IN = "in"
    OUT = "out"


class OsdStateWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A state for an OSD."""

    state: OsdState


class NewPool(Struct, frozen=True, forbid_unknown_fields=True):
    """A pool to make."""

    pool: Name
    pgs: Pgs
    replicas: Annotated[int, Meta(ge=1, le=MAX_REPLICAS)] = 3
    replicas_min: Annotated[int, Meta(ge=1, le=MAX_REPLICAS)] = 2


class PgsWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Another number of placement groups."""

    pgs: Pgs


class NewVolume(Struct, frozen=True, forbid_unknown_fields=True):
    """A volume to make. force: fill the pool beyond 80 %."""

    pool: Name
    volume: Name
    size: Size
    force: bool = False


class VolumeChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Another size or another name. force: make it smaller, or fill the pool beyond 80 %."""

    size: Size = ""
    name: Annotated[str, Meta(max_length=64)] = ""
    force: bool = False


class CloneWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a copy goes. pool: another one. snapshot: clone that instead of copying the volume."""

    volume: Name
    pool: Annotated[str, Meta(max_length=64)] = ""
    snapshot: Annotated[str, Meta(max_length=64)] = ""
    force: bool = False


class UploadWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """An image file on a node."""

    path: Annotated[str, Meta(max_length=500, examples=["/var/lib/pvc/images/debian.raw"])]
    node: NodeName
    force: bool = False


class NewSnapshot(Struct, frozen=True, forbid_unknown_fields=True):
    """A snapshot to make."""

    pool: Name
    volume: Name
    snapshot: Name


class SnapshotName(Struct, frozen=True, forbid_unknown_fields=True):
    """Another name for a snapshot."""

    name: Name
