"""The virtual clock: time jumps from event to event, in an order that only the seed decides."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

WALL_EPOCH_S = 1_800_000_000.0
"""Wall clock of the simulated world at 0 s."""

Action = Callable[[], None]


class VirtualClock:
    """Seconds that somebody else moves, and what is due when."""

    def __init__(self, start_s: float = 0.0, wall_at_zero_s: float = WALL_EPOCH_S) -> None:
        self.now_s = start_s
        self._wall_at_zero_s = wall_at_zero_s
        self._events: list[tuple[float, bool, int, Action]] = []
        self._count = 0

    def monotonic(self) -> float:
        """Virtual seconds; may begin below 0: the world is set up before 0 s."""
        return self.now_s

    def wall(self) -> float:
        """The same, as seconds since 1970."""
        return self._wall_at_zero_s + self.now_s

    def at(self, at_s: float, action: Action, *, late: bool = False) -> None:
        """Do `action` at that time; those of one moment in the order in which they were asked for.

        late: after all else that is due at that moment, even what is only asked for by then.
        """
        self._count += 1
        heappush(self._events, (max(at_s, self.now_s), late, self._count, action))

    def after(self, pause_s: float, action: Action) -> None:
        """Do `action` when that time has passed."""
        self.at(self.now_s + pause_s, action)

    @property
    def next_s(self) -> float | None:
        """When the next event is due."""
        return self._events[0][0] if self._events else None

    def pop_due(self, until_s: float) -> Action | None:
        """The next action due by then, with the clock moved to it; None when there is none."""
        events = self._events
        if not events or events[0][0] > until_s:
            return None
        at_s, _, _, action = heappop(events)
        # A process that stood still in mid-step has let time go by inside another event.
        self.now_s = max(self.now_s, at_s)
        return action
