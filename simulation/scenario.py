"""A scenario file (DESIGN §9): a cluster, what happens to it, and what must come of it."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from pvccore.model.errors import Invalid
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.model.metadata import parse_metadata
from pvccore.model.node import NodeRole, Readiness, ReadinessState, WantedReadiness
from pvccore.model.settings import Settings, parse_setting
from pvccore.model.struct import Struct
from pvccore.model.vm import Definition, Wanted
from simulation.expectation import Expectation, parse_expectation
from simulation.faults import Fault, parse_fault
from simulation.hosts import NodeSpec, VmSpec
from simulation.places_in_file import PlacesInFile, Spot, bad_toml
from simulation.table import Table

PARTS = ("description", "settings", "node", "vm", "step", "expect", "run")
HIGHEST_LOAD = 10000.0
REST_AFTER_S = 60.0
"""How long a run goes on after its last step or expectation, unless the file says otherwise."""
AGENT_ADDRESS = {FenceAgentKind.IPMI: "simulated", FenceAgentKind.COMMAND: "fence-it"}

CheckVerb = Callable[[Sequence[str]], None]
"""Raises `Invalid` for words that are no verb of the command line."""


class Step(Struct, frozen=True, kw_only=True):
    """One thing that happens: a fault, or (fault None) a person's verb.

    refused: the verb must be refused. may_refuse: whether it is does not matter, as in a random schedule.
    """

    at_s: float
    text: str
    words: tuple[str, ...]
    fault: Fault | None = None
    refused: bool = False
    may_refuse: bool = False


class Scenario(Struct, frozen=True, kw_only=True):
    """One file: steps in the order in which they happen, expectations in the order in which they are looked at."""

    nodes: tuple[NodeSpec, ...]
    description: str = ""
    settings: Settings = Settings()
    vms: tuple[VmSpec, ...] = ()
    steps: tuple[Step, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    until_s: float = REST_AFTER_S


class Known(Struct, frozen=True, kw_only=True):
    """The names that a file may use. is_open: a step makes VMs of names that the file does not tell beforehand."""

    nodes: tuple[str, ...]
    vms: frozenset[str]
    is_open: bool = False

    def knows_vm(self, name: str) -> bool:
        """Whether a VM may bear this name."""
        return self.is_open or name in self.vms


def parse_scenario(text: str, check_verb: CheckVerb) -> Scenario:
    """The scenario in a file's text; raises `BadScenario`."""
    try:
        document = tomllib.loads(text)
    except ValueError as error:
        raise bad_toml(error) from None
    places = PlacesInFile(text)
    top = Table(document, places, Spot())
    top.only(PARTS)
    description = top.text("description", "")
    settings = _settings(top)
    nodes = _unique([_node(table) for table in top.tables("node")], top)
    names = tuple(spec.name for spec in nodes)
    vms = _vms(top, names)
    raw_steps = [_words(table) for table in top.tables("step")]
    known = Known(
        nodes=names, vms=frozenset(vm.definition.name for vm in vms) | _renamed(raw_steps), is_open=_opens(raw_steps)
    )
    steps = tuple(_step(table, words, known, check_verb) for table, words in raw_steps)
    expectations = tuple(parse_expectation(table, known.nodes, known.knows_vm) for table in top.tables("expect"))
    until_s = _until(top, steps, expectations)
    top.finish()
    return Scenario(
        description=description,
        settings=settings,
        nodes=nodes,
        vms=vms,
        steps=tuple(sorted(steps, key=lambda step: step.at_s)),
        expectations=tuple(sorted(expectations, key=lambda one: until_s if one.at_s is None else one.at_s)),
        until_s=until_s,
    )


def uuid_of(name: str) -> str:
    """The uuid of a scenario's VM: the same in every run."""
    return str(uuid5(NAMESPACE_OID, f"pvc scenario {name}"))


def _settings(top: Table) -> Settings:
    with top.table("settings") as table:
        found = {name: table.checked(name, partial(parse_setting, name)) for name in table.names}
    return Settings(**found)


# Nodes and VMs


def _node(table: Table) -> NodeSpec:
    with table:
        return NodeSpec(
            name=table.name("name"),
            memory_mb=table.whole("memory_mb", 1),
            vcpus=table.whole("vcpus", 1),
            role=NodeRole(table.choice("role", list(NodeRole), NodeRole.COORDINATOR)),
            load=table.share("load", 0.1, HIGHEST_LOAD),
            alive=table.truth("alive", default=True),
            readiness=_readiness(table),
            fence_agents=_agents(table),
        )


def _readiness(table: Table) -> Readiness:
    resting = [ReadinessState.READY, ReadinessState.FLUSHED]
    state = ReadinessState(table.choice("readiness", resting, ReadinessState.READY))
    wanted = WantedReadiness.READY if state is ReadinessState.READY else WantedReadiness.FLUSHED
    return Readiness(wanted=wanted, state=state)


def _agents(table: Table) -> tuple[FenceAgent, ...]:
    """`KIND`, or `command:PROGRAM`; the program `false` never confirms."""

    def agent(word: str) -> FenceAgent:
        kind, _, program = word.partition(":")
        if kind not in list(FenceAgentKind) or (program and kind != FenceAgentKind.COMMAND):
            raise Invalid("fence_agents", word, "must be one of " + ", ".join(FenceAgentKind))
        return FenceAgent(kind=FenceAgentKind(kind), address=program or AGENT_ADDRESS.get(FenceAgentKind(kind), ""))

    words = table.words("fence_agents", (FenceAgentKind.IPMI.value,))
    return table.checked("fence_agents", lambda _: tuple(agent(word) for word in words))


def _unique(nodes: list[NodeSpec], top: Table) -> tuple[NodeSpec, ...]:
    if not nodes:
        raise top.bad("node", "a scenario needs at least one [[node]]")
    seen: set[str] = set()
    for index, spec in enumerate(nodes):
        if spec.name in seen:
            raise top.places.bad(Spot("node", index), "name", f"{spec.name!r} is there twice")
        seen.add(spec.name)
    return tuple(nodes)


def _vms(top: Table, nodes: tuple[str, ...]) -> tuple[VmSpec, ...]:
    vms: list[VmSpec] = []
    seen: set[str] = set()
    for table in top.tables("vm"):
        vm = _vm(table, nodes)
        if vm.definition.name in seen:
            raise table.bad("name", f"{vm.definition.name!r} is there twice")
        seen.add(vm.definition.name)
        vms.append(vm)
    return tuple(vms)


def _vm(table: Table, nodes: tuple[str, ...]) -> VmSpec:
    def metadata(field: str, default: object) -> Any:  # noqa: ANN401 - the type is the field's own
        return table.checked(field, lambda value: parse_metadata(field, default if value is None else value))

    with table:
        name = table.name("name")
        definition = Definition(
            name=name,
            memory_mb=table.whole("memory_mb", 1),
            vcpus=table.whole("vcpus", 1),
            volumes=(f"vms/{name}",),
            node_limit=tuple(table.named(node, "node_limit", nodes) for node in table.words("node_limit", ())),
            node_selector=metadata("node_selector", ""),
            autorestart=table.truth("autorestart", default=True),
            migration_method=metadata("migration_method", ""),
        )
        node = table.named(table.text("node"), "node", nodes)
        previous = table.text("previous_node", "")
        if previous and table.named(previous, "previous_node", nodes) == node:
            raise table.bad("previous_node", "is where it is placed")
        wanted = Wanted(table.choice("wanted", list(Wanted), Wanted.RUNNING))
        parked = table.truth("parked", default=False)
        if parked and wanted is not Wanted.RUNNING:
            raise table.bad("parked", "only what is wanted running can be")
        return VmSpec(
            uuid=uuid_of(name), definition=definition, node=node, wanted=wanted, previous_node=previous, parked=parked
        )


# Steps


def _words(table: Table) -> tuple[Table, tuple[str, ...]]:
    try:
        words = tuple(shlex.split(table.text("do")))
    except ValueError as error:
        raise table.bad("do", f"does not parse: {error}") from None
    if not words:
        raise table.bad("do", "says nothing")
    return table, words


def _renamed(steps: list[tuple[Table, tuple[str, ...]]]) -> frozenset[str]:
    return frozenset(words[3] for _, words in steps if words[:2] == ("vm", "rename") and len(words) > 3)  # noqa: PLR2004


def _opens(steps: list[tuple[Table, tuple[str, ...]]]) -> bool:
    return any(words[:2] == ("vm", "define") for _, words in steps)


def _step(table: Table, words: tuple[str, ...], known: Known, check_verb: CheckVerb) -> Step:
    with table:
        at_s, text, refused = table.moment("at_s"), table.text("do"), table.truth("refused", default=False)
        try:
            fault = parse_fault(words, known.nodes, known.knows_vm)
            if fault is None:
                check_verb(words)
        except (ValueError, Invalid) as error:
            raise table.bad("do", f"{text!r} does not parse: {error}") from None
        if fault is not None and "refused" in table.names:
            raise table.bad("refused", "only a verb can be refused, not a fault")
        return Step(at_s=at_s, text=text, words=words, fault=fault, refused=refused)


def _until(top: Table, steps: tuple[Step, ...], expectations: tuple[Expectation, ...]) -> float:
    moments = [step.at_s for step in steps] + [one.at_s for one in expectations if one.at_s is not None]
    last_s = max(moments, default=0.0)
    with top.table("run") as table:
        if "until_s" not in table.names:
            return last_s + REST_AFTER_S
        until_s = table.moment("until_s")
        if until_s < last_s:
            raise table.bad("until_s", f"something is to happen later, at {last_s:g} s")
        return until_s
