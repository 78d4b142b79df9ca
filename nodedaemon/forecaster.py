"""The forecaster: the manager's second thought, which works out N−1 in small slices and stores its short form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from nodedaemon.loop import Clock
from nodedaemon.news import decides_alike
from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.plan.forecast import NodeForecast, each_forecast, short_form
from pvccore.state.session import Session

FORECAST_EVERY_S = 10.0
"""At most so often, and only when the cluster is another one since."""
SLICE_S = 0.02
"""The longest that one step computes: the manager and the agent share a processor with it."""
SLICES_PAUSE_S = 0.1
REST_PER_WORK = 20.0
"""After a forecast it rests this many times as long as that took: 5 % of a processor at most, at any size."""


class Leader(Protocol):
    """The manager's loop, as far as a forecast asks it."""

    @property
    def led(self) -> tuple[Cluster, str] | None:
        """The cluster as last seen, and the lease it is led by; None while this daemon does not lead."""


class ForecastLoop:
    """Works out what each node's death would do, while this daemon holds the lease; never on the manager's own loop."""

    pause_s = SLICES_PAUSE_S

    def __init__(
        self,
        manager: Leader,
        session: Session,
        clock: Clock,
        forecasts: Callable[[Cluster], Iterator[NodeForecast]] = each_forecast,
    ) -> None:
        self._manager = manager
        self._forecasts = forecasts
        self._session = session
        self._clock = clock
        self._next_at_s = clock.monotonic()
        self._done_for: Cluster | None = None
        self._cluster = Cluster()
        self._work: Iterator[NodeForecast] | None = None
        self._found: dict[str, NodeForecast] = {}
        self._worked_s = 0.0

    def step(self) -> float | None:
        """Begin a forecast, go on with one, or store it."""
        now_s = self._clock.monotonic()
        led = self._manager.led
        if led is None:
            self._work = self._done_for = None
            return now_s + FORECAST_EVERY_S
        cluster, lease = led
        if self._work is None:
            if now_s < self._next_at_s:
                return self._next_at_s
            if self._done_for is not None and decides_alike(self._done_for, cluster):
                return now_s + FORECAST_EVERY_S
            self._cluster, self._found, self._worked_s = cluster, {}, 0.0
            self._work = self._forecasts(cluster)
        if not self._work_on(self._work, now_s):
            return self._clock.monotonic()
        self._work = None
        self._next_at_s = now_s + max(FORECAST_EVERY_S, REST_PER_WORK * self._worked_s)
        self._store(cluster, lease)
        return self._next_at_s

    def _work_on(self, work: Iterator[NodeForecast], began_at_s: float) -> bool:
        """One slice; whether all is worked out."""
        is_over = True
        for forecast in work:
            self._found[forecast.node] = forecast
            if self._clock.monotonic() - began_at_s >= SLICE_S:
                is_over = False
                break
        self._worked_s += self._clock.monotonic() - began_at_s
        return is_over

    def _store(self, cluster: Cluster, lease: str) -> None:
        """Write the short form when it says something else; what is lost to somebody else is worked out again."""
        self._done_for = None
        known = cluster.forecast
        made = short_form(self._found, self._clock.wall())
        if not known.is_known or (known.nodes, known.parked, known.reasons) != (made.nodes, made.parked, made.reasons):
            after = replace(made, extra=known.extra)
            write = Write(kind=Kind.FORECAST, key="", before=known, after=after)
            guard = Check(kind=Kind.LEASE, key=lease)
            self._session.commit(Change(writes=(write,), quiet=True), (guard,))
        self._done_for = self._cluster
