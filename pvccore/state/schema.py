"""Where every document lies in the store: the only file that knows what a path means (DESIGN §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from pvccore.model.bmc import BmcTest
from pvccore.model.change import Kind
from pvccore.model.errors import Invalid
from pvccore.model.fence import Fence
from pvccore.model.forecast import Forecast
from pvccore.model.journal import JournalEntry
from pvccore.model.maintenance import Maintenance
from pvccore.model.metadata import NAME_PATTERN
from pvccore.model.node import NodeConfig, Presence, Readiness, Report
from pvccore.model.record import Record
from pvccore.model.settings import Settings
from pvccore.model.storage import Osds, Pools, PoolVolumes, StorageStatus
from pvccore.model.task import Task
from pvccore.model.vm import Definition, Placement, Xml

SCHEMA_VERSION = 1
"""The version of this layout; a tree of another version is refused."""

DEFAULT_CHROOT = "/pvc"
ROOT = "/"
LEASE_PREFIX = "lease-"
ALIVE_PREFIX = "s-"
JOURNAL_PREFIX = "e-"

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOP = frozenset({
    "schema", "settings", "maintenance", "manager", "nodes", "reports", "vms", "assigned", "names", "fences", "storage",
    "forecast", "tasks", "journal",
})  # fmt: skip
"""The names of everything that lies directly below the root."""
DEEPEST = 4
SEGMENTS_KNOWN = 65536
_SEGMENT = re.compile(r"[^/\x00-\x1f\x7f-\x9f]+")
_CHROOT = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class Lease(Record, frozen=True, kw_only=True):
    """The document of one contender for the manager lease: whose daemon it is."""

    node: str = ""
    daemon_id: str = ""


class SchemaVersion(Record, frozen=True, kw_only=True):
    """The document that says which layout a tree has."""

    schema: int = 0


RECORD_TYPES: Mapping[Kind, type[Record]] = {
    Kind.SETTINGS: Settings,
    Kind.MAINTENANCE: Maintenance,
    Kind.STARTED: Record,
    Kind.LEASE: Lease,
    Kind.NODE_CONFIG: NodeConfig,
    Kind.PRESENCE: Presence,
    Kind.READINESS: Readiness,
    Kind.REPORT: Report,
    Kind.FENCE: Fence,
    Kind.BMC: BmcTest,
    Kind.DEFINITION: Definition,
    Kind.XML: Xml,
    Kind.PLACEMENT: Placement,
    Kind.JOURNAL: JournalEntry,
    Kind.STORAGE_STATUS: StorageStatus,
    Kind.OSDS: Osds,
    Kind.POOLS: Pools,
    Kind.VOLUMES: PoolVolumes,
    Kind.TASK: Task,
    Kind.FORECAST: Forecast,
}
"""What each kind's document decodes to; ALIVE has no document, its name says all."""

_AFFIXES: Mapping[Kind, tuple[str, str]] = {
    Kind.SETTINGS: ("/settings", ""),
    Kind.MAINTENANCE: ("/maintenance", ""),
    Kind.STARTED: ("/manager/started", ""),
    Kind.LEASE: ("/manager/", ""),
    Kind.NODE_CONFIG: ("/nodes/", "/config"),
    Kind.PRESENCE: ("/nodes/", "/presence"),
    Kind.READINESS: ("/nodes/", "/readiness"),
    Kind.BMC: ("/nodes/", "/bmc"),
    Kind.REPORT: ("/reports/", ""),
    Kind.FENCE: ("/fences/", ""),
    Kind.DEFINITION: ("/vms/", "/definition"),
    Kind.XML: ("/vms/", "/xml"),
    Kind.PLACEMENT: ("/vms/", "/placement"),
    Kind.JOURNAL: ("/journal/", ""),
    Kind.STORAGE_STATUS: ("/storage/status", ""),
    Kind.OSDS: ("/storage/osds", ""),
    Kind.POOLS: ("/storage/pools", ""),
    Kind.VOLUMES: ("/storage/volumes/", ""),
    Kind.TASK: ("/tasks/", ""),
    Kind.ALIVE: ("/nodes/", "/alive"),
    Kind.FORECAST: ("/forecast", ""),
}
STORAGE_KINDS = (Kind.STORAGE_STATUS, Kind.OSDS, Kind.POOLS)
_ONLY_ONE = frozenset({Kind.SETTINGS, Kind.MAINTENANCE, Kind.STARTED, Kind.FORECAST, *STORAGE_KINDS})
_OF_NODE = {"config": Kind.NODE_CONFIG, "presence": Kind.PRESENCE, "readiness": Kind.READINESS, "bmc": Kind.BMC}
_OF_VM = {"definition": Kind.DEFINITION, "placement": Kind.PLACEMENT, "xml": Kind.XML}
_FLAT = {"reports": Kind.REPORT, "fences": Kind.FENCE, "journal": Kind.JOURNAL, "tasks": Kind.TASK}
_OF_STORAGE = {"status": Kind.STORAGE_STATUS, "osds": Kind.OSDS, "pools": Kind.POOLS}
_SINGLE = {"settings": Kind.SETTINGS, "maintenance": Kind.MAINTENANCE, "forecast": Kind.FORECAST}
NODE_KINDS = frozenset({
    Kind.NODE_CONFIG, Kind.PRESENCE, Kind.READINESS, Kind.REPORT, Kind.FENCE, Kind.BMC, Kind.ALIVE,
})  # fmt: skip
VM_KINDS = frozenset({Kind.DEFINITION, Kind.PLACEMENT, Kind.XML})


class Place(NamedTuple):
    """What a path stands for: a kind and the node's name, the VM's uuid, or the sequential name.

    The key of ALIVE is the node's name alone: whoever sees one change asks for all of that node.
    """

    kind: Kind
    key: str


class Schema:
    """The layout of one cluster under its chroot."""

    def __init__(self, chroot: str = DEFAULT_CHROOT) -> None:
        chroot = chroot.rstrip("/")
        if not _CHROOT.fullmatch(chroot):
            raise Invalid("chroot", chroot, "must be a path like /pvc")
        self.chroot = chroot
        self.root = chroot or ROOT
        self.version = chroot + "/schema"
        self.manager = chroot + "/manager"
        self.nodes = chroot + "/nodes"
        self.vms = chroot + "/vms"
        self.reports = chroot + "/reports"
        self.fences = chroot + "/fences"
        self.assigned = chroot + "/assigned"
        self.names = chroot + "/names"
        self.journal = chroot + "/journal"
        self.volumes = chroot + "/storage/volumes"
        self.tasks = chroot + "/tasks"
        self.settings = chroot + "/settings"
        self.maintenance = chroot + "/maintenance"
        self.lease_prefix = f"{self.manager}/{LEASE_PREFIX}"
        self.journal_prefix = f"{self.journal}/{JOURNAL_PREFIX}"
        self._affixes = {kind: (chroot + before, after) for kind, (before, after) in _AFFIXES.items()}

    def path(self, kind: Kind, key: str = "") -> str:
        """The path of a document; raises `Invalid` for a key that can't be part of one."""
        if kind is Kind.ALIVE:
            node, _, token = key.partition("/")
            return f"{self.alive(node)}/{_segment(token)}"
        before, after = self._affixes[kind]
        if kind in _ONLY_ONE:
            return before
        return before + _segment(key) + after

    def node(self, name: str) -> str:
        """The folder of one node."""
        return f"{self.nodes}/{_segment(name)}"

    def alive(self, node: str) -> str:
        """The folder in which a node's living daemon has its ephemeral."""
        return f"{self.nodes}/{_segment(node)}/alive"

    def alive_prefix(self, node: str) -> str:
        """What a daemon creates, sequential and ephemeral, while it lives."""
        return f"{self.alive(node)}/{ALIVE_PREFIX}"

    def vm(self, uuid: str) -> str:
        """The folder of one VM."""
        return f"{self.vms}/{_segment(uuid)}"

    def assigned_to(self, node: str, uuid: str = "") -> str:
        """The index folder of the VMs a node's agent must look at, or one entry of it."""
        folder = f"{self.assigned}/{_segment(node)}"
        return f"{folder}/{_segment(uuid)}" if uuid else folder

    def name(self, vm_name: str) -> str:
        """The index entry that keeps a VM's name unique."""
        return f"{self.names}/{_segment(vm_name)}"

    def stored_path(self, kind: Kind, key: str) -> str:
        """The path of a document (of ALIVE: the folder) whose key came from the store itself, unchecked."""
        before, after = self._affixes[kind]
        return before + key + after

    def folders(self) -> list[str]:
        """Every folder of an empty tree, parents first, without the chroot's own."""
        names = ("manager", "nodes", "vms", "reports", "fences", "assigned", "names", "journal", "storage", "tasks")
        return [f"{self.chroot}/{name}" for name in names] + [f"{self.chroot}/storage/volumes"]

    def ancestors(self) -> list[str]:
        """The chroot and its parents, outermost first."""
        segments = self.chroot.split("/")[1:]
        return ["/" + "/".join(segments[: count + 1]) for count in range(len(segments))]

    def relative(self, path: str) -> str:
        """A path of this tree without its chroot: the same in every cluster."""
        return path[len(self.chroot) + 1 :]

    def absolute(self, relative: str) -> str:
        """The path in this tree of what `relative` gave; raises `Invalid` unless it could be one."""
        segments = relative.split("/")
        if segments[0] not in TOP or len(segments) > DEEPEST:
            raise Invalid("path", relative, "is no path of a cluster's tree")
        return f"{self.chroot}/{'/'.join(map(_segment, segments))}"

    def traces_of_pvc_1(self) -> list[tuple[str, str]]:
        """Pairs of paths that exist together only where a PVC 1.0 cluster lives."""
        return [(f"{base}/domains", f"{base}/nodes") for base in dict.fromkeys(("", self.chroot))]

    def place(self, path: str) -> Place | None:
        """What a path stands for; None for folders, indexes and what this program doesn't read."""
        parts = path[len(self.chroot) + 1 :].split("/")
        if len(parts) == 1:
            kind = _SINGLE.get(parts[0])
            return Place(kind, "") if kind else None
        if len(parts) == 2:  # noqa: PLR2004 - the depth of the tree
            return _shallow(parts[0], parts[1])
        return _deep(parts)

    def words(self, path: str) -> str:
        """A document's name for people, as in "vm UUID placement"."""
        return " ".join(path[len(self.chroot) + 1 :].split("/")).replace("vms ", "vm ").replace("nodes ", "node ")


def parent(path: str) -> str:
    """The folder that a path lies in."""
    return path.rpartition("/")[0] or ROOT


def base_name(path: str) -> str:
    """The last name of a path."""
    return path.rpartition("/")[2]


def ancestors_and_self(path: str) -> list[str]:
    """The path and every folder around it up to the root, innermost first."""
    found = []
    while path not in {"", ROOT}:
        found.append(path)
        path = path.rpartition("/")[0]
    found.append(ROOT)
    return found


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder, however deep."""
    return path.startswith(folder if folder == ROOT else f"{folder}/")


def join(folder: str, name: str) -> str:
    """The path of a name in a folder."""
    return f"/{name}" if folder == ROOT else f"{folder}/{name}"


@lru_cache(maxsize=SEGMENTS_KNOWN)
def is_node_name(name: str) -> bool:
    """Whether a stored name may be a node's."""
    return NAME_PATTERN.fullmatch(name) is not None


def is_uuid(name: str) -> bool:
    """Whether a stored name may be a VM's uuid."""
    return UUID_PATTERN.fullmatch(name) is not None


@lru_cache(maxsize=SEGMENTS_KNOWN)
def _segment(name: str) -> str:
    """The name itself, when it can be part of a path; the same few names are asked for again and again."""
    if not _SEGMENT.fullmatch(name) or name in {".", ".."}:
        raise Invalid("name", name, "can't be part of a path")
    return name


def _shallow(folder: str, name: str) -> Place | None:
    if folder == "manager":
        return Place(Kind.STARTED, "") if name == "started" else Place(Kind.LEASE, name)
    if folder == "storage":
        storage_kind = _OF_STORAGE.get(name)
        return Place(storage_kind, "") if storage_kind else None
    kind = _FLAT.get(folder)
    return Place(kind, name) if kind else None


def _deep(parts: list[str]) -> Place | None:
    folder, key, name = parts[0], parts[1], parts[2]
    if folder == "storage":
        return Place(Kind.VOLUMES, name) if key == "volumes" else None
    if folder == "vms":
        kind = _OF_VM.get(name)
    elif folder == "nodes":
        kind = Kind.ALIVE if name == "alive" else _OF_NODE.get(name)
    else:
        return None
    return Place(kind, key) if kind else None
