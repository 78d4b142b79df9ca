"""The stream of deltas: what changed, as records, for who follows the cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec
from litestar.response import ServerSentEventMessage

from pvcapi.hub import Hub
from pvcapi.link import Source
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import Unavailable
from pvccore.operations.records import (
    forecast_record,
    journal_record,
    maintenance_record,
    node_record,
    settings_record,
    vm_record,
)
from pvccore.operations.storage import status_record as storage_record
from pvccore.operations.tasks import task_record

LOOK_AGAIN_S = 1.0
"""How often it is looked whether ZooKeeper is away, when nothing is heard."""
SIGN_OF_LIFE_EVERY = 15
"""After so many looks a comment is sent, so that nothing between takes the stream for dead."""
MANY_VMS = 5000
"""A difference of more VMs than this is told as `reload`."""
_encode = msgspec.json.Encoder().encode


async def events(source: Source, hub: Hub, admits: Callable[[], bool]) -> AsyncIterator[ServerSentEventMessage]:
    """The events of one stream, until who follows goes away, or is not admitted any more."""
    with hub.follow() as follower:
        _, away = _look(source)
        silent = 0
        yield _event("begin", {"available": not away})
        while True:
            await follower.wait(LOOK_AGAIN_S)
            if not admits():
                yield _event("end", {"reason": "the token is revoked"})
                return
            silent += 1
            if silent >= SIGN_OF_LIFE_EVERY:
                silent = 0
                yield ServerSentEventMessage(comment="still here")
            was_away = away
            cluster, away = _look(source)
            if cluster is None:
                if away != was_away:
                    yield _event("away", {"reason": away})
                continue
            if was_away:
                yield _event("back", {})
            delta = follower.take()
            if delta != Delta():
                yield _told(cluster, delta)


def difference(cluster: Cluster, delta: Delta) -> dict[str, Any]:
    """The records of what differs; None for what is gone. Only what differs is named at all."""
    return {name: told(cluster, delta) for name, (differs, told) in PARTS.items() if differs(delta)}


def _nodes(cluster: Cluster, delta: Delta) -> dict[str, Any]:
    placed = cluster.vms_by_node()
    return {
        name: node_record(cluster, cluster.nodes[name], vms=len(placed[name])) if name in cluster.nodes else None
        for name in sorted(delta.nodes)
    }


def _vms(cluster: Cluster, delta: Delta) -> dict[str, Any]:
    return {uuid: vm_record(cluster, cluster.vms[uuid]) if uuid in cluster.vms else None for uuid in sorted(delta.vms)}


def _tasks(cluster: Cluster, delta: Delta) -> dict[str, Any]:
    return {
        key: task_record(cluster, cluster.tasks[key]) if key in cluster.tasks else None for key in sorted(delta.tasks)
    }


PARTS: Mapping[str, tuple[Callable[[Delta], object], Callable[[Cluster, Delta], object]]] = {
    "nodes": (lambda delta: delta.nodes, _nodes),
    "vms": (lambda delta: delta.vms, _vms),
    "maintenance": (lambda delta: delta.maintenance, lambda cluster, _: maintenance_record(cluster)),
    "settings": (lambda delta: delta.settings, lambda cluster, _: settings_record(cluster.settings)),
    "manager": (lambda delta: delta.leases, lambda cluster, _: cluster.manager or None),
    "forecast": (lambda delta: delta.forecast, lambda cluster, _: forecast_record(cluster.forecast)),
    "tasks": (lambda delta: delta.tasks, _tasks),
    "storage": (lambda delta: delta.storage, lambda cluster, _: storage_record(cluster)),
    "pools_changed": (lambda delta: delta.volumes, lambda _, delta: sorted(delta.volumes)),
    "journal": (lambda delta: delta.journal, lambda _, delta: [journal_record(entry) for entry in delta.journal]),
    "problems": (lambda delta: delta.problems, lambda cluster, _: dict(cluster.problems)),
}
"""What an event may name → whether it differs, and its records."""


def _told(cluster: Cluster, delta: Delta) -> ServerSentEventMessage:
    if delta.full or len(delta.vms) > MANY_VMS:
        return _event("reload", {})
    return _event("delta", difference(cluster, delta))


def _look(source: Source) -> tuple[Cluster | None, str]:
    """The snapshot, or why there is none."""
    try:
        return source.cluster(), ""
    except Unavailable as unavailable:
        return None, str(unavailable)


def _event(name: str, value: dict[str, Any]) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=name, data=_encode(value).decode())
