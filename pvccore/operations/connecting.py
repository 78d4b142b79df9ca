"""A front end's one connection to a real cluster: opened once, read freshly, waited upon."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Unavailable
from pvccore.operations.operator import Operator
from pvccore.operations.reading import load_cluster
from pvccore.plan.outcome import Goal, Progress, progress
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.live import JOURNAL_SHOWN, LiveCluster
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from pvccore.state.store import Connection, Store
from pvccore.state.upgrade import check_schema
from pvccore.state.zookeeper import ZooKeeperStore

RECONNECT_LIMIT_S = 10.0
"""How long a command waits for a connection that broke while it was at work."""
LOOK_AGAIN_S = 1.0
"""How often somebody who waits looks, even if nothing woke."""


def ignore(text: str) -> None:
    """Who is told of progress when nobody listens."""


def connect(address: ZooKeeperAddress, *, limit_s: float, must_exist: bool = True) -> ZooKeeperStore:
    """A connected store; raises `Unavailable` when none answers in time or, if it must, no cluster is there."""
    store = ZooKeeperStore(address, clock=time.monotonic)
    with ExitStack() as unless_it_succeeds:
        unless_it_succeeds.callback(store.close)
        store.connect(limit_s)
        if must_exist:
            check_schema(store, address.schema, address.where)
        unless_it_succeeds.pop_all()
    return store


def seat(store: ZooKeeperStore, who: str, *, show: Callable[[str], None] = ignore) -> Operator:
    """A person's seat at a connected cluster; every look at it is a fresh one. show: is told of progress."""
    schema = store.address.schema

    def look(journal_shown: int) -> Cluster:
        if store.connection is not Connection.CONNECTED:
            store.connect(RECONNECT_LIMIT_S)
        return load_cluster(store, schema, journal_shown=journal_shown)

    return Operator(
        session=Session(store, schema, who=who, wall_clock=time.time),
        cluster=lambda: look(1),
        reload=lambda: look(JOURNAL_SHOWN),
        wait=lambda goal, limit_s: wait_for(store, schema, goal, limit_s, show=show),
    )


def wait_for(
    store: Store, schema: Schema, goal: Goal, limit_s: float, *, show: Callable[[str], None] = ignore
) -> Progress:
    """Wait until a request has ended, at most `limit_s`; its last progress."""
    woken = Event()
    ends_at_s = time.monotonic() + limit_s
    live = LiveCluster(store, schema, clock=time.monotonic, wake=woken.set)
    live.start()
    shown = ""
    while True:
        woken.clear()
        now = _look(live, goal)
        if now.text != shown:
            show(now.text)
            shown = now.text
        left_s = ends_at_s - time.monotonic()
        if now.ended or left_s <= 0:
            return now
        woken.wait(min(left_s, LOOK_AGAIN_S))


def _look(live: LiveCluster, goal: Goal) -> Progress:
    try:
        return progress(live.refresh()[0], goal)
    except Unavailable as unavailable:
        return Progress(text=f"ZooKeeper is away: {unavailable}")
