"""The cluster as one frozen value, and the part of it that an agent sees."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pvccore.model.errors import NotFound
from pvccore.model.fence import FencePhase
from pvccore.model.forecast import Forecast
from pvccore.model.journal import JournalEntry
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import Node
from pvccore.model.settings import Settings
from pvccore.model.storage import Storage
from pvccore.model.struct import Struct, field
from pvccore.model.task import Task
from pvccore.model.vm import Vm, VmState, Wanted

EMPTY: Mapping[str, str] = MappingProxyType({})


class Cluster(Struct, frozen=True, kw_only=True):
    """Everything that the store says, at one moment; rebuilt, never changed.

    nodes by name, vms by uuid. leases: tokens of the manager lease, the oldest first: it holds.
    started: the start-up grace of this cluster start is over.
    journal: the newest entries, oldest first. tasks by key, which sorts by age.
    forecast: N−1 as the manager last worked it out.
    problems: what could not be decoded: a record's name ("vm UUID placement") → why.
    """

    settings: Settings = Settings()
    maintenance: Maintenance = Maintenance()
    leases: tuple[str, ...] = ()
    manager: str = ""
    started: bool = False
    nodes: Mapping[str, Node] = field(default_factory=dict)
    vms: Mapping[str, Vm] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    journal: tuple[JournalEntry, ...] = ()
    storage: Storage = Storage()
    tasks: Mapping[str, Task] = field(default_factory=dict)
    forecast: Forecast = Forecast()
    problems: Mapping[str, str] = field(default_factory=dict)

    def node(self, name: str) -> Node:
        """The node of that name; raises NotFound."""
        try:
            return self.nodes[name]
        except KeyError:
            raise NotFound("node", name) from None

    def vm(self, name_or_uuid: str) -> Vm:
        """The VM of that name or uuid; raises NotFound."""
        uuid = self.names.get(name_or_uuid, name_or_uuid)
        try:
            return self.vms[uuid]
        except KeyError:
            raise NotFound("VM", name_or_uuid) from None

    def task(self, key: str) -> Task:
        """The task of that key; raises NotFound."""
        try:
            return self.tasks[key]
        except KeyError:
            raise NotFound("task", key) from None

    def vms_on(self, node: str) -> list[Vm]:
        """The VMs placed on a node, by name."""
        return sorted((vm for vm in self.vms.values() if vm.placement.node == node), key=lambda vm: vm.name)

    def vms_by_node(self) -> dict[str, list[Vm]]:
        """Node name → the VMs placed there; made in one pass over all VMs."""
        found: dict[str, list[Vm]] = {name: [] for name in self.nodes}
        for vm in self.vms.values():
            found.setdefault(vm.placement.node, []).append(vm)
        return found


class Delta(Struct, frozen=True, kw_only=True):
    """What differs between two snapshots of the cluster: names of nodes, uuids of VMs, and the rest as facts.

    storage: status, OSDs or pools. volumes: the pools whose volumes differ. tasks: keys.

    full: everything may differ (first load, resync).
    """

    full: bool = False
    nodes: frozenset[str] = frozenset()
    vms: frozenset[str] = frozenset()
    settings: bool = False
    maintenance: bool = False
    leases: bool = False
    journal: tuple[JournalEntry, ...] = ()
    storage: bool = False
    volumes: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    forecast: bool = False
    problems: bool = False

    def __or__(self, later: Delta) -> Delta:
        """The two, one after the other, as one."""
        return Delta(
            full=self.full or later.full,
            nodes=self.nodes | later.nodes,
            vms=self.vms | later.vms,
            settings=self.settings or later.settings,
            maintenance=self.maintenance or later.maintenance,
            leases=self.leases or later.leases,
            journal=self.journal + later.journal,
            storage=self.storage or later.storage,
            volumes=self.volumes | later.volumes,
            tasks=self.tasks | later.tasks,
            forecast=self.forecast or later.forecast,
            problems=self.problems or later.problems,
        )


class VmStatus:
    """The words of the derived status beside the states of `VmState`."""

    PARKED = "parked"
    DISABLED = "disabled"
    UNKNOWN = "unknown"


STATUSES = (VmStatus.PARKED, VmStatus.DISABLED, VmStatus.UNKNOWN, *VmState)
"""Every word that `status_of` may say."""


def status_of(vm: Vm, node: Node | None) -> str:
    """What screens show of a VM: `parked`, `disabled`, `unknown` (its node is silent or gone), else its state.

    A VM at rest on a silent node is at rest: its last agent wrote so. One on a node proven off is stopped for now,
    but stays `unknown` until its recovery has placed it.
    """
    if vm.is_parked:
        return VmStatus.PARKED
    if vm.placement.wanted is Wanted.DISABLED and not vm.is_active:
        return VmStatus.DISABLED
    if vm.placement.state is VmState.FAILED:
        return VmState.FAILED.value
    if vm.is_active and (node is None or node.is_silent or _off_or_unproven(node)):
        return VmStatus.UNKNOWN
    return vm.placement.state.value


def _off_or_unproven(node: Node) -> bool:
    return node.alive is None and node.fence.phase is not FencePhase.NONE


class LocalView(Struct, frozen=True, kw_only=True):
    """The part of the store that the agent of one node sees: its own.

    vms by uuid: those assigned to this node, as target of a migration too.
    elsewhere by uuid: domains found here that are assigned to others, read on demand.
    alive: this daemon's own token, "" when it has none.
    """

    node: Node
    settings: Settings = Settings()
    maintenance: Maintenance = Maintenance()
    vms: Mapping[str, Vm] = field(default_factory=dict)
    elsewhere: Mapping[str, Vm] = field(default_factory=dict)
    alive: str = ""
