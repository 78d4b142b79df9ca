"""The thread that keeps a front end's snapshot current: waits, refreshes, publishes."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from threading import Event, Thread

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import PvcError
from pvccore.state.live import LiveCluster
from pvccore.state.store import Connection

RETRY_S = 0.2
LONGEST_WAIT_S = 5.0
STOP_LIMIT_S = 15.0

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


class LiveThread:
    """Runs one `LiveCluster`: at every wake, or when it is due, refreshes it and hands the result on.

    make_live: builds the snapshot around the wake call it is given. publish: called on this thread with each new
    snapshot and its difference; must hand over and return. gather_s: the shortest time between two snapshots: what is
    alone is published at once, what comes thick and fast is gathered.
    """

    def __init__(
        self,
        make_live: Callable[[Callable[[], None]], LiveCluster],
        publish: Callable[[Cluster, Delta], None],
        *,
        clock: Callable[[], float],
        gather_s: float = 0.0,
    ) -> None:
        self._woken = Event()
        self._stopped = Event()
        self.live = make_live(self._woken.set)
        self._publish = publish
        self._clock = clock
        self._gather_s = gather_s
        self._watching = False
        self._refreshed_at_s = clock() - gather_s
        self._thread = Thread(target=self._run, name="live snapshot", daemon=True)

    def start(self) -> None:
        """Begin; the first snapshot is published as soon as the store answers."""
        self._thread.start()

    def stop(self) -> None:
        """End and join the thread; the store stays as it is."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(STOP_LIMIT_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._step()
            except PvcError as error:
                _log.info("the snapshot waits: %s", error)
                self._stopped.wait(RETRY_S)
            except Exception:  # noqa: BLE001 - the one endless loop here: told, and kept alive
                _log.exception("the snapshot could not be refreshed")
                self._stopped.wait(RETRY_S)

    def _step(self) -> None:
        if not self._watching:
            self.live.start()
            self._watching = True
        if self._stopped.wait(max(0.0, self._refreshed_at_s + self._gather_s - self._clock())):
            return
        self._woken.clear()
        if self.live.is_dirty and self.live.connection is Connection.CONNECTED:
            self._refreshed_at_s = self._clock()
            cluster, delta = self.live.refresh()
            if delta.full:
                # A cluster is hundreds of thousands of objects that stay and have no cycles; looking through them
                # again and again would stop the program for 0.1 s each time.
                gc.freeze()
            self._publish(cluster, delta)
        self._woken.wait(self._wait_s())

    def _wait_s(self) -> float:
        """How long nothing can be due: bounded, so that no slip of a wake is for ever."""
        if self.live.connection is not Connection.CONNECTED:
            return LONGEST_WAIT_S
        return min(max(self.live.due_at_s - self._clock(), 0.0), LONGEST_WAIT_S)
