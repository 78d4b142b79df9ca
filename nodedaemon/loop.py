"""Loops: what is woken, looks at the newest value, acts, and says when it must look again."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from pvccore.model.errors import Conflict, Unavailable

CONFLICTS_IN_A_ROW = 5
"""A step that lost this many races in a row waits for the next wake."""
TROUBLE_PAUSE_S = 1.0
"""Pause after a step that broke off, before it is taken again."""

log = logging.getLogger(__name__)


class Clock(Protocol):
    """The time, as the loops know it; tests and the simulated world drive their own."""

    def monotonic(self) -> float:
        """Seconds since some start; goes on while the machine sleeps; never compared between machines."""

    def wall(self) -> float:
        """Seconds since 1970, written down for people only."""


class SystemClock:
    """The machine's own clocks; CLOCK_BOOTTIME, so that a suspended machine knows that time went by."""

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall(self) -> float:
        return time.time()


class Loop(Protocol):
    """One of the daemon's duties."""

    @property
    def pause_s(self) -> float:
        """The shortest time between two steps: wakes in between are taken together."""

    def step(self) -> float | None:
        """Look, decide, act; the clock reading at which to look again though nothing wakes (None: only when woken).

        May raise Conflict (look again at once) and Unavailable (look again when the store is back).
        """


class LoopThread:
    """A loop on a thread of its own; `wake` may be called from any thread."""

    def __init__(self, name: str, loop: Loop, clock: Clock, wake: threading.Event) -> None:
        self.wake = wake
        self.stepped_at_s = clock.monotonic()
        self._loop = loop
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Take the first step at once, then whenever woken or due."""
        self._thread.start()

    def stop(self, limit_s: float = 5.0) -> None:
        """End after the step under way, and wait for that up to `limit_s`."""
        self._stopping.set()
        self.wake.set()
        self._thread.join(limit_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.wake.clear()
            due_at_s = self._step()
            self.stepped_at_s = self._clock.monotonic()
            self._stopping.wait(self._loop.pause_s)
            left_s = None if due_at_s is None else max(0.0, due_at_s - self._clock.monotonic())
            self.wake.wait(left_s)

    def _step(self) -> float | None:
        """One step whose failure never ends the loop."""
        try:
            return step_until_settled(self._loop)
        except (Unavailable, Conflict) as reason:
            log.info("%s waits: %s", self._thread.name, reason)
        except Exception:
            log.exception("%s: a step broke off", self._thread.name)
        return self._clock.monotonic() + TROUBLE_PAUSE_S


def step_until_settled(loop: Loop) -> float | None:
    """A step; after a lost race another one, a few times."""
    for _ in range(CONFLICTS_IN_A_ROW - 1):
        try:
            return loop.step()
        except Conflict as conflict:
            log.debug("decided anew: %s", conflict)
    return loop.step()
