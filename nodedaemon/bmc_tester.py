"""The BMC tester: the manager's errand of asking, now and then, whether each node could be fenced."""

from __future__ import annotations

import logging
from collections.abc import Callable

from nodedaemon.forecaster import Leader
from nodedaemon.ledger import Executor, Ledger
from nodedaemon.loop import Clock
from nodedaemon.stopwatches import Stopwatches
from pvccore.model.change import Change, Check, Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict
from pvccore.plan.bmc_tests import TestWatch, plan_bmc_tests
from pvccore.plan.effects import Effect, TryBmc, earliest
from pvccore.state.session import Session

LOOK_EVERY_S = 10.0
"""A change of the cluster doesn't wake this loop: what is due at once may as well wait so long."""
TESTER_PAUSE_S = 0.2

log = logging.getLogger(__name__)


class BmcTestLoop:
    """Tests the BMCs of living nodes while this daemon holds the lease; never on the manager's own loop."""

    pause_s = TESTER_PAUSE_S

    def __init__(
        self,
        node: str,
        manager: Leader,
        session: Session,
        clock: Clock,
        executor: Executor,
        wake: Callable[[], None],
    ) -> None:
        self._node = node
        self._manager = manager
        self._session = session
        self._clock = clock
        self._ledger = Ledger(clock, executor, wake)
        self._standing = Stopwatches()
        self._lease = ""

    def step(self) -> float | None:
        """Ask what is due, and store what was answered."""
        now_s = self._clock.monotonic()
        led = self._manager.led
        if led is not None:
            wake_at_s = self._test(*led, now_s)
            return earliest(now_s + LOOK_EVERY_S, wake_at_s)
        return now_s + LOOK_EVERY_S

    def _test(self, cluster: Cluster, lease: str, now_s: float) -> float | None:
        if lease != self._lease:
            self._standing.clear()
            self._lease = lease
        self._ledger.forget(lambda effect: _is_current(effect, cluster))
        plan = plan_bmc_tests(cluster, self._look(cluster, lease, now_s))
        for step in plan.steps:
            if step.change is not None:
                self._store(step.change, lease)
            for effect in step.effects:
                self._ledger.start(effect)
        return plan.wake_at_s

    def _store(self, change: Change, lease: str) -> None:
        """Write what was shown; where the manager's snapshot is older than our last record, it is there already."""
        try:
            self._session.commit(change, (Check(kind=Kind.LEASE, key=lease),))
        except Conflict as lost:
            log.debug("decided anew: %s", lost)

    def _look(self, cluster: Cluster, lease: str, now_s: float) -> TestWatch:
        versions = {name: node.bmc.version for name, node in cluster.nodes.items()}
        return TestWatch(
            now_s=now_s,
            wall_s=self._clock.wall(),
            by=self._node,
            lease=lease,
            standing_s=self._standing.seconds(versions, now_s),
            # In flight first: what ends between the two is then in both, never in neither, and is not done twice.
            in_flight=self._ledger.in_flight,
            outcomes=self._ledger.outcomes,
        )


def _is_current(effect: Effect, cluster: Cluster) -> bool:
    """Whether a test that is not stored yet may ask for `effect`."""
    node = cluster.nodes.get(effect.node) if isinstance(effect, TryBmc) else None
    return isinstance(effect, TryBmc) and node is not None and effect.test == node.bmc.version
