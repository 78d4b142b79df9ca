"""What rename, tag and remove would do to a VM now, or why they are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pvccore.model.cluster import Cluster
from pvccore.model.errors import PvcError, Refused
from pvccore.model.metadata import MAX_TAGS, check_name, check_names, split_words
from pvccore.model.vm import Vm
from pvccore.plan.placement import Rooms
from pvccore.plan.storage_checks import check_removal, users_of
from pvccore.plan.verbs import VM_VERBS
from pvctui.verbs import Given


def definition_objection(name: str, vm: Vm, cluster: Cluster, rooms: Rooms, given: Given) -> str:
    """Why one of these is refused with what was filled in; empty when it may be asked for."""
    rule = VM_VERBS.get({"remove": "undefine"}.get(name, name))
    objection = rule(cluster, vm, rooms) if rule is not None else None
    if objection:
        return objection
    try:
        _CHECKS[name](vm, cluster, given)
    except PvcError as error:
        return str(error)
    return ""


def definition_outcome(name: str, vm: Vm, cluster: Cluster, given: Given) -> str:
    """What would become of the VM, in a line."""
    if name == "rename":
        return f"→ {given.text('name')}" if given.text("name") else "still to fill in: the new name"
    if name == "tag":
        tags = tags_after(vm, given)
        return f"tags {', '.join(tags) or 'none'}" if tags != vm.definition.tags else "nothing to add or take away yet"
    going = going_volumes(vm, cluster)
    goes = "goes" if len(going) == 1 else "go"
    return f"{len(going)} of its volumes {goes} with it" if going else "no volume goes with it"


def tags_after(vm: Vm, given: Given) -> tuple[str, ...]:
    """Its tags with those added and without those taken away; raises `Invalid` for a word that is none."""
    taken = split_words(given.text("remove"))
    kept = [one for one in vm.definition.tags if one not in taken]
    return check_names("tags", [*kept, *split_words(given.text("add"))], MAX_TAGS)


def going_volumes(vm: Vm, cluster: Cluster) -> list[str]:
    """The volumes that a removal would take with it: those that are there and that no other VM has."""
    return [
        path
        for path in vm.definition.volumes
        if len(users_of(cluster, path)) == 1 and cluster.storage.find(path) is not None
    ]


def _check_rename(vm: Vm, cluster: Cluster, given: Given) -> None:
    name = given.text("name")
    if name and name != vm.name:
        check_name("name", name)
        if name in cluster.names:
            raise Refused(f"there is a VM named {name} already")


def _check_tag(vm: Vm, cluster: Cluster, given: Given) -> None:  # noqa: ARG001 - one signature in _CHECKS
    tags_after(vm, given)


def _check_removal(vm: Vm, cluster: Cluster, given: Given) -> None:
    for path in going_volumes(vm, cluster):
        check_removal(cluster, path, forced=given.force)


_CHECKS: Mapping[str, Callable[[Vm, Cluster, Given], None]] = {
    "rename": _check_rename,
    "tag": _check_tag,
    "remove": _check_removal,
}
DEFINITION_VERBS = frozenset(_CHECKS)
