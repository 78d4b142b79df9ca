"""The API's view of the cluster: one connection, one live snapshot, and the reason when there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Protocol

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import PvcError, Unavailable
from pvccore.state.live import LiveCluster
from pvccore.state.live_thread import LiveThread
from pvccore.state.schema import Schema
from pvccore.state.store import Connection, Store

AGAIN_S = 0.5
"""Between two tries to reach a cluster."""
GATHER_S = 0.05
"""The shortest time between two snapshots."""
STOP_LIMIT_S = 15.0

Listener = Callable[[Cluster, Delta], None]
_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where requests find the cluster."""

    @property
    def store(self) -> Store:
        """The store that verbs write to."""

    @property
    def schema(self) -> Schema:
        """Its layout."""

    def cluster(self) -> Cluster:
        """The newest snapshot; raises `Unavailable` with the reason at once when none can be trusted."""

    def age_s(self) -> float | None:
        """For how long nothing was heard that would confirm the snapshot; None before the first."""

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every new snapshot, on a thread of the source: it must hand over and return."""


class Link:
    """The cluster over a real store, kept current by a thread; goes on trying while there is none.

    enter: connects the store and checks what lives there; raises one of the five errors, and is then called again.
    """

    def __init__(self, store: Store, schema: Schema, *, enter: Callable[[], None], clock: Callable[[], float]) -> None:
        self._store = store
        self._schema = schema
        self._enter = enter
        self._clock = clock
        self._reason = "the cluster is not read yet"
        self._entered = False
        self._stopped = Event()
        self._cluster: Cluster | None = None
        self._listeners: tuple[Listener, ...] = ()
        self._live = LiveThread(self._make_live, self._publish, clock=clock, gather_s=GATHER_S)
        self._entry = Thread(target=self._go_in, name="way into the cluster", daemon=True)

    @property
    def store(self) -> Store:
        """See `Source.store`."""
        return self._store

    @property
    def schema(self) -> Schema:
        """See `Source.schema`."""
        return self._schema

    def start(self) -> None:
        """Begin to connect and to read."""
        self._entry.start()

    def stop(self) -> None:
        """End the threads; the store stays as it is."""
        self._stopped.set()
        self._entry.join(STOP_LIMIT_S)
        if self._entered:
            self._live.stop()

    def cluster(self) -> Cluster:
        """See `Source.cluster`."""
        if self._cluster is None or not self._entered:
            raise Unavailable(self._reason)
        connection = self.store.connection
        if connection is not Connection.CONNECTED:
            raise Unavailable(f"no connection to ZooKeeper ({connection})")
        if not self._live.live.is_current:
            raise Unavailable("the cluster is being read again after a lost connection")
        return self._cluster

    def age_s(self) -> float | None:
        """See `Source.age_s`."""
        return None if self._cluster is None else max(0.0, self._clock() - self._live.live.fresh_at_s)

    def listen(self, listener: Listener) -> None:
        """See `Source.listen`."""
        self._listeners = (*self._listeners, listener)

    def _make_live(self, wake: Callable[[], None]) -> LiveCluster:
        return LiveCluster(self.store, self.schema, clock=self._clock, wake=wake)

    def _publish(self, cluster: Cluster, delta: Delta) -> None:
        self._cluster = cluster
        for listener in self._listeners:
            listener(cluster, delta)

    def _go_in(self) -> None:
        while not self._stopped.is_set():
            try:
                self._enter()
            except PvcError as error:
                if str(error) != self._reason:
                    _log.warning("waits: %s", error)
                self._reason = str(error)
                self._stopped.wait(AGAIN_S)
            else:
                self._reason = "the cluster is being read"
                self._entered = True
                self._live.start()
                return
