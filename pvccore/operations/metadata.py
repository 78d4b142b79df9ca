"""Verbs on a VM's metadata: meta and tag."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid, Refused
from pvccore.model.metadata import MAX_TAGS, check_names, parse_metadata
from pvccore.model.naming import natural
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Vm
from pvccore.operations.moves import chosen, relocation
from pvccore.operations.operator import Decision, Operator, Result, already, carry_out
from pvccore.plan.recovery import previous_node_after
from pvccore.plan.verbs import objection_to_leaving, shortened

LONGEST_SHOWN = 60
"""Of a long value the journal shows this much."""


def meta(operator: Operator, vm: str, fields: Mapping[str, object], *, move: bool = False) -> Result:
    """Set any of a VM's metadata fields; what is not given stays, "" clears.

    move: a VM that runs where its new limit forbids is migrated to an allowed node; without it that is refused.
    """
    values = parsed(fields)

    def decide(cluster: Cluster) -> Decision:
        found = cluster.vm(vm)
        check_limit(cluster, values.get("node_limit", ()))
        after = replace(found.definition, **values)
        if after == found.definition:
            return already(f"{found.name} is so already")
        if not _is_outside(found, after):
            return _described(found, after)
        return _moved_inside(operator, cluster, found, after, move=move)

    return carry_out(operator, decide)


def tag(operator: Operator, vm: str, *, add: Collection[str] = (), remove: Collection[str] = ()) -> Result:
    """Add and remove words that a VM is found by."""

    def decide(cluster: Cluster) -> Decision:
        found = cluster.vm(vm)
        unknown = sorted(set(remove) - set(found.definition.tags))
        if unknown:
            raise Invalid("tags", unknown[0], f"is not a tag of {found.name}")
        kept = [one for one in found.definition.tags if one not in remove]
        after = replace(found.definition, tags=check_names("tags", [*kept, *add], MAX_TAGS))
        return already(f"{found.name} is so already") if after == found.definition else _described(found, after)

    return carry_out(operator, decide)


def parsed(fields: Mapping[str, object]) -> dict[str, Any]:
    """The values of the given metadata fields; raises `Invalid` naming the field."""
    return {name: parse_metadata(name, value) for name, value in fields.items()}


def check_limit(cluster: Cluster, limit: object) -> None:
    """Raise `Invalid` naming the first node of a limit that the cluster does not have."""
    for name in limit if isinstance(limit, tuple) else ():
        if name not in cluster.nodes:
            known = ", ".join(sorted(cluster.nodes, key=natural)[:8]) or "none"
            raise Invalid("node_limit", name, f"is not a node of the cluster; its nodes are {known}")


def _is_outside(vm: Vm, after: Definition) -> bool:
    """Whether a VM that counts against its node is where its new limit forbids."""
    limit = after.node_limit
    return bool(limit) and limit != vm.definition.node_limit and vm.node not in limit and vm.takes_memory


def _described(vm: Vm, after: Definition) -> Decision:
    changes = "; ".join(_differences(vm.definition, after))
    change = Change(writes=(_write(vm, after),), what=f"meta {vm.name}: {changes}", vm=vm.name, node=vm.node)
    return Decision(change=change, result=Result(text=f"{vm.name}: {changes}"))


def _moved_inside(operator: Operator, cluster: Cluster, vm: Vm, after: Definition, *, move: bool) -> Decision:
    if not move:
        raise Refused(f"{vm.name}: it is on {vm.node}, which its new node limit forbids; --move migrates it as well")
    reason = objection_to_leaving(cluster, vm)
    if reason is not None:
        raise Refused(f"{vm.name}: {reason}")
    renewed = replace(vm, definition=after)
    target = chosen(cluster, renewed, "")
    home = previous_node_after(renewed, target)
    decision = relocation(operator, cluster, renewed, target, home if home in after.node_limit else "", "migrate")
    described = _described(vm, after)
    if decision.change is None or described.change is None:
        return described
    change = replace(
        decision.change, writes=(*described.change.writes, *decision.change.writes), what=described.change.what
    )
    result = replace(decision.result, text=f"{described.result.text}; {decision.result.text}")
    return Decision(change=change, result=result)


def _write(vm: Vm, after: Definition) -> Write:
    return Write(kind=Kind.DEFINITION, key=vm.uuid, before=vm.definition, after=after)


def _differences(before: Definition, after: Definition) -> list[str]:
    names = ("description", "tags", "node_limit", "node_selector", "autorestart", "migration_method", "max_downtime_ms")
    return [
        f"{name.replace('_', ' ')} {_shown(getattr(before, name))} → {_shown(getattr(after, name))}"
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return shortened(list(value)).replace(", ", ",") or "none"
    text = str(value)
    return (text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…") or "none"
