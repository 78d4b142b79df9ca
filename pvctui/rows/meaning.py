"""What a VM's metadata would mean if it were so: said by the same functions that decide."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.record import Record
from pvccore.model.struct import fields, replace
from pvccore.model.vm import Definition, Vm
from pvccore.plan.placement import Rooms
from pvctui.rows.lines import Line
from pvctui.widgets.meter import size

_OF_RECORD = {field.name for field in fields(Record)}
SHORTEST = 60


def changes_of(before: Definition, after: Definition) -> dict[str, tuple[str, str]]:
    """Field in words → what it was and what it becomes, for each that differs."""
    found: dict[str, tuple[str, str]] = {}
    for field in fields(Definition):
        was, becomes = getattr(before, field.name), getattr(after, field.name)
        if field.name not in _OF_RECORD and was != becomes:
            found[field.name] = (_words(field.name, was), _words(field.name, becomes))
    return found


def changes_line(before: Definition, after: Definition) -> Line:
    """All changes in one line."""
    changes = changes_of(before, after)
    if not changes:
        return (("Changes: ", "strong"), ("none", "dim"))
    told = "; ".join(f"{name.replace('_', ' ')} {was} → {becomes}" for name, (was, becomes) in changes.items())
    return (("Changes: ", "strong"), told)


def _words(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(value) or ("any" if name == "node_limit" else "none")
    text = str(value)
    return f"“{text[:SHORTEST]}”" if name == "description" else text


def meaning_line(cluster: Cluster, vm: Vm, after: Definition) -> Line:
    """What would happen to the VM with this definition, if its node died now, and then the next."""
    changed = replace(vm, definition=after)
    label = ("Means: ", "strong")
    here = vm.placement.node
    if not here:
        return (label, "it is on no node yet.")
    rooms = Rooms(replace(cluster, vms={**cluster.vms, vm.uuid: changed}))
    first = rooms.choose_target(changed, without=(here,))
    told = f"{here}, where it is, is outside this limit. " if is_outside(vm, after) else ""
    if first is None:
        return (
            label,
            f"{told}If {here} dies, {_parked(here, after)}",
            (f" ({rooms.refusal(changed, without=(here,))})", "dim"),
        )
    free = size(max(0, rooms.rooms[first].room_mb))
    told += f"If {here} dies, it goes to {first} ({free} of room). "
    second = rooms.choose_target(changed, without=(here, first))
    both = f"If both die, it goes to {second}." if second else f"If both die, {_parked(first, after)}"
    return (label, told + both)


def is_outside(vm: Vm, after: Definition) -> bool:
    """Whether the VM counts against a node that the limit would forbid it."""
    return bool(after.node_limit) and vm.placement.node not in after.node_limit and vm.takes_memory


def _parked(node: str, after: Definition) -> str:
    allowed = " or ".join(after.node_limit[:4]) if after.node_limit else node
    back = f"and started when {allowed} can take it" if after.autorestart else "and stays so until a person starts it"
    return f"it is parked {back}."
