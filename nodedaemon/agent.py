"""The agent: the part of every daemon that runs the VMs placed on its own node."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from nodedaemon.hypervisor import ObservedHypervisor
from nodedaemon.identity import Identity
from nodedaemon.ledger import Executor, Ledger
from nodedaemon.logs import named
from nodedaemon.loop import Clock
from nodedaemon.presence import announce, say_goodbye
from nodedaemon.self_fence import NoWatchdog, Watchdog
from nodedaemon.stopwatches import Stopwatches
from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import LocalView
from pvccore.model.errors import Conflict
from pvccore.model.node import GoodbyeReason
from pvccore.model.struct import replace
from pvccore.plan.domains import Domain, LocalWatch
from pvccore.plan.effects import Effect, Plan, VmEffect, earliest
from pvccore.plan.local import plan_local
from pvccore.state.local_live import LocalLive
from pvccore.state.session import Session
from pvccore.state.store import Connection

AGENT_PAUSE_S = 0.05
"""The agent takes at most twenty steps a second."""
CONFLICT_PAUSE_S = 1.0
FRESH_SHARE = 0.5
"""An agent acts only while its session was acknowledged within this share of its time-out."""
DOUBT_PAUSE_S = 0.5
"""While the session is in doubt, when to look at it again."""

Domains = Mapping[str, Domain]

log = logging.getLogger(__name__)


class AgentLoop:
    """Keeps this node present, and each VM placed here as it should be; knows nothing of other nodes."""

    pause_s = AGENT_PAUSE_S

    def __init__(
        self,
        identity: Identity,
        session: Session,
        live: LocalLive,
        clock: Clock,
        hypervisor: ObservedHypervisor,
        executor: Executor,
        wake: Callable[[], None],
    ) -> None:
        self.identity = identity
        self.watchdog: Watchdog = NoWatchdog()
        self.host_is_stopping = False
        self._session = session
        self._live = live
        self._clock = clock
        self._hypervisor = hypervisor
        self._ledger = Ledger(clock, executor, wake)
        self._placements = Stopwatches()
        self._migrations = Stopwatches()
        self._runs = 0
        self._shut_down_inside: frozenset[str] = frozenset()

    @property
    def view(self) -> LocalView:
        """What the agent last saw of its part of the store."""
        return self._live.view

    def step(self) -> float | None:
        """Say that we live, look, decide, commit, perform."""
        if self._session.store.connection is not Connection.CONNECTED:
            return None
        view = self._live.refresh()
        if not view.alive:
            announce(self._session, view, self.identity)
            view = self._live.refresh()
        view = self._acknowledge_maintenance(view)
        if not self._live.is_current:
            return self._live.due_at_s
        # In this order: a guest that has shut itself down is told of only once its domain is gone.
        self._shut_down_inside |= self._hypervisor.take_shut_down_inside()
        # Its time first: a look that ends in between makes the domains newer, never older.
        seen_at_s = self._hypervisor.observed_at_s()
        domains = self._hypervisor.observed_domains()
        view = self._look_up_strangers(view, domains or {})
        watch = self._look(view, domains, seen_at_s)
        plan = plan_local(view, watch)
        again_at_s = self._carry_out(plan, view)
        doubt_at_s = None if watch.session_is_fresh else watch.now_s + DOUBT_PAUSE_S
        return earliest(plan.wake_at_s, again_at_s, doubt_at_s, self._live.due_at_s)

    def say_goodbye(self, reason: GoodbyeReason) -> None:
        """Leave in good order; the VMs run on (or were shut down before, when the host stops)."""
        left = say_goodbye(self._session, self._live.refresh(), self.identity, reason)
        if not left.watchdog_armed:
            self.watchdog.disarm()

    def known_domains(self, domains: Domains) -> dict[str, int]:
        """Map uuid to the placement version acted upon, of those domains that the cluster knows."""
        here, elsewhere = self.view.vms, self.view.elsewhere
        found = ((uuid, here.get(uuid) or elsewhere.get(uuid)) for uuid in domains)
        return {uuid: vm.placement.version for uuid, vm in found if vm is not None}

    # Looking

    def _acknowledge_maintenance(self, view: LocalView) -> LocalView:
        """Say what this node has acted upon: armed only once the watchdog is, disarmed before it is."""
        if not view.alive or not self._live.is_current:
            return view
        presence, maintenance = view.node.presence, view.maintenance
        session_id, session_s = self._session.store.session_id, view.settings.session_s
        armed = not maintenance.on and self.watchdog.arm(session_id, session_s)
        if (presence.maintenance_acknowledged, presence.watchdog_armed) != (maintenance.version, armed):
            after = replace(presence, maintenance_acknowledged=maintenance.version, watchdog_armed=armed)
            write = Write(kind=Kind.PRESENCE, key=view.node.name, before=presence, after=after)
            self._session.commit(Change(writes=(write,), quiet=True), self._guards(view))
            view = self._live.refresh()
        if not armed:
            self.watchdog.disarm()
        return view

    def _look_up_strangers(self, view: LocalView, domains: Domains) -> LocalView:
        """Read of domains found here that are not assigned here whether the cluster knows them at all."""
        strangers = [uuid for uuid in domains if uuid not in view.vms]
        if strangers or view.elsewhere:
            return self._live.look_up(strangers)
        return view

    def _look(self, view: LocalView, domains: Domains | None, seen_at_s: float) -> LocalWatch:
        now_s = self._clock.monotonic()
        self._ledger.forget(lambda effect: _is_current(effect, view, domains or {}))
        if domains is not None:
            self._shut_down_inside &= frozenset(uuid for uuid in view.vms if uuid not in domains)
        self._runs += 1
        return LocalWatch(
            now_s=now_s,
            boot_id=self.identity.boot_id,
            daemon_id=self.identity.daemon_id,
            next_run_id=f"{self.identity.daemon_id}-{self._runs}",
            domains=domains,
            domains_age_s=now_s - seen_at_s,
            session_is_fresh=self._is_fresh(now_s, view),
            host_is_stopping=self.host_is_stopping,
            placement_s=self._placements.seconds(
                {uuid: (vm.placement.state, vm.placement.claim, vm.placement.crashes) for uuid, vm in view.vms.items()},
                now_s,
            ),
            migration_s=self._migrations.seconds(
                {uuid: (one.id, one.phase) for uuid, vm in view.vms.items() if (one := vm.placement.migration)}, now_s
            ),
            shut_down_inside=self._shut_down_inside,
            # In flight first: what ends between the two is then in both, never in neither, and is not done twice.
            in_flight=self._ledger.in_flight,
            outcomes=self._ledger.outcomes,
        )

    def _is_fresh(self, now_s: float, view: LocalView) -> bool:
        return now_s - self._session.store.last_heard_s <= view.settings.session_s * FRESH_SHARE

    # Acting

    def _guards(self, view: LocalView) -> tuple[Check, ...]:
        return (Check(kind=Kind.ALIVE, key=f"{view.node.name}/{view.alive}"),)

    def _carry_out(self, plan: Plan, view: LocalView) -> float | None:
        """Each step on its own: one VM's lost race holds up no other; when to look again at the latest."""
        conflict: Conflict | None = None
        for step in plan.steps:
            try:
                if step.change is not None:
                    self._session.commit(step.change, self._guards(view))
                    if step.change.what:
                        log.info("%s: %s", step.change.what, step.change.why, extra=named(step.change))
                for effect in step.effects:
                    self._ledger.start(effect)
            except Conflict as lost:
                conflict = conflict or lost
        if conflict is None:
            return None
        log.debug("decided anew: %s", conflict)
        return self._clock.monotonic() + CONFLICT_PAUSE_S


def _is_current(effect: Effect, view: LocalView, domains: Domains) -> bool:
    """Whether a decision may still ask for what became of `effect`."""
    if not isinstance(effect, VmEffect):
        return False
    vm = view.vms.get(effect.uuid)
    if vm is None:
        return effect.uuid in domains
    placement = vm.placement
    ids = {
        placement.claim.run_id if placement.claim else "",
        placement.request.id if placement.request else "",
        placement.migration.id if placement.migration else "",
    }
    return effect.run_id in ids or effect.uuid in domains
