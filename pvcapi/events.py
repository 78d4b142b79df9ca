"""The stream of deltas: what changed, as records, for who follows the cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar.response import ServerSentEventMessage

from pvcapi.hub import Hub
from pvcapi.link import Source
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import Unavailable
from pvccore.operations.records import (
    journal_record,
    maintenance_record,
    node_record,
    settings_record,
    vm_record,
)

LOOK_AGAIN_S = 1.0
"""How often it is looked whether ZooKeeper is away, when nothing is heard."""
SIGN_OF_LIFE_EVERY = 15
"""After so many looks a comment is sent, so that nothing between takes the stream for dead."""
MANY_VMS = 5000
"""A difference of more VMs than this is told as `reload`."""
_encode = msgspec.json.Encoder().encode


async def events(source: Source, hub: Hub) -> AsyncIterator[ServerSentEventMessage]:
    """The events of one stream, until who follows goes away."""
    with hub.follow() as follower:
        _, away = _look(source)
        silent = 0
        yield _event("begin", {"available": not away})
        while True:
            await follower.wait(LOOK_AGAIN_S)
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
    told: dict[str, Any] = {}
    if delta.nodes:
        placed = cluster.vms_by_node()
        told["nodes"] = {
            name: node_record(cluster, cluster.nodes[name], vms=len(placed[name])) if name in cluster.nodes else None
            for name in sorted(delta.nodes)
        }
    if delta.vms:
        told["vms"] = {
            uuid: vm_record(cluster, cluster.vms[uuid]) if uuid in cluster.vms else None for uuid in sorted(delta.vms)
        }
    if delta.maintenance:
        told["maintenance"] = maintenance_record(cluster)
    if delta.settings:
        told["settings"] = settings_record(cluster.settings)
    if delta.leases:
        told["manager"] = cluster.manager or None
    if delta.journal:
        told["journal"] = [journal_record(entry) for entry in delta.journal]
    if delta.problems:
        told["problems"] = dict(cluster.problems)
    return told


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
