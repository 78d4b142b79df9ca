"""The ledger: which effects a loop has given out, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from nodedaemon.loop import Clock
from pvccore.plan.effects import Effect, Outcome, Outcomes

OUTCOMES_KEPT = 16
"""Outcomes remembered of one effect; decisions look at the first and at the last few."""

Done = Callable[[object, str], None]
"""Called once, on any thread, with an effect's value and its error ("" when it worked)."""


class Executor(Protocol):
    """Performs effects outside the store; exactly one performs each kind."""

    def perform(self, effect: Effect, deadline_s: float | None, done: Done) -> None:
        """Begin `effect` and return; call `done` when it has ended, whatever happened.

        deadline_s: the loop's monotonic clock reading after which it must not do anything any more.
        """


class Ledger:
    """Effects in flight and outcomes of one loop; safe from any thread."""

    def __init__(self, clock: Clock, executor: Executor, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._executor = executor
        self._wake = wake
        self._lock = Lock()
        self._in_flight: set[Effect] = set()
        self._outcomes: dict[Effect, tuple[Outcome, ...]] = {}
        self._ended = 0

    @property
    def ended(self) -> int:
        """How many effects have ended so far."""
        return self._ended

    def start(self, effect: Effect, deadline_s: float | None = None) -> None:
        """Give out an effect, unless the very same one is in flight."""
        with self._lock:
            if effect in self._in_flight:
                return
            self._in_flight.add(effect)
        self._executor.perform(effect, deadline_s, lambda value, error: self._done(effect, value, error))

    @property
    def in_flight(self) -> frozenset[Effect]:
        """The effects that have not ended."""
        with self._lock:
            return frozenset(self._in_flight)

    @property
    def outcomes(self) -> Outcomes:
        """What became of the others."""
        with self._lock:
            return dict(self._outcomes)

    def forget(self, is_current: Callable[[Effect], bool]) -> None:
        """Drop the outcomes that no decision can need any more."""
        with self._lock:
            for effect in [effect for effect in self._outcomes if not is_current(effect)]:
                del self._outcomes[effect]

    def _done(self, effect: Effect, value: object, error: str) -> None:
        outcome = Outcome(at_s=self._clock.monotonic(), error=error, value=value)
        with self._lock:
            self._ended += 1
            self._in_flight.discard(effect)
            before = self._outcomes.get(effect, ())
            self._outcomes[effect] = (*before[:1], *before[1:][-OUTCOMES_KEPT:], outcome)
        self._wake()
