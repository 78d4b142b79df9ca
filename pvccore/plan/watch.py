"""What the manager knows beside the store: durations on its own clock, and what became of its effects."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.struct import Struct, field
from pvccore.plan.effects import Effect, Outcome, Outcomes


class Watch(Struct, frozen=True, kw_only=True):
    """One reading of everything the manager measures; it starts from zero with every new lease.

    now_s: the manager's monotonic clock. wall_s: wall clock, only written down for people.
    absent_s: node → for how long it has been absent (DESIGN §5, "When").
    unhealthy_s, alive_s: node → for how long it has said so, or been there.
    stage_s: node → for how long its fence has been at its present stage.
    sign_s: node → time since its last new sign of life (report or alive).
    fenced_s_ago: node → for how long its record has said that it was fenced a short while ago.
    unclaimed_s: uuid → for how long a recovered VM's placement has been as it is.
    still_s: uuid → for how long the placement of a VM that would not leave has been as it is (`flush.stayed`).
    lease_s: for how long this manager has held the lease. seen: nodes that were alive at any moment of that.
    alone: when its session began nobody else stood in line for the lease, and no other node was alive since.
    storm: an alarm in words, "" when there is none. cold: the start-up grace is not over (`cold_start.is_cold`).
    in_flight: effects that have not ended yet.
    """

    now_s: float
    wall_s: float = 0.0
    absent_s: Mapping[str, float] = field(default_factory=dict)
    unhealthy_s: Mapping[str, float] = field(default_factory=dict)
    alive_s: Mapping[str, float] = field(default_factory=dict)
    stage_s: Mapping[str, float] = field(default_factory=dict)
    sign_s: Mapping[str, float] = field(default_factory=dict)
    fenced_s_ago: Mapping[str, float] = field(default_factory=dict)
    unclaimed_s: Mapping[str, float] = field(default_factory=dict)
    still_s: Mapping[str, float] = field(default_factory=dict)
    lease_s: float = 0.0
    seen: frozenset[str] = frozenset()
    alone: bool = False
    storm: str = ""
    cold: bool = False
    outcomes: Outcomes = field(default_factory=dict)
    in_flight: frozenset[Effect] = frozenset()

    def outcomes_of(self, effect: Effect) -> tuple[Outcome, ...]:
        """What became of `effect` so far, newest last."""
        return self.outcomes.get(effect, ())

    def last_outcome(self, effect: Effect) -> Outcome | None:
        """The newest outcome of `effect`; None when none ended yet."""
        outcomes = self.outcomes_of(effect)
        return outcomes[-1] if outcomes else None
