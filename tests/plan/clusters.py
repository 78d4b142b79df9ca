"""Tiny clusters, and the managers and agents that look at them, in as few words as a test can bear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pvccore.model.change import Change, Kind
from pvccore.model.cluster import Cluster, LocalView
from pvccore.model.fence import (
    Blocklist,
    BlocklistPhase,
    Evidence,
    Fence,
    FenceAgent,
    FenceAgentKind,
    FencePhase,
)
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import (
    Alive,
    Goodbye,
    GoodbyeReason,
    Node,
    NodeConfig,
    Presence,
    Readiness,
    ReadinessState,
    Report,
    WantedReadiness,
)
from pvccore.model.record import Record
from pvccore.model.settings import Settings
from pvccore.model.struct import replace
from pvccore.model.vm import Claim, Definition, Migration, MigrationMethod, Placement, Vm, VmState, Wanted
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import Effect, Outcome, Plan, Step
from pvccore.plan.watch import Watch

GB = 1024
NOW_S = 1000.0
IPMI = FenceAgent(kind=FenceAgentKind.IPMI, address="192.0.2.1:623")
COMMAND = FenceAgent(kind=FenceAgentKind.COMMAND, address="/usr/sbin/pdu-off")
WATCHDOG = FenceAgent(kind=FenceAgentKind.WATCHDOG)
STORAGE = FenceAgent(kind=FenceAgentKind.CEPH_BLOCKLIST)

READY = Readiness(version=0)
FLUSHING = Readiness(version=1, wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHING, by="ann")
FLUSHED = replace(FLUSHING, state=ReadinessState.FLUSHED)
READYING = replace(READY, state=ReadinessState.READYING)


# Nodes


def a_node(name: str = "hv1", **changes: Any) -> Node:
    """A healthy, ready node of 16 GB without Ceph, fenced by IPMI; `changes` go to whichever record has the field."""
    node = Node(
        name=name,
        config=NodeConfig(version=0, machine_id=f"machine-{name}", fence_agents=(IPMI,)),
        presence=Presence(version=3, boot_id=f"{name}-boot1", daemon_id=f"{name}-daemon"),
        alive=Alive(token="s-1", zxid=10),
        readiness=READY,
        report=Report(
            version=5,
            zxid=20,
            boot_id=f"{name}-boot1",
            memory_total_mb=16 * GB,
            memory_free_mb=16 * GB,
            load=0.5,
            vcpus=16,
        ),
        fence=Fence(version=7),
    )
    return with_changes(node, **changes)


def with_changes(node: Node, **changes: Any) -> Node:
    """The node with other values, each in the record that has a field of that name."""
    for field, value in changes.items():
        node = _with_change(node, field, value)
    return node


def _with_change(node: Node, field: str, value: Any) -> Node:
    if hasattr(node, field):
        return replace(node, **{field: value})
    for part in ("config", "presence", "report"):
        record = getattr(node, part)
        if hasattr(record, field):
            return replace(node, **{part: replace(record, **{field: value})})
    raise AttributeError(field)


def gone(node: Node) -> Node:
    """The node without its daemon's session: silent."""
    return replace(node, alive=None)


def said_goodbye(node: Node, reason: GoodbyeReason = GoodbyeReason.HOST_STOP) -> Node:
    """The node after its daemon left in good order."""
    goodbye = Goodbye(boot_id=node.presence.boot_id, reason=reason)
    return replace(gone(node), presence=replace(node.presence, goodbye=goodbye))


def started_anew(node: Node) -> Node:
    """The node after its machine booted again and its daemon is there."""
    presence = replace(node.presence, version=node.presence.version + 1, boot_id=f"{node.name}-boot2", goodbye=None)
    return replace(node, presence=presence, alive=Alive(token="s-2", zxid=90))


def with_ceph(node: Node) -> Node:
    """The node with a storage address, so that it has to be blocklisted."""
    return with_changes(node, storage_address="192.0.2.101")


def fenced(node: Node, phase: FencePhase, **fields: Any) -> Node:
    """The node, gone, in the first round of a fence of its present boot; proven off by IPMI when its phase says so."""
    fence = Fence(version=7, round=1, boot_id=node.presence.boot_id, phase=phase)
    if fence.proven_off:
        fence = replace(fence, evidence=(proof_of(node),))
    return replace(gone(node), fence=replace(fence, **fields))


def proof_of(node: Node, **fields: Any) -> Evidence:
    """Evidence of the first round that the node is off."""
    proof = Evidence(round=1, boot_id=node.presence.boot_id, agent="ipmi", text="off", seen_zxid=node.report.zxid)
    return replace(proof, **fields)


def blocklisted(phase: BlocklistPhase = BlocklistPhase.ACKNOWLEDGED, **fields: Any) -> Blocklist:
    """The blocklist entry of a first round."""
    return replace(Blocklist(phase=phase, address="192.0.2.101", round=1, attempts=1), **fields)


# VMs


def uuid_of(name: str) -> str:
    """The uuid of the VM of that name."""
    return f"{name:0<8}-0000-4000-8000-000000000000".lower()


def a_vm(name: str = "web1", on: str = "hv1", **changes: Any) -> Vm:
    """A VM of 1 GB that runs on a node, claimed by that node's first boot; `changes` as for `a_node`."""
    definition = Definition(version=0, name=name, memory_mb=GB, vcpus=1)
    claim = Claim(boot_id=f"{on}-boot1", run_id=f"{on}-daemon-1")
    placement = Placement(version=4, wanted=Wanted.RUNNING, state=VmState.RUNNING, node=on, claim=claim)
    vm = Vm(uuid=uuid_of(name), definition=definition, placement=placement)
    for field, value in changes.items():
        part = "definition" if hasattr(definition, field) and field not in {"version", "zxid"} else "placement"
        vm = replace(vm, **{part: replace(getattr(vm, part), **{field: value})})
    return vm


def at_rest(name: str = "web1", on: str = "hv1", **changes: Any) -> Vm:
    """A VM that is wanted running and is not: nothing of it exists."""
    return a_vm(name, on, **{"state": VmState.STOPPED, "claim": None, **changes})


def parked(name: str = "web1", on: str = "hv1", **changes: Any) -> Vm:
    """A VM that is stopped for want of a node."""
    return at_rest(name, on, **{"parked_on": on, "why": "no room", **changes})


def migrating(source: str, target: str, **fields: Any) -> Migration:
    """A live migration that is being prepared, of a VM that belongs on its source."""
    made = Migration(
        id="m1",
        source=source,
        target=target,
        target_address="192.0.2.2",
        method=MigrationMethod.LIVE,
        previous_node_after=source,
        by="ann",
    )
    return replace(made, **fields)


# The cluster


def a_cluster(
    *nodes: Node,
    vms: Iterable[Vm] = (),
    maintenance: bool = False,
    started: bool = True,
    **settings: Any,
) -> Cluster:
    """A cluster of these nodes and VMs."""
    known = {vm.uuid: vm for vm in vms}
    return Cluster(
        settings=replace(Settings(version=0), **settings),
        maintenance=Maintenance(version=2, on=maintenance),
        started=started,
        nodes={node.name: node for node in nodes},
        vms=known,
        names={vm.name: vm.uuid for vm in known.values()},
    )


def with_node(cluster: Cluster, node: Node) -> Cluster:
    """The cluster with one node as it is now."""
    return replace(cluster, nodes={**cluster.nodes, node.name: node})


def with_vm(cluster: Cluster, vm: Vm) -> Cluster:
    """The cluster with one VM as it is now."""
    return replace(cluster, vms={**cluster.vms, vm.uuid: vm})


_PARTS = {Kind.FENCE: "fence", Kind.READINESS: "readiness", Kind.PRESENCE: "presence"}


def committed(cluster: Cluster, plan: Plan) -> Cluster:
    """The cluster after every change of the plan was written."""
    for change in changes(plan):
        for write in change.writes:
            cluster = _written(cluster, write.kind, write.key, write.after)
    return cluster


def _written(cluster: Cluster, kind: Kind, key: str, after: Record | None) -> Cluster:
    if kind is Kind.STARTED:
        return replace(cluster, started=after is not None)
    if after is None:
        raise AssertionError(kind)
    after = replace(after, version=after.version + 1)
    if isinstance(after, Placement):
        return with_vm(cluster, replace(cluster.vms[key], placement=after))
    part: Any = {_PARTS[kind]: after}
    return with_node(cluster, replace(cluster.nodes[key], **part))


# What a manager and an agent know beside the store


def a_watch(outcomes: Mapping[Any, tuple[Outcome, ...]] | None = None, **fields: Any) -> Watch:
    """What a manager measures, all at zero."""
    return replace(Watch(now_s=NOW_S, wall_s=1_700_000_000.0, outcomes=outcomes or {}), **fields)


def ended(value: object = None, *, error: str = "", ago_s: float = 0.1) -> Outcome:
    """An effect's end, a moment ago."""
    return Outcome(at_s=NOW_S - ago_s, error=error, value=value)


def a_view(node: Node, *vms: Vm, elsewhere: Iterable[Vm] = (), **settings: Any) -> LocalView:
    """What the agent of a node sees of the store; `elsewhere` are domains found here that are placed on others."""
    return LocalView(
        node=node,
        settings=replace(Settings(), **settings),
        vms={vm.uuid: vm for vm in vms},
        elsewhere={vm.uuid: vm for vm in elsewhere},
        alive="s-1",
    )


def a_local_watch(*domains: Domain, node: str = "hv1", **fields: Any) -> LocalWatch:
    """What an agent of the node's first boot knows, with these domains present."""
    watch = LocalWatch(
        now_s=NOW_S,
        boot_id=f"{node}-boot1",
        daemon_id=f"{node}-daemon",
        next_run_id=f"{node}-daemon-9",
        domains={domain.uuid: domain for domain in domains},
    )
    return replace(watch, **fields)


def a_domain(vm: Vm, state: DomainState = DomainState.RUNNING, *, arriving: bool = False) -> Domain:
    """A domain of the VM on this node."""
    return Domain(uuid=vm.uuid, state=state, arriving=arriving)


# What a plan says


def changes(plan: Plan | Iterable[Step]) -> list[Change]:
    """The changes of a plan, in order."""
    steps = plan.steps if isinstance(plan, Plan) else plan
    return [step.change for step in steps if step.change is not None]


def said(plan: Plan | Iterable[Step]) -> list[str]:
    """The words of a plan's changes that are journalled."""
    return [change.what for change in changes(plan) if not change.quiet]


def effects(plan: Plan | Iterable[Step]) -> list[Effect]:
    """The effects of a plan, in order."""
    steps = plan.steps if isinstance(plan, Plan) else plan
    return [effect for step in steps for effect in step.effects]


def fence_after(plan: Plan) -> Fence:
    """The only fence record that a plan writes."""
    (fence,) = [write.after for change in changes(plan) for write in change.writes if isinstance(write.after, Fence)]
    return fence


def readiness_after(plan: Plan) -> Readiness:
    """The only readiness that a plan writes."""
    (found,) = [
        write.after for change in changes(plan) for write in change.writes if isinstance(write.after, Readiness)
    ]
    return found


def placement_after(plan: Plan | Iterable[Step], name: str = "web1") -> Placement:
    """What a plan makes of a VM's placement."""
    written = [write for change in changes(plan) for write in change.writes if write.key == uuid_of(name)]
    (placement,) = [write.after for write in written if isinstance(write.after, Placement)]
    return placement


def checked(plan: Plan) -> set[Kind]:
    """The kinds of records that a plan's changes depend on without writing them."""
    return {check.kind for change in changes(plan) for check in change.checks}
