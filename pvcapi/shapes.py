"""What comes out, as the OpenAPI document describes it; nothing is None, and an empty list is a list."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from pvccore.model.fence import FenceCause, FencePhase
from pvccore.model.node import NodeRole, ReadinessState, WantedReadiness
from pvccore.model.selectors import Selector
from pvccore.model.task import TaskState
from pvccore.model.vm import MigrationMethod, VmState, Wanted

LONGEST_WAIT_S = 60.0


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


class Switched(Outcome, frozen=True):
    """What a switch of maintenance mode did. warnings: who will now be fenced, and whom nobody could fence."""

    warnings: Annotated[list[str], Meta(examples=[["hv3 will be fenced unless back within 30 s."]])] = []


class LogLines(Struct, frozen=True):
    """Lines of a log that only a node has. place: where they end, to ask for what comes after."""

    lines: list[str]
    place: str


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


class BmcRecord(Struct, frozen=True):
    """The last test of a node's BMC; works: null while it was never tested; times: seconds."""

    works: bool | None
    tested_at: float | None
    tested_by: str | None
    error: str | None
    failing_since: float | None


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
    bmc: BmcRecord


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
    """A line of the journal. key: to ask for what is older; at: seconds; vm and node where it is about one."""

    key: str
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


Settings = dict[str, Any]
