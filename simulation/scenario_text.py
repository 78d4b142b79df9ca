"""A scenario as the text of a file, so that what the fuzzer found can be run again."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.model.settings import SETTING_NAMES, Settings
from pvccore.model.struct import fields
from pvccore.model.vm import Definition
from simulation.hosts import NodeSpec, VmSpec
from simulation.scenario import AGENT_ADDRESS, Scenario, Step


def scenario_text(scenario: Scenario) -> str:
    """The file. Expectations are left out: a schedule has none."""
    lines = [description_line(scenario.description)]
    lines += cluster_lines(scenario.settings, scenario.nodes, scenario.vms)
    for step in scenario.steps:
        lines += table_lines("[[step]]", _step(step))
    lines += table_lines("[run]", [("until_s", scenario.until_s)])
    return "\n".join(lines) + "\n"


def description_line(description: str) -> str:
    """The first line of a file."""
    return f"description = {_value(description)}"


def cluster_lines(settings: Settings, nodes: Iterable[NodeSpec], vms: Iterable[VmSpec]) -> list[str]:
    """The tables that describe a cluster."""
    lines = table_lines("[settings]", _changed_settings(settings))
    for node in nodes:
        lines += table_lines("[[node]]", _node(node))
    for vm in vms:
        lines += table_lines("[[vm]]", _vm(vm))
    return lines


def table_lines(header: str, values: Iterable[tuple[str, object]]) -> list[str]:
    """One table; none at all when it has no values."""
    lines = [f"{name} = {_value(value)}" for name, value in values]
    return ["", header, *lines] if lines else []


def _value(value: object) -> str:
    if isinstance(value, tuple):
        value = list(value)
    return json.dumps(value, ensure_ascii=False)


def _changed_settings(settings: Settings) -> list[tuple[str, object]]:
    usual = Settings()
    values = [(name, getattr(settings, name), getattr(usual, name)) for name in SETTING_NAMES]
    return [(name, value) for name, value, default in values if value != default]


def _node(node: NodeSpec) -> list[tuple[str, object]]:
    agents = tuple(_agent(agent) for agent in node.fence_agents)
    optional: list[tuple[str, object, object]] = [
        ("role", node.role.value, "coordinator"),
        ("load", node.load, 0.1),
        ("alive", node.alive, True),
        ("readiness", node.readiness.state.value, "ready"),
        ("fence_agents", agents, ("ipmi",)),
    ]
    always: list[tuple[str, object]] = [("name", node.name), ("memory_mb", node.memory_mb), ("vcpus", node.vcpus)]
    return [*always, *((name, value) for name, value, default in optional if value != default)]


def _agent(agent: FenceAgent) -> str:
    program = agent.kind is FenceAgentKind.COMMAND and agent.address != AGENT_ADDRESS[FenceAgentKind.COMMAND]
    return f"{agent.kind.value}:{agent.address}" if program else agent.kind.value


def _vm(vm: VmSpec) -> list[tuple[str, object]]:
    known = vm.definition
    usual = {one.name: one.default for one in fields(Definition)}
    always: list[tuple[str, object]] = [
        ("name", known.name),
        ("memory_mb", known.memory_mb),
        ("vcpus", known.vcpus),
        ("node", vm.node),
    ]
    names = ("node_limit", "node_selector", "autorestart", "migration_method")
    changed = [(name, getattr(known, name)) for name in names if getattr(known, name) != usual[name]]
    placed: list[tuple[str, object]] = [("wanted", vm.wanted.value)] if vm.wanted != "running" else []
    placed += [("previous_node", vm.previous_node)] if vm.previous_node else []
    placed += [("parked", True)] if vm.parked else []
    return [*always, *placed, *changed]


def _step(step: Step) -> list[tuple[str, object]]:
    values: list[tuple[str, object]] = [("at_s", step.at_s), ("do", step.text)]
    return [*values, ("refused", True)] if step.refused else values
