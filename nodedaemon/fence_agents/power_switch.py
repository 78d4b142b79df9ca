"""The power switch of nodes, as the fencer needs it of every fence agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from pvccore.model.fence import FenceAgent
from pvccore.plan.effects import Power


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who we are to one node's BMC; read from a root-only file, shown nowhere."""

    user: str
    password: str = field(repr=False)


class PowerSwitch(Protocol):
    """One kind of fence agent. Times are of CLOCK_BOOTTIME; what can't be confirmed raises `Unavailable` in words."""

    def read(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        """Tell the node's power; on or off, else it raises."""

    def turn_off(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        """Cut the node's power, doing nothing after `until_s`; OFF where this itself confirms it, else UNKNOWN."""

    def turn_on(self, node: str, agent: FenceAgent, until_s: float) -> None:
        """Give the node its power."""
