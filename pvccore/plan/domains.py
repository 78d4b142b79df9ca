"""What an agent knows beside the store: the domains on its node, and what became of its effects."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pvccore.model.struct import Struct, field
from pvccore.plan.effects import Effect, Outcome, Outcomes


class DomainState(StrEnum):
    """How a libvirt domain is, as far as decisions depend on it."""

    RUNNING = "running"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting_down"


class Domain(Struct, frozen=True, kw_only=True):
    """One domain on this node. arriving: libvirt is still receiving it from another node."""

    uuid: str
    state: DomainState
    arriving: bool = False


class LocalWatch(Struct, frozen=True, kw_only=True):
    """One reading of everything an agent knows beside its part of the store.

    domains: uuid → domain; None when the hypervisor does not answer: then nothing is concluded.
    domains_age_s: how long ago the look began that showed them. A daemon that was stopped and goes on knows old ones.
    daemon_id: this daemon; run ids that begin with it are its own. next_run_id: for the next claim.
    session_is_fresh: ZooKeeper acknowledged the session within half its time-out (DESIGN §6, "Claim").
    placement_s: uuid → for how long its state, claim and crashes have been as they are, on this agent's clock.
    migration_s: uuid → for how long its migration has been in its phase, on the same clock.
    shut_down_inside: uuids whose guest was seen to shut itself down since its domain went.
    """

    now_s: float
    boot_id: str
    daemon_id: str
    next_run_id: str
    domains: Mapping[str, Domain] | None
    domains_age_s: float = 0.0
    session_is_fresh: bool = True
    host_is_stopping: bool = False
    placement_s: Mapping[str, float] = field(default_factory=dict)
    migration_s: Mapping[str, float] = field(default_factory=dict)
    shut_down_inside: frozenset[str] = frozenset()
    outcomes: Outcomes = field(default_factory=dict)
    in_flight: frozenset[Effect] = frozenset()

    def outcomes_of(self, effect: Effect) -> tuple[Outcome, ...]:
        """What became of `effect` so far, newest last."""
        return self.outcomes.get(effect, ())

    def last_outcome(self, effect: Effect) -> Outcome | None:
        """The newest outcome of `effect`; None when none ended yet."""
        outcomes = self.outcomes_of(effect)
        return outcomes[-1] if outcomes else None

    def is_own_run(self, run_id: str) -> bool:
        """Whether a claim was made by this daemon, which therefore remembers how far the start is."""
        return run_id.startswith(f"{self.daemon_id}-")
