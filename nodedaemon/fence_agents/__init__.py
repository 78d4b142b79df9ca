"""Fence agents: the ways to make sure, from outside, that a node is off. One file each, and one line in `AGENTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nodedaemon.fence_agents.command import CommandAgent
from nodedaemon.fence_agents.ipmi import IpmiAgent
from nodedaemon.fence_agents.power_switch import Login, PowerSwitch
from pvccore.model.fence import FenceAgentKind

AGENTS: Mapping[FenceAgentKind, Callable[[Mapping[str, Login]], PowerSwitch]] = {
    FenceAgentKind.IPMI: IpmiAgent,
    FenceAgentKind.COMMAND: CommandAgent,
}
"""What acts on a node's power; the other kinds (watchdog, storage) are proven without acting."""
