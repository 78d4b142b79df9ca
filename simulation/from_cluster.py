"""A living cluster as the beginning of a scenario: what would become of it if … Only read, never touched."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.model.node import Node, Readiness, ReadinessState, WantedReadiness
from pvccore.model.vm import Definition, Vm, VmState, Wanted
from simulation.hosts import NodeSpec, VmSpec
from simulation.machine import HOST_MEMORY_MB
from simulation.places_in_file import bad_toml
from simulation.scenario import AGENT_ADDRESS
from simulation.scenario_text import cluster_lines, description_line, table_lines

OF_A_WHAT_IF = frozenset({"description", "step", "expect", "run"})
"""What a file may say beside a cluster that is there: what happens, and what must come of it."""


def what_if(cluster: Cluster, file_text: str = "", steps: Iterable[str] = ()) -> str:
    """The scenario file of a cluster as it is, with the steps of a file and those given as "SECONDS: VERB".

    The file's own text comes first, so that the lines which its mistakes are told by are its own. Raises `Invalid`
    for a step without a time, and for a file that describes a cluster of its own.
    """
    asked = [part for step in steps for part in _step(step)]
    beginning = file_text.rstrip("\n") if file_text else _beginning(cluster)
    _check_is_only_steps(file_text)
    return "\n".join([beginning, *asked, *_cluster(cluster)]) + "\n"


def _beginning(cluster: Cluster) -> str:
    name = cluster.settings.cluster_name or "this cluster"
    return description_line(f"What if, beginning with {name} as it was.")


def _check_is_only_steps(text: str) -> None:
    try:
        named = tomllib.loads(text)
    except ValueError as error:
        raise bad_toml(error) from None
    for name in named.keys() - OF_A_WHAT_IF:
        raise Invalid("scenario", name, "is not for a cluster that is there: only " + ", ".join(sorted(OF_A_WHAT_IF)))


def _step(text: str) -> list[str]:
    at, colon, verb = text.partition(":")
    try:
        at_s = float(at)
    except ValueError:
        at_s = -1.0
    if not colon or not verb.strip() or not at_s >= 0:
        raise Invalid("--step", text, 'must be like "10: power-cut hv1"')
    return _happening(at_s, verb.strip())


def _happening(at_s: float, verb: str) -> list[str]:
    return table_lines("[[step]]", [("at_s", at_s), ("do", verb)])


def _cluster(cluster: Cluster) -> list[str]:
    nodes = sorted(cluster.nodes)
    specs = [_node(cluster.nodes[name], cluster) for name in nodes]
    vms = [vm for vm in sorted(cluster.vms.values(), key=lambda vm: vm.name) if vm.node in cluster.nodes]
    lines = ["", *(f"# {note}" for note in _differences(cluster))]
    lines += cluster_lines(cluster.settings, specs, [_vm(vm, nodes) for vm in vms])
    if cluster.maintenance.on:
        lines += _happening(0.0, "maintenance on")
    for name in nodes:
        node = cluster.nodes[name]
        if node.is_alive and node.report.hypervisor_error:
            lines += _happening(0.0, f"break-hypervisor {name}")
    return lines


def _node(node: Node, cluster: Cluster) -> NodeSpec:
    defined_mb = sum(vm.memory_mb for vm in cluster.vms_on(node.name))
    state = ReadinessState.READY if node.is_ready else ReadinessState.FLUSHED
    wanted = WantedReadiness.READY if node.is_ready else WantedReadiness.FLUSHED
    return NodeSpec(
        name=node.name,
        memory_mb=node.report.memory_total_mb or defined_mb + HOST_MEMORY_MB,
        vcpus=node.report.vcpus or 1,
        role=node.config.role,
        alive=node.is_alive,
        readiness=Readiness(wanted=wanted, state=state),
        fence_agents=tuple(_agent(agent.kind) for agent in node.config.fence_agents),
    )


def _agent(kind: FenceAgentKind) -> FenceAgent:
    """A level of fencing as the simulated world has it: real addresses and programs are no business of a file."""
    return FenceAgent(kind=kind, address=AGENT_ADDRESS.get(kind, ""))


def _vm(vm: Vm, nodes: Sequence[str]) -> VmSpec:
    known, placement = vm.definition, vm.placement
    limit = tuple(name for name in known.node_limit if name in nodes)
    home = placement.previous_node
    return VmSpec(
        uuid=vm.uuid,
        definition=Definition(
            name=known.name,
            memory_mb=max(1, known.memory_mb),
            vcpus=max(1, known.vcpus),
            node_limit=limit,
            node_selector=known.node_selector,
            autorestart=known.autorestart,
            migration_method=known.migration_method,
        ),
        node=vm.node,
        wanted=Wanted.STOPPED if placement.state is VmState.FAILED else placement.wanted,
        previous_node=home if home in nodes and home != vm.node else "",
        parked=vm.is_parked and placement.wanted is Wanted.RUNNING,
    )


def _differences(cluster: Cluster) -> list[str]:
    """What a simulated cluster can't begin with, in words."""
    notes = []
    for name, node in sorted(cluster.nodes.items()):
        if not node.is_alive:
            notes.append(f"{name} has no daemon: here it has been off since long before.")
        if node.fence.under_way:
            notes.append(f"The fence of {name} was {node.fence.phase}: here it begins anew, if at all.")
    for vm in sorted(cluster.vms.values(), key=lambda one: one.name):
        if vm.node not in cluster.nodes:
            notes.append(f"{vm.name} is left out: it is placed on no node.")
        if vm.placement.migration is not None:
            notes.append(f"{vm.name} was on its way from {vm.node}: here it is there still.")
        if vm.placement.state is VmState.FAILED:
            notes.append(f"{vm.name} has failed: here it is stopped.")
    return notes
