"""Choosing records of a list by the parameters of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pvccore.model.cluster import Cluster, status_of
from pvccore.model.vm import Vm


def matching(records: Iterable[dict[str, Any]], wanted: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """The records whose fields are as wanted; None wants nothing, "" wants none."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return [one for one in records if all(_is(one[name], value) for name, value in given.items())]


def matching_vms(cluster: Cluster, wanted: Mapping[str, str | None], tag: str | None, search: str | None) -> list[Vm]:
    """The VMs by name whose fields are as wanted: what a request shows of them is made for these alone."""
    given = {name: value for name, value in wanted.items() if value is not None}
    found = [
        vm
        for vm in cluster.vms.values()
        if all(_of_vm(cluster, vm, name) == value for name, value in given.items())
        and (tag is None or tag in vm.definition.tags or (not tag and not vm.definition.tags))
        and (not search or _mentions(vm, search.lower()))
    ]
    return sorted(found, key=lambda vm: vm.name)


def _of_vm(cluster: Cluster, vm: Vm, name: str) -> str:
    if name == "status":
        return status_of(vm, cluster.nodes.get(vm.node))
    return str(getattr(vm.placement, name))


def _mentions(vm: Vm, search: str) -> bool:
    words = (vm.name, vm.definition.description, *vm.definition.tags)
    return any(search in word.lower() for word in words)


def _is(found: object, value: str) -> bool:
    if isinstance(found, bool):
        return value.lower() == str(found).lower()
    return ("" if found is None else str(found)) == value
