"""The manager: the one daemon that holds the lease; it fences, recovers and places."""

from __future__ import annotations

import logging
from collections.abc import Callable

from nodedaemon.absence import Absence
from nodedaemon.ledger import Executor, Ledger
from nodedaemon.logs import named
from nodedaemon.loop import Clock
from nodedaemon.news import is_no_news
from nodedaemon.stopwatches import Stopwatches
from pvccore.model.change import Check, Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict, Unavailable
from pvccore.model.vm import VmState
from pvccore.plan.cold_start import is_cold
from pvccore.plan.effects import AddBlocklist, Effect, LiftBlocklist, NodeEffect, Plan, ReadPower, Step, earliest
from pvccore.plan.leaving import stayed
from pvccore.plan.managing import plan_manager
from pvccore.plan.watch import Watch
from pvccore.state.live import LiveCluster
from pvccore.state.session import Session
from pvccore.state.store import Connection

MANAGER_PAUSE_S = 0.2
"""The manager takes at most five steps a second."""
REPORTS_WAIT_S = 5.0
"""A report alone wakes no manager; it is read with whatever comes next, or after this."""
DEADLINE_MARGIN_S = 0.5
"""What an outside attempt leaves of the session it was committed in."""
CONFLICT_PAUSE_S = 1.0
"""After a lost race the winner's change wakes this loop; should it not, it looks again then."""
PRUNE_EVERY_S = 300.0
"""Between two looks at the journal's length."""

log = logging.getLogger(__name__)


def forget(_cluster: Cluster, _watch: Watch, _plan: Plan) -> None:
    """Where plans are not kept."""


class ManagerLoop:
    """Contends for the lease; while it holds it, plans from every new snapshot, commits and performs.

    Everything it measures dies with the lease: the next holder starts from zero, and from the records.
    keep: is told every plan that is not empty, with what it was made from.
    """

    pause_s = MANAGER_PAUSE_S

    def __init__(
        self,
        node: str,
        session: Session,
        live: LiveCluster,
        clock: Clock,
        executor: Executor,
        wake: Callable[[], None],
    ) -> None:
        self.node = node
        self.leads = False
        self.keep: Callable[[Cluster, Watch, Plan], None] = forget
        self._session = session
        self._live = live
        self._clock = clock
        self._ledger = Ledger(clock, executor, wake)
        self._session_id = 0
        self._alone = False
        self._line_changed = True
        self._is_first = False
        self._watches = False
        self._interrupted = False  # the store was away; outlives the lease, for then the others may be late, too
        self._wake = wake
        self._decided_on = 0
        self._rests_until_s: float | None = None
        self._begin_again()

    def start(self) -> None:
        """Watch the line of those who contend; raises `Unavailable`.

        The whole cluster is watched only from the first time on that this daemon leads: a standby costs nothing.
        """
        self._session.store.watch(self._session.schema.manager, self._note_line, recursive=True)

    @property
    def led(self) -> tuple[Cluster, str] | None:
        """The cluster as last seen, and the lease that this daemon leads it by; None while it does not."""
        return (self._live.cluster, self._session.lease) if self.leads else None

    def step(self) -> float | None:
        """Stand in line; when first in it, look, decide, commit, perform."""
        if self._session.store.connection is not Connection.CONNECTED:
            self._interrupted = True
            return None
        if not self._is_first_in_line():
            self._step_down()
            return None
        if not self._watches:
            self._live.start()
            self._watches = True
        before = self._live.cluster
        cluster, delta = self._live.refresh()
        if not self._takes_or_keeps_the_lease(cluster):
            return self._live.due_at_s
        now_s = self._clock.monotonic()
        if self._may_rest(now_s) and is_no_news(before, cluster, delta):
            return earliest(self._rests_until_s, self._live.due_at_s)
        self._rests_until_s = now_s  # should this step break off
        outcomes = self._ledger.ended
        watch = self._look(cluster, now_s)
        plan = plan_manager(cluster, watch)
        if plan.steps:
            self.keep(cluster, watch, plan)
        again_at_s = self._carry_out(plan.steps, cluster)
        self._prune(cluster, now_s)
        self._decided_on = outcomes
        self._rests_until_s = earliest(plan.wake_at_s, again_at_s, self._absence.look_again_at_s(now_s))
        return earliest(self._rests_until_s, self._live.due_at_s)

    def _may_rest(self, now_s: float) -> bool:
        """Whether the last decision holds, unless the snapshot has news: a report alone is decided upon later."""
        is_due = self._rests_until_s is not None and now_s >= self._rests_until_s
        return not is_due and not self._interrupted and self._ledger.ended == self._decided_on

    def _begin_again(self) -> None:
        """Forget everything that was measured."""
        self._absence = Absence(self._clock.monotonic())
        self._unhealthy, self._alive, self._stages = Stopwatches(), Stopwatches(), Stopwatches()
        self._signs, self._claims, self._fenced = Stopwatches(), Stopwatches(), Stopwatches()
        self._stays = Stopwatches()
        self._seen: frozenset[str] = frozenset()
        self._led_since_s = self._clock.monotonic()
        self._pruned_at_s = self._clock.monotonic()
        self._rests_until_s = self._clock.monotonic()

    # The lease

    def _note_line(self, _path: str) -> None:
        self._line_changed = True
        self._wake()

    def _is_first_in_line(self) -> bool:
        """Whether our lease is the oldest, by a look at the line that is made whenever it may have changed."""
        session_id = self._session.store.session_id
        if session_id != self._session_id:
            self._session.acquire_lease(self.node)
            self._alone = len(self._session.line()) == 1
            self._session_id, self._line_changed = session_id, True
            self.leads = False  # what was measured in another session does not count in this one
        if self._line_changed or self._interrupted:
            self._line_changed = False
            try:
                self._is_first = self._session.holds_lease(self._session.line())
            except Unavailable:
                self._line_changed = True
                raise
        return self._is_first

    def _takes_or_keeps_the_lease(self, cluster: Cluster) -> bool:
        """Whether the snapshot, too, says that we lead, and is fit to decide from."""
        if not self._session.holds_lease(cluster.leases) or not self._live.is_current:
            return False
        if not self.leads:
            log.info("%s is the manager now", self.node)
            self._begin_again()
            self.leads = True
        return True

    def _step_down(self) -> None:
        if self.leads:
            log.warning("%s is not the manager any more", self.node)
        self.leads = False

    # Looking

    def _look(self, cluster: Cluster, now_s: float) -> Watch:
        if self._interrupted:
            self._absence.settle(now_s, cluster.settings.settle_s)
            self._interrupted = False
        self._ledger.forget(lambda effect: _is_current(effect, cluster))
        absent = self._absence.measure(cluster, now_s)
        nodes = cluster.nodes
        alive = frozenset(name for name, node in nodes.items() if node.is_alive)
        self._seen |= alive
        self._alone = self._alone and alive <= {self.node}
        lease_s = now_s - self._led_since_s
        return Watch(
            now_s=now_s,
            wall_s=self._clock.wall(),
            absent_s=absent,
            unhealthy_s=self._unhealthy.seconds(
                {name: node.presence.boot_id for name, node in nodes.items() if node.is_alive and not node.is_healthy},
                now_s,
            ),
            alive_s=self._alive.seconds(
                {name: node.presence.boot_id for name, node in nodes.items() if node.is_alive}, now_s
            ),
            stage_s=self._stages.seconds(
                {name: node.fence.stage for name, node in nodes.items() if node.fence.under_way}, now_s
            ),
            sign_s=self._signs.seconds(
                {
                    name: (node.report.zxid, node.alive.zxid if node.alive else 0)
                    for name, node in nodes.items()
                    if not node.is_alive or node.fence.under_way
                },
                now_s,
            ),
            fenced_s_ago=self._fenced.seconds(
                {name: node.fence.round for name, node in nodes.items() if node.fence.recent}, now_s
            ),
            unclaimed_s=self._claims.seconds(_unclaimed(cluster), now_s),
            storm=self._absence.storm(cluster, absent, now_s),
            still_s=self._stays.seconds(stayed(cluster), now_s),
            lease_s=lease_s,
            seen=self._seen,
            alone=self._alone,
            cold=is_cold(cluster, alone=self._alone, lease_s=lease_s),
            # In flight first: what ends between the two is then in both, never in neither, and is not done twice.
            in_flight=self._ledger.in_flight,
            outcomes=self._ledger.outcomes,
        )

    # Acting

    def _carry_out(self, steps: tuple[Step, ...], cluster: Cluster) -> float | None:
        """Commit each step, and perform what hangs on it; after a lost race, when to look again at the latest."""
        guards = (Check(kind=Kind.LEASE, key=self._session.lease),)
        conflict: Conflict | None = None
        for step in steps:
            try:
                self._take(step, guards, cluster)
            except Conflict as lost:
                conflict = conflict or lost
        if conflict is None:
            return None
        log.debug("decided anew: %s", conflict)
        return self._clock.monotonic() + CONFLICT_PAUSE_S

    def _take(self, step: Step, guards: tuple[Check, ...], cluster: Cluster) -> None:
        sent_at_s = self._clock.monotonic()
        if step.change is not None:
            self._session.commit(step.change, guards)
            log.info("%s: %s", step.change.what, step.change.why, extra=named(step.change))
        for effect in step.effects:
            # A hung daemon must not cut power, nor lock a node out or let it in, when its successor has gone on.
            deadline_s = sent_at_s + cluster.settings.session_s - DEADLINE_MARGIN_S
            self._ledger.start(effect, None if isinstance(effect, ReadPower) else deadline_s)

    def _prune(self, cluster: Cluster, now_s: float) -> None:
        if now_s - self._pruned_at_s >= PRUNE_EVERY_S:
            self._pruned_at_s = now_s
            self._session.prune_journal(
                cluster.settings.journal_max_entries, (Check(kind=Kind.LEASE, key=self._session.lease),)
            )


def _is_current(effect: Effect, cluster: Cluster) -> bool:
    """Whether a decision of the present round of a node's fence, or of one about to begin, may ask for `effect`."""
    if not isinstance(effect, NodeEffect):
        return False
    node = cluster.nodes.get(effect.node)
    if node is None:
        return False
    if isinstance(effect, AddBlocklist | LiftBlocklist) and effect.attempt != node.fence.blocklist.attempts:
        return False
    about_to_begin = not node.fence.under_way and node.said_goodbye and effect.round == node.fence.round + 1
    return about_to_begin or (node.fence.under_way and effect.round == node.fence.round)


def _unclaimed(cluster: Cluster) -> dict[str, int]:
    """The VMs that a recovery has placed and no agent has claimed, with their placement's version."""
    listed = [uuid for node in cluster.nodes.values() if node.fence.recovering for uuid in node.fence.recovering]
    found = [cluster.vms[uuid] for uuid in listed if uuid in cluster.vms]
    return {vm.uuid: vm.placement.version for vm in found if vm.placement.state is VmState.STOPPED}
