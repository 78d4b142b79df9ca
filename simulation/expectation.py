"""What a scenario expects of one VM, node, fence or of maintenance, and how that is held against the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from pvccore.model.cluster import Cluster, VmStatus
from pvccore.model.fence import FenceCause, FencePhase
from pvccore.model.node import Node, NodeRole, ReadinessState
from pvccore.model.selectors import Selector
from pvccore.model.struct import Struct
from pvccore.model.vm import MigrationMethod, Vm, VmState, Wanted
from pvccore.operations.records import node_record, vm_record
from pvccore.plan.effects import Power
from simulation.machine import Machine
from simulation.table import Table
from simulation.world import World

IN = "_in"
"""`FIELD_in = [..]` expects one of several values of FIELD."""
NAMES_OF_NODES = frozenset({"node", "previous_node", "parked_on", "node_limit"})

Value = Any


class SubjectKind(StrEnum):
    """What an expectation is about."""

    VM = "vm"
    NODE = "node"
    FENCE = "fence"
    MAINTENANCE = "maintenance"


class Expectation(Struct, frozen=True, kw_only=True):
    """Fields of one subject with the values they must have. at_s None: at the end."""

    at_s: float | None
    kind: SubjectKind
    name: str
    fields: tuple[tuple[str, Value], ...]

    @property
    def text(self) -> str:
        """In words: `vm web1: state = "running", node in hv2, hv3`."""
        if self.kind is SubjectKind.MAINTENANCE:
            return f"maintenance is {'on' if self.fields[0][1] else 'off'}"
        return f"{self.kind} {self.name}: " + ", ".join(_words(name, value) for name, value in self.fields)


def simulated_node_record(cluster: Cluster, node: Node, machine: Machine) -> dict[str, Any]:
    """A node as the command line's JSON has it, but with the power that it really has: here somebody knows."""
    return node_record(cluster, node) | {"power": (Power.ON if machine.power else Power.OFF).value}


def found_by(expectation: Expectation, world: World) -> tuple[bool, str]:
    """Whether it is met now, and what was found instead (or as well) in words."""
    record = _record(expectation, world)
    if record is None:
        return False, f"there is no {expectation.kind} {expectation.name}"
    met = all(_is_met(name, value, record) for name, value in expectation.fields)
    if expectation.kind is SubjectKind.MAINTENANCE:
        return met, "on" if record["maintenance"] else "off"
    names = dict.fromkeys(_field(name) for name, _ in expectation.fields)
    return met, ", ".join(_words(name, record[name]) for name in names)


def _record(expectation: Expectation, world: World) -> dict[str, Any] | None:
    cluster = world.cluster()
    if expectation.kind is SubjectKind.MAINTENANCE:
        return {"maintenance": cluster.maintenance.on}
    if expectation.kind is SubjectKind.VM:
        vm = cluster.vms.get(cluster.names.get(expectation.name, ""))
        return None if vm is None else vm_record(cluster, vm)
    node = cluster.nodes.get(expectation.name)
    if node is None:
        return None
    if expectation.kind is SubjectKind.NODE:
        return simulated_node_record(cluster, node, world.machines[node.name])
    fence = node.fence
    return {"phase": fence.phase.value, "cause": fence.cause.value if fence.under_way else None, "round": fence.round}


def _is_met(name: str, value: Value, record: dict[str, Any]) -> bool:
    found = record[_field(name)]
    if name not in record:
        return any(_equal(one, found) for one in value)
    return _equal(value, found)


def _equal(value: Value, found: object) -> bool:
    """Whether it is the value; an empty text means none, and true is no number."""
    if value == "":
        return found in (None, "")
    return value == found and isinstance(value, bool) == isinstance(found, bool)


def _field(name: str) -> str:
    return name.removesuffix(IN)


def _words(name: str, value: Value) -> str:
    if name.endswith(IN) and isinstance(value, list):
        return f"{_field(name)} in {', '.join(map(str, value))}"
    shown = '""' if value in (None, "") else str(value).lower() if isinstance(value, bool) else str(value)
    return f"{name} = {shown}"


# Reading


_EXAMPLES: Mapping[SubjectKind, Mapping[str, object]] = {
    SubjectKind.VM: vm_record(Cluster(), Vm(uuid="")),
    SubjectKind.NODE: node_record(Cluster(), Node(name="")),
    SubjectKind.FENCE: {"phase": FencePhase.NONE.value, "cause": None, "round": 0},
    SubjectKind.MAINTENANCE: {},
}
"""A record of each kind: the fields that may be expected, and what each is: a text (or none), a number, …"""
_CHOICES: Mapping[str, Sequence[str]] = {
    "status": (*VmState, VmStatus.PARKED, VmStatus.DISABLED, VmStatus.UNKNOWN),
    "state": tuple(VmState),
    "wanted": tuple(Wanted),
    "node_selector": tuple(Selector),
    "migration_method": tuple(MigrationMethod),
    "readiness": tuple(ReadinessState),
    "role": tuple(NodeRole),
    "power": (Power.ON, Power.OFF),
    "phase": tuple(FencePhase),
    "cause": ("", *FenceCause),
}


def _fields_of(kind: SubjectKind) -> list[str]:
    return list(_EXAMPLES[kind])


def _may_stand(name: str) -> bool:
    return name == "at_s" or any(_field(name) in record for record in _EXAMPLES.values())


def parse_expectation(table: Table, nodes: Sequence[str], knows_vm: Callable[[str], bool]) -> Expectation:
    """One `[[expect]]`; raises `BadScenario`."""
    with table:
        at_s = table.moment("at_s") if "at_s" in table.names else None
        kind = next((kind for kind in SubjectKind if kind.value in table.names), None)
        if kind is None:
            table.only([name for name in table.names if _may_stand(name)])
            raise table.bad("", "an expectation needs a subject: vm, node, fence or maintenance")
        if kind is SubjectKind.MAINTENANCE:
            on = table.truth("maintenance", default=False)
            return Expectation(at_s=at_s, kind=kind, name="", fields=(("maintenance", on),))
        name = table.text(kind.value)
        _check_subject(table, kind, name, nodes, knows_vm)
        allowed = [field for field in _fields_of(kind) if field != kind.value]
        fields = tuple(_expected(table, kind, key, nodes) for key in table.names if _field(key) in allowed)
        table.known(allowed)
    if not fields:
        raise table.bad(kind.value, "nothing is expected of it")
    return Expectation(at_s=at_s, kind=kind, name=name, fields=fields)


def _check_subject(
    table: Table, kind: SubjectKind, name: str, nodes: Sequence[str], knows_vm: Callable[[str], bool]
) -> None:
    if kind is SubjectKind.VM and not knows_vm(name):
        raise table.bad("vm", f"{name!r} is no VM of this file")
    if kind is not SubjectKind.VM:
        table.named(name, kind.value, nodes)


def _expected(table: Table, kind: SubjectKind, key: str, nodes: Sequence[str]) -> tuple[str, Value]:
    value = table.anything(key)
    if key.endswith(IN) and (not isinstance(value, list) or not value):
        raise table.bad(key, "must be a list of the values that it may have")
    for one in value if key.endswith(IN) else [value]:
        reason = _objection(_field(key), one, _EXAMPLES[kind][_field(key)])
        if reason is not None:
            raise table.bad(key, f"{one!r} {reason}")
        for name in one if isinstance(one, list) else [one]:
            if _field(key) in NAMES_OF_NODES and name != "":
                table.named(name, key, nodes)
    return key, value


def _objection(field: str, value: Value, example: object) -> str | None:
    """Why a field can never have this value; None when it might."""
    if field in _CHOICES:
        return None if value in list(_CHOICES[field]) else "must be one of " + ", ".join(filter(None, _CHOICES[field]))
    if isinstance(example, bool):
        return None if isinstance(value, bool) else "must be true or false"
    if isinstance(example, list):
        is_words = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return None if is_words else "must be a list of texts"
    if isinstance(example, int | float):
        return None if isinstance(value, int | float) and not isinstance(value, bool) else "must be a number"
    return None if isinstance(value, str) else "must be a text"
