"""A VM: what a person defined, and where and how it is."""

from __future__ import annotations

from enum import StrEnum

from pvccore.model.record import Part, Record
from pvccore.model.selectors import Selector
from pvccore.model.struct import Struct


class Wanted(StrEnum):
    """What a person asked of a VM; only a person's word changes it."""

    RUNNING = "running"
    STOPPED = "stopped"
    DISABLED = "disabled"


class VmState(StrEnum):
    """What the agent of its node last wrote of a VM."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    MIGRATING = "migrating"
    SHUTTING_DOWN = "shutting_down"
    RESTARTING = "restarting"
    FAILED = "failed"


AT_REST = frozenset({VmState.STOPPED, VmState.FAILED})
"""States in which no domain of the VM exists."""


class MigrationMethod(StrEnum):
    """How a VM may leave its node."""

    LIVE = "live"
    LIVE_ONLY = "live-only"
    SHUTDOWN = "shutdown"


class MigrationPhase(StrEnum):
    """Who owns the VM in a migration under way."""

    PREPARED = "prepared"
    HANDED_OVER = "handed_over"
    ARRIVED = "arrived"
    NOT_THERE = "not_there"


class RequestVerb(StrEnum):
    """What a person asked the agent to do once."""

    SHUTDOWN = "shutdown"
    STOP = "stop"
    RESTART = "restart"


class Request(Part, frozen=True, kw_only=True):
    """A person's one-off request; set by the operation, cleared by the agent when it is done.

    limit_s: how long an ACPI shutdown may take before it becomes a stop.
    """

    id: str
    verb: RequestVerb
    limit_s: float = 60.0
    by: str = ""


class Claim(Part, frozen=True, kw_only=True):
    """An agent's word, written before it starts a domain, that this run of the VM is its own."""

    boot_id: str
    run_id: str


class Migration(Part, frozen=True, kw_only=True):
    """A move from a living source to a target; while it is set nobody starts the VM.

    target_address: where the target's libvirtd accepts migrations; whoever asks writes it down, for the source's
    agent sees only its own part of the cluster.
    previous_node_after: what previous_node is once the VM has arrived.
    error: why the live attempt did not work, for people.
    """

    id: str
    source: str
    target: str
    target_boot_id: str = ""
    target_address: str = ""
    method: MigrationMethod = MigrationMethod.LIVE
    phase: MigrationPhase = MigrationPhase.PREPARED
    previous_node_after: str = ""
    limit_s: float = 300.0
    by: str = ""
    error: str = ""


class Definition(Record, frozen=True, kw_only=True):
    """What a person defined: facts from the XML and the metadata."""

    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    memory_mb: int = 0
    vcpus: int = 0
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    node_limit: tuple[str, ...] = ()
    node_selector: Selector = Selector.DEFAULT
    autorestart: bool = True
    migration_method: MigrationMethod = MigrationMethod.LIVE
    max_downtime_ms: int = 300


class Placement(Record, frozen=True, kw_only=True):
    """Where a VM is and how it is; who may write which field is DESIGN §3.

    previous_node: where a migrated VM belongs and returns to; "" for none.
    parked_on: the node on which it was stopped for want of another; "" when not parked.
    why: the reason of parking, or of a live migration that left it where it is, in words.
    failure: the reason of state failed, in words.
    clients: Ceph client addresses of the running domain.
    crashes: starts that ended by themselves in a row; cleared by a person's start.
    unclaimed: moves in a row to nodes whose agents did not claim it; cleared by a claim and by a person's start.
    """

    wanted: Wanted = Wanted.STOPPED
    state: VmState = VmState.STOPPED
    node: str = ""
    previous_node: str = ""
    parked_on: str = ""
    why: str = ""
    request: Request | None = None
    migration: Migration | None = None
    claim: Claim | None = None
    clients: tuple[str, ...] = ()
    failure: str = ""
    crashes: int = 0
    unclaimed: int = 0

    @property
    def assigned_to(self) -> frozenset[str]:
        """The nodes whose agents must look at this VM: where it is, and a migration's target."""
        names = {self.node}
        if self.migration is not None:
            names.add(self.migration.target)
        return frozenset(names - {""})


class Xml(Record, frozen=True, kw_only=True):
    """A VM's libvirt XML as it was defined; read only when someone wants it."""

    text: str = ""


class Vm(Struct, frozen=True, kw_only=True):
    """A VM of the cluster: its records put together."""

    uuid: str
    definition: Definition = Definition()
    placement: Placement = Placement()

    @property
    def name(self) -> str:
        """The unique name that people use."""
        return self.definition.name

    @property
    def memory_mb(self) -> int:
        """Defined memory."""
        return self.definition.memory_mb

    @property
    def node(self) -> str:
        """Where it is placed."""
        return self.placement.node

    @property
    def is_parked(self) -> bool:
        """Whether it is stopped for want of a node."""
        return bool(self.placement.parked_on)

    @property
    def is_active(self) -> bool:
        """Whether a domain of it may exist."""
        return self.placement.state not in AT_REST

    @property
    def takes_memory(self) -> bool:
        """Whether it counts against its node's room (DESIGN §6): wanted running and not parked, or not stopped."""
        wanted_here = self.placement.wanted is Wanted.RUNNING and not self.is_parked
        return wanted_here or self.is_active
