"""From the cluster's memory to the screen: one live snapshot, and at most one message waiting at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import PvcError, Refused, Unavailable
from pvccore.model.settings import Settings
from pvccore.model.struct import Struct
from pvccore.state.store import Connection, Store
from pvctui.rows.view import Link

if TYPE_CHECKING:
    from pvccore.state.live import LiveCluster
    from pvccore.state.live_thread import LiveThread
    from pvccore.state.schema import Schema

FRAMES_PER_S = 15
RETRY_S = 1.0
JOIN_LIMIT_S = 5.0


class Newest(Struct, frozen=True, kw_only=True):
    """The newest snapshot, all that changed since the last one taken, and how the console stands to the store."""

    cluster: Cluster
    delta: Delta
    link: Link


class Feed(Protocol):
    """Where the console's snapshots come from."""

    def start(self, wake: Callable[[], None]) -> None:
        """Begin; `wake` is called, on any thread, when there is something to take and nobody was told yet."""

    def stop(self) -> None:
        """End; no wake after it."""

    def take(self) -> Newest:
        """The newest of everything; the deltas since the last taking as one."""

    def link(self) -> Link:
        """How the console stands to the store at this moment."""

    @property
    def session_store(self) -> tuple[Store, Schema]:
        """What operations write through; raises `Unavailable` while there is none."""


class Opened(Struct, frozen=True, kw_only=True):
    """A connection to one cluster's memory.

    where: the address in a person's words.
    """

    store: Store
    schema: Schema
    where: str = ""


class LiveFeed:
    """The live snapshot of one cluster.

    open_store: connects; may block, and raises `Unavailable` or `Refused`; called again until it succeeds.
    """

    def __init__(
        self, open_store: Callable[[], Opened], *, name: str = "", clock: Callable[[], float] = monotonic
    ) -> None:
        """`name`: what the cluster is called until it says so itself."""
        self._open_store = open_store
        self._clock = clock
        self._lock = Lock()
        self._cluster = Cluster(settings=Settings(cluster_name=name)) if name else Cluster()
        self._delta = Delta()
        self._loaded = False
        self._told = False
        self._trouble = ""
        self._refused = False
        self._may_write = True
        self._opened: Opened | None = None
        self._live: LiveThread | None = None
        self._stopped = Event()
        self._wake: Callable[[], None] = lambda: None
        self._opener = Thread(target=self._open_until_it_works, name="connecting", daemon=True)

    def start(self, wake: Callable[[], None]) -> None:
        """Connect on a thread of its own; the frame does not wait for it."""
        self._wake = wake
        self._opener.start()

    def stop(self) -> None:
        """End the threads and close the connection."""
        self._stopped.set()
        if self._opener.is_alive():
            self._opener.join(JOIN_LIMIT_S)
        if self._live is not None:
            self._live.stop()
        if self._opened is not None:
            self._opened.store.close()

    def take(self) -> Newest:
        """See `Feed.take`."""
        with self._lock:
            cluster, delta = self._cluster, self._delta
            self._delta = Delta()
            self._told = False
        return Newest(cluster=cluster, delta=delta, link=self.link())

    @property
    def session_store(self) -> tuple[Store, Schema]:
        """See `Feed.session_store`."""
        if self._opened is None:
            raise Unavailable(self._trouble or "not connected yet")
        return self._opened.store, self._opened.schema

    def link(self) -> Link:
        """See `Feed.link`."""
        live = None if self._live is None else self._live.live
        if live is None:
            state = Connection.REFUSED if self._refused else Connection.RECONNECTING
            return Link(connection=state, trouble=self._trouble)
        if not self._loaded:
            return Link(connection=live.connection, trouble=self._trouble)
        age_s = max(0.0, self._clock() - live.fresh_at_s)
        connection = live.connection
        if connection is Connection.CONNECTED and not live.is_current:
            connection = Connection.RECONNECTING
        return Link(connection=connection, age_s=age_s, may_write=self._may_write)

    def _open_until_it_works(self) -> None:
        from pvccore.state.rights import may_write
        from pvccore.state.upgrade import check_schema

        while not self._stopped.is_set():
            try:
                opened = self._opened or self._open_store()
                self._opened = opened
                check_schema(opened.store, opened.schema, opened.where)
                self._may_write = may_write(opened.store, opened.schema)
            except PvcError as error:
                self._trouble, self._refused = str(error), isinstance(error, Refused)
                self._tell()
                self._stopped.wait(RETRY_S)
            else:
                self._follow(opened)
                return

    def _follow(self, opened: Opened) -> None:
        import random

        from pvccore.state.live import LiveCluster
        from pvccore.state.live_thread import LiveThread

        def make_live(wake: Callable[[], None]) -> LiveCluster:
            return LiveCluster(opened.store, opened.schema, clock=self._clock, wake=wake, random=random.random)

        live = LiveThread(make_live, self._publish, clock=self._clock, gather_s=1 / FRAMES_PER_S)
        opened.store.on_connection(lambda _connection: self._tell())
        self._trouble, self._refused = "", False
        self._live = live
        live.start()

    def _publish(self, cluster: Cluster, delta: Delta) -> None:
        with self._lock:
            self._cluster, self._delta = cluster, self._delta | delta
            self._loaded = True
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            if self._told or self._stopped.is_set():
                return
            self._told = True
        self._wake()
