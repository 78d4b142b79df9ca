from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from litestar.response import ServerSentEventMessage

from pvcapi.events import MANY_VMS, difference, events
from pvcapi.hub import JOURNAL_KEPT, Follower, Hub
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.journal import JournalEntry
from tests.operations.world import World
from tests.pvcapi.stand import MemorySource
from tests.pvcapi.storing import with_storage, with_task


def test_only_what_differs_is_told(world: World) -> None:
    with_task(with_storage(world)).add_vm("web1", "hv1")
    cluster = world.load()
    uuid = cluster.vm("web1").uuid
    told = difference(cluster, Delta(vms=frozenset({uuid, "gone"}), nodes=frozenset({"hv1", "hv9"})))
    assert set(told) == {"vms", "nodes"}
    assert (told["vms"]["gone"], told["vms"][uuid]["name"]) == (None, "web1")
    assert (told["nodes"]["hv9"], told["nodes"]["hv1"]["vms"]) == (None, 1)
    rest = Delta(
        settings=True,
        maintenance=True,
        leases=True,
        forecast=True,
        storage=True,
        volumes=frozenset({"vms"}),
        tasks=frozenset({"t1", "t2"}),
        problems=True,
        journal=(JournalEntry(what="x"),),
    )
    told = difference(cluster, rest)
    assert set(told) == {"settings", "maintenance", "manager", "forecast", "storage", "pools_changed", "tasks"} | {
        "problems",
        "journal",
    }
    assert (told["tasks"]["t2"], told["pools_changed"], told["manager"]) == (None, ["vms"], None)
    assert difference(Cluster(), Delta()) == {}


async def test_who_is_too_slow_gets_it_gathered() -> None:
    follower = Follower()
    for number in range(JOURNAL_KEPT + 10):
        follower.note(Delta(vms=frozenset({str(number)}), journal=(JournalEntry(key=str(number)),)))
    gathered = follower.take()
    assert (len(gathered.vms), len(gathered.journal)) == (JOURNAL_KEPT + 10, JOURNAL_KEPT)
    assert gathered.journal[-1].key == str(JOURNAL_KEPT + 9)
    assert follower.take() == Delta()


async def test_a_stream_tells_of_changes_and_of_zookeeper_going_and_coming(world: World) -> None:
    source = MemorySource(world)
    hub = Hub(source)
    hub.open()

    def publish(delta: Delta) -> None:
        for listener in source.listeners:
            listener(world.load(), delta)

    admitted = True
    stream = events(source, hub, lambda: admitted)

    async def told() -> tuple[str, dict[str, Any]]:
        message = await asyncio.wait_for(anext(stream), 10)
        assert isinstance(message, ServerSentEventMessage)
        return str(message.event), json.loads(str(message.data))

    assert await told() == ("begin", {"available": True})
    publish(Delta(maintenance=True))
    name, value = await told()
    assert (name, value["maintenance"]["on"]) == ("delta", False)
    source.away = "gone"
    publish(Delta(settings=True))
    assert await told() == ("away", {"reason": "gone"})
    source.away = ""
    publish(Delta(leases=True))
    assert await told() == ("back", {})
    name, value = await told()
    assert (name, set(value)) == ("delta", {"settings", "manager"})
    publish(Delta(full=True))
    assert await told() == ("reload", {})
    publish(Delta(vms=frozenset(map(str, range(MANY_VMS + 1)))))
    assert await told() == ("reload", {})
    admitted = False
    publish(Delta(vms=frozenset({"secret"})))
    assert await told() == ("end", {"reason": "the token is revoked"})
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert hub.following == 0


async def test_waiting_ends_with_the_limit_or_the_fact(world: World) -> None:
    source = MemorySource(world)
    hub = Hub(source)
    hub.open()
    assert await hub.until(lambda cluster: "hv1" in cluster.nodes, 0.0)
    assert not await hub.until(lambda cluster: "hv9" in cluster.nodes, 0.01)
    source.away = "gone"
    assert not await hub.until(lambda _: True, 0.01)
    assert hub.following == 0
