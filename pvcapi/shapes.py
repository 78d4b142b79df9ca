"""What goes in and comes out, as the OpenAPI document describes it; nothing is None, and an empty list is a list."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from pvccore.model.fence import FenceCause, FencePhase
from pvccore.model.metadata import MAX_DESCRIPTION, MAX_DOWNTIME_MS, MAX_LIMIT, MAX_TAGS
from pvccore.model.node import NodeRole, ReadinessState, WantedReadiness
from pvccore.model.selectors import Selector
from pvccore.model.task import TaskState
from pvccore.model.vm import MigrationMethod, VmState, Wanted
from pvccore.operations.cluster import MAX_REASON
from pvccore.operations.vms import LIMIT_BOUNDS_S, SHUTDOWN_LIMIT_S

LONGEST_XML = 1024 * 1024
LONGEST_WAIT_S = 60.0

Name = Annotated[str, Meta(pattern="^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$", examples=["web1"])]
NodeName = Annotated[str, Meta(max_length=64, examples=["hv2"])]
Words = Annotated[str, Meta(max_length=MAX_REASON, description="Why, for the journal.", examples=["new memory"])]
DryRun = Annotated[bool, Meta(description="Only say what would be done.")]
XmlText = Annotated[
    str,
    Meta(
        max_length=LONGEST_XML,
        description="libvirt XML; what reaches for the host is refused.",
        examples=["<domain type='kvm'><name>web1</name><memory unit='GiB'>2</memory><vcpu>2</vcpu></domain>"],
    ),
]


# What comes out


class Standing(Struct, frozen=True):
    """How a request that was waited for stands; under way when neither done nor failed."""

    text: str
    done: bool
    failed: bool


class Outcome(Struct, frozen=True):
    """What a verb did. changed is false when it was so already, and nothing was written.

    tasks: the keys of the tasks that carry it out, where any do.
    """

    changed: bool
    text: Annotated[str, Meta(examples=["web1 goes from hv1 to hv2"])]
    outcome: Standing | None = None
    tasks: list[str] = []


class Preview(Struct, frozen=True):
    """What a verb on a node would do to its VMs: name → node, name → why none takes it."""

    moved: dict[str, str]
    parked: dict[str, str]


class VmRecord(Struct, frozen=True):
    """A VM. status: what a person should read: the state, or parked, disabled, or unknown on a silent node."""

    name: str
    uuid: str
    status: Annotated[str, Meta(examples=["running"])]
    state: VmState
    wanted: Wanted
    node: str | None
    previous_node: str | None
    parked_on: str | None
    failure: str | None
    node_limit: list[str]
    node_selector: Selector
    autorestart: bool
    migration_method: MigrationMethod
    memory_mb: int
    vcpus: int
    tags: list[str]
    description: str


class VmDetail(VmRecord, frozen=True):
    """A VM with what is about it beside its record. why: the reason of parking, or of a migration that did not go."""

    max_downtime_ms: int
    volumes: list[str]
    networks: list[str]
    why: str | None
    request: str | None
    migration: MigrationRecord | None


class MigrationRecord(Struct, frozen=True):
    """A move under way."""

    source: str
    target: str
    phase: str
    by: str
    error: str | None


class VmMetadata(Struct, frozen=True):
    """The metadata that a person sets."""

    node_limit: list[str]
    node_selector: Selector
    autorestart: bool
    migration_method: MigrationMethod
    max_downtime_ms: int
    tags: list[str]
    description: str


class VmStanding(Struct, frozen=True):
    """How a VM is."""

    name: str
    status: str
    state: VmState
    wanted: Wanted
    failure: str | None


class VmWhere(Struct, frozen=True):
    """Where a VM is. candidates: every node, with why it can't take the VM, or null where it can."""

    name: str
    node: str | None
    previous_node: str | None
    candidates: dict[str, str | None]


class NodeRecord(Struct, frozen=True):
    """A node. power: what is known without asking a BMC."""

    name: str
    alive: bool
    readiness: ReadinessState
    role: NodeRole
    power: Annotated[str, Meta(examples=["on", "off", "unknown"])]
    healthy: bool
    memory_mb: int
    vcpus: int
    load: float
    vms: int


class FenceRecord(Struct, frozen=True):
    """The fence of a node; phase none when there is none."""

    node: str
    phase: FencePhase
    cause: FenceCause | None
    round: int
    error: str | None
    by: str | None


class NodeDetail(NodeRecord, frozen=True):
    """A node with what is about it beside its record."""

    memory_free_mb: int
    wanted_readiness: WantedReadiness
    waits_for: list[str]
    readiness_by: str | None
    readiness_reason: str | None
    unsupervised: bool
    hypervisor_error: str | None
    storage_error: str | None
    unknown_domains: list[str]
    fence_agents: list[str]
    fence: FenceRecord


class DomainState(Struct, frozen=True):
    """Whether a node takes VMs, and what a change of that waits for."""

    node: str
    wanted: WantedReadiness
    state: ReadinessState
    waits_for: list[str]


class Forecast(Struct, frozen=True):
    """What a node's death would do: VM → node that takes it, VM → why none does."""

    survives: bool
    placed: dict[str, str]
    parked: dict[str, str]


class MaintenanceRecord(Struct, frozen=True):
    """The cluster-wide switch; since: seconds."""

    on: bool
    by: str | None
    reason: str | None
    since: float | None
    noout: bool


class NodeCounts(Struct, frozen=True):
    """How many nodes there are, live and take VMs."""

    total: int
    alive: int
    ready: int


class ParkedRecord(Struct, frozen=True):
    """How many VMs of a node would find no other, and the first of them with its reason."""

    parked: int
    reason: str | None


class ForecastRecord(Struct, frozen=True):
    """N−1 as the manager last worked it out; survives is null while nobody has. nodes: those that may not die."""

    survives: bool | None
    at: float | None
    nodes: dict[str, ParkedRecord]


class Status(Struct, frozen=True):
    """The cluster in a few figures, and what is wrong with it. vms: total, and how many have each status."""

    cluster: str
    maintenance: MaintenanceRecord
    manager: str | None
    nodes: NodeCounts
    vms: dict[str, int]
    forecast: ForecastRecord
    fences: list[FenceRecord]
    troubles: list[dict[str, str]]
    problems: dict[str, str]


class Entry(Struct, frozen=True, omit_defaults=True):
    """A line of the journal; at: seconds; vm and node where it is about one."""

    at: float
    who: Annotated[str, Meta(examples=["anna@ops1"])]
    what: str
    why: str
    vm: str = ""
    node: str = ""


class TaskRecord(Struct, frozen=True):
    """A long or node-bound request. progress: 0 to 1, null where nobody can say. Times are seconds."""

    task: str
    verb: Annotated[str, Meta(examples=["storage volume add"])]
    title: str
    state: TaskState
    progress: float | None
    text: str | None
    runs_on: str | None
    claimed_by: str | None
    asked_by: str
    asked_at: float
    started_at: float | None
    ended_at: float | None
    result: str | None
    error: str | None
    cancel_requested: str | None
    vm: str | None
    arguments: dict[str, str]


# What goes in


class MetadataGiven(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Metadata to set; what is not given stays."""

    node_limit: Annotated[list[str], Meta(max_length=MAX_LIMIT, examples=[["hv1", "hv2"]])] | None = None
    node_selector: Selector | None = None
    autorestart: bool | None = None
    migration_method: MigrationMethod | None = None
    max_downtime_ms: Annotated[int, Meta(ge=MAX_DOWNTIME_MS[0], le=MAX_DOWNTIME_MS[1])] | None = None
    tags: Annotated[list[str], Meta(max_length=MAX_TAGS, examples=[["web"]])] | None = None
    description: Annotated[str, Meta(max_length=MAX_DESCRIPTION)] | None = None

    def fields(self) -> dict[str, object]:
        """Those that were given."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not None}


class NewVm(Struct, frozen=True, forbid_unknown_fields=True):
    """A VM to define. node: where to place it; without it limit and selector choose."""

    xml: XmlText
    node: NodeName = ""
    start: bool = False
    metadata: MetadataGiven = MetadataGiven()


class NewXml(Struct, frozen=True, forbid_unknown_fields=True):
    """Another XML for a VM; it applies at its next start, or now by a restart."""

    xml: XmlText
    restart: bool = False


class NewName(Struct, frozen=True, forbid_unknown_fields=True):
    """Another name for a VM at rest."""

    name: Name


class MetadataWanted(MetadataGiven, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Metadata to set. move: migrate a VM that runs where its new limit forbids; without it that is refused."""

    move: bool = False

    def fields(self) -> dict[str, object]:
        """Those that were given."""
        return {name: value for name, value in super().fields().items() if name != "move"}


class Tags(Struct, frozen=True, forbid_unknown_fields=True):
    """Tags to add and to remove."""

    add: Annotated[list[Name], Meta(max_length=MAX_TAGS)] = []
    remove: Annotated[list[Name], Meta(max_length=MAX_TAGS)] = []


class VmVerb(StrEnum):
    """What may be asked of a VM's life."""

    START = "start"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    RESTART = "restart"
    DISABLE = "disable"


class StateWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A verb on a VM's life. limit_s: how long its guest may take to shut down before it is stopped."""

    state: VmVerb
    limit_s: Annotated[float, Meta(ge=LIMIT_BOUNDS_S[0], le=LIMIT_BOUNDS_S[1])] = SHUTDOWN_LIMIT_S


class MoveVerb(StrEnum):
    """How a VM may be brought elsewhere: for a while, for good, or back to its previous node."""

    MIGRATE = "migrate"
    MOVE = "move"
    UNMIGRATE = "unmigrate"


class NodeWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A move of a VM. force: migrate it again although it is migrated already; its original previous node is kept."""

    action: MoveVerb
    node: NodeName = ""
    force: bool = False
    dry_run: DryRun = False


class DomainStateVerb(StrEnum):
    """What may be asked of a node: to be emptied, or to take VMs again."""

    FLUSH = "flush"
    READY = "ready"


class DomainStateWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A verb on a node's readiness."""

    state: DomainStateVerb
    reason: Words = ""


class FenceWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A fence. confirmed_off: I stood at the machine and saw that it is off; if that is wrong, its VMs run twice."""

    confirmed_off: bool = False
    reason: Words = ""


class MaintenanceWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """The switch: while it is on, nobody is fenced."""

    maintenance: bool
    reason: Words = ""


class SettingWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A setting's new value."""

    value: Annotated[str | float | bool, Meta(examples=["load", 4.0])]


Settings = dict[str, Any]
