"""The forecast's short form: may any single node die, and what would be parked if it did."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.record import Record
from pvccore.model.struct import field


class Forecast(Record, frozen=True, kw_only=True):
    """What the manager last worked out; at: its wall clock, for people to read.

    parked: node → how many of its VMs would find no other node if it died now; only nodes of which some would.
    reasons: node → the first of those VMs with its reason.
    """

    at: float = 0.0
    nodes: int = 0
    parked: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether anything was worked out yet."""
        return self.at > 0

    @property
    def holds(self) -> bool:
        """Whether any single node may die and all its VMs run elsewhere (N−1)."""
        return not self.parked
