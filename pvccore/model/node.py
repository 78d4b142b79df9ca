"""A node: a hypervisor of the cluster, as configured, as present and as reported."""

from __future__ import annotations

from enum import StrEnum

from pvccore.model.bmc import BmcTest
from pvccore.model.fence import Fence, FenceAgent, FenceAgentKind
from pvccore.model.record import Part, Record
from pvccore.model.struct import Struct

MANAGER = "manager"
"""Who asked for what no person asked for."""


class NodeRole(StrEnum):
    """Coordinators contend for the manager lease; hypervisors only run VMs."""

    COORDINATOR = "coordinator"
    HYPERVISOR = "hypervisor"


class WantedReadiness(StrEnum):
    """What a person asked of a node."""

    READY = "ready"
    FLUSHED = "flushed"


class ReadinessState(StrEnum):
    """Whether a node takes VMs, and the ways between."""

    READY = "ready"
    FLUSHING = "flushing"
    FLUSHED = "flushed"
    READYING = "readying"


class SelfFence(StrEnum):
    """What a daemon does to its own host when it has lost ZooKeeper."""

    NONE = "none"
    WATCHDOG = "watchdog"


class GoodbyeReason(StrEnum):
    """Why a daemon left in good order."""

    DAEMON_STOP = "daemon-stop"
    HOST_STOP = "host-stop"


class NodeConfig(Record, frozen=True, kw_only=True):
    """What a node registered about itself at its daemon's start.

    machine_id: fixed at registration; another machine under this name is refused.
    storage_address: the address that its Ceph clients use; what is blocklisted.
    migration_address: where its libvirtd accepts live migrations.
    fence_agents: tried in this order; no secrets.
    self_fence_bound_s: D + W + p + m of the watchdog rule (DESIGN §5), 0 without a watchdog.
    """

    machine_id: str = ""
    role: NodeRole = NodeRole.COORDINATOR
    storage_address: str = ""
    migration_address: str = ""
    fence_agents: tuple[FenceAgent, ...] = ()
    self_fence: SelfFence = SelfFence.NONE
    self_fence_bound_s: float = 0.0

    @property
    def bmcs(self) -> tuple[FenceAgent, ...]:
        """The fence agents that can be asked for the power without doing anything."""
        return tuple(agent for agent in self.fence_agents if agent.kind is FenceAgentKind.IPMI)


class Goodbye(Part, frozen=True, kw_only=True):
    """A daemon's word that it leaves in good order, valid for one boot."""

    boot_id: str
    reason: GoodbyeReason


class Presence(Record, frozen=True, kw_only=True):
    """Who the node is in this incarnation; written in the multi that creates `alive`.

    boot_id: what fences are about. daemon_id: only tells writers apart.
    maintenance_acknowledged: version of the maintenance record that this daemon has acted upon.
    clean_round: the fence round for which this node has said that nothing of the old boot runs here.
    """

    boot_id: str = ""
    daemon_id: str = ""
    watchdog_armed: bool = False
    maintenance_acknowledged: int = -1
    goodbye: Goodbye | None = None
    clean_round: int = 0


class Alive(Struct, frozen=True, kw_only=True):
    """The ephemeral node of a living daemon; its name is the agent's token.

    zxid: the transaction that created it.
    """

    token: str
    zxid: int = 0


class Readiness(Record, frozen=True, kw_only=True):
    """Whether a node takes VMs, and what a change of that waits for (one line per VM)."""

    wanted: WantedReadiness = WantedReadiness.READY
    state: ReadinessState = ReadinessState.READY
    waits_for: tuple[str, ...] = ()
    by: str = ""
    reason: str = ""


class DomainReport(Struct, frozen=True, kw_only=True):
    """One libvirt domain as its node saw it; rates per second, cpu as a share of one core."""

    uuid: str
    state: str
    cpu: float = 0.0
    memory_mb: int = 0
    disk_bytes_s: float = 0.0
    net_bytes_s: float = 0.0
    placement_version: int = -1


class Report(Record, frozen=True, kw_only=True):
    """What a node last said of itself.

    at: the node's own wall clock, for people to read.
    hypervisor_error, storage_error: empty when healthy.
    unfit: why it must get no VM though all is healthy: its fence could not lock it out; empty when it may.
    unknown_domains: uuids of domains that the cluster doesn't know; never touched.
    """

    boot_id: str = ""
    at: float = 0.0
    memory_total_mb: int = 0
    memory_free_mb: int = 0
    load: float = 0.0
    vcpus: int = 0
    hypervisor_error: str = ""
    storage_error: str = ""
    unfit: str = ""
    domains: tuple[DomainReport, ...] = ()
    unknown_domains: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether the hypervisor and the storage answered."""
        return not self.hypervisor_error and not self.storage_error


class Node(Struct, frozen=True, kw_only=True):
    """A node of the cluster: its records put together."""

    name: str
    config: NodeConfig = NodeConfig()
    presence: Presence = Presence()
    alive: Alive | None = None
    readiness: Readiness = Readiness()
    report: Report = Report()
    fence: Fence = Fence()
    bmc: BmcTest = BmcTest()

    @property
    def is_alive(self) -> bool:
        """Whether its daemon holds a session."""
        return self.alive is not None

    @property
    def said_goodbye(self) -> bool:
        """Whether its daemon left in good order and has not come back."""
        return self.alive is None and self.presence.goodbye is not None

    @property
    def is_silent(self) -> bool:
        """Whether it is gone without a goodbye: what fencing is for."""
        return self.alive is None and self.presence.goodbye is None and bool(self.presence.boot_id)

    @property
    def is_unsupervised(self) -> bool:
        """Whether its VMs run on without a daemon, by a clean stop of the daemon alone."""
        goodbye = self.presence.goodbye
        return self.alive is None and goodbye is not None and goodbye.reason is GoodbyeReason.DAEMON_STOP

    @property
    def is_healthy(self) -> bool:
        """Whether its last report says that hypervisor and storage answer."""
        return self.report.healthy

    @property
    def awaits_a_person(self) -> bool:
        """Whether it came back flushed from a fence, and no person has made it ready yet."""
        return self.readiness.wanted is WantedReadiness.FLUSHED and self.readiness.by == MANAGER

    @property
    def is_ready(self) -> bool:
        """Whether a person lets it take VMs."""
        return self.readiness.wanted is WantedReadiness.READY and self.readiness.state in (
            ReadinessState.READY,
            ReadinessState.READYING,
        )
