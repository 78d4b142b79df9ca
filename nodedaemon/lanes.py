"""Lanes: work that is done one by one for each object and side by side for different ones, on a few threads."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

Job = Callable[[], None]

log = logging.getLogger(__name__)


class Lanes:
    """A bounded number of threads, started as they are needed; within one lane jobs keep their order.

    The threads don't hold up the end of the process: what hangs in a tool or in libvirt may hang on without us.
    """

    def __init__(self, name: str, most_threads: int) -> None:
        self._name = name
        self._most_threads = most_threads
        self._changed = threading.Condition()
        self._lanes: dict[str, deque[Job]] = {}
        self._ready: deque[str] = deque()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._stopped = False

    def add(self, lane: str, job: Job) -> None:
        """Do `job` after all that was added to its lane before."""
        with self._changed:
            queue = self._lanes.get(lane)
            if queue is not None:
                queue.append(job)
                return
            self._lanes[lane] = deque([job])
            self._ready.append(lane)
            if self._idle < len(self._ready) and len(self._threads) < self._most_threads:
                self._start_thread()
            self._changed.notify()

    def stop(self, limit_s: float = 5.0) -> bool:
        """Begin nothing more, and wait up to `limit_s` for what is under way; whether all of it has ended."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._threads, timeout=limit_s)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name=f"{self._name} {len(self._threads) + 1}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            lane, job = taken
            try:
                job()
            except Exception:
                log.exception("%s: a job of %s broke off", self._name, lane)
            self._done(lane)
        with self._changed:
            self._threads.remove(threading.current_thread())
            self._changed.notify_all()

    def _take(self) -> tuple[str, Job] | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._stopped or bool(self._ready))
            self._idle -= 1
            if self._stopped:
                return None
            lane = self._ready.popleft()
            return lane, self._lanes[lane][0]

    def _done(self, lane: str) -> None:
        with self._changed:
            queue = self._lanes[lane]
            queue.popleft()
            if queue:
                self._ready.append(lane)
                self._changed.notify()
            else:
                del self._lanes[lane]
