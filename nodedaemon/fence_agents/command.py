"""The command fence agent: any program (a PDU's, Redfish, SBD…) whose exit code 0 says that the node is off."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from nodedaemon.fence_agents.power_switch import Login
from nodedaemon.fence_agents.programs import run_until
from pvccore.model.errors import Unavailable
from pvccore.model.fence import FenceAgent
from pvccore.plan.effects import Power


class CommandAgent:
    """Programs of the machine that fences; each gets its words, and PVC_NODE in its environment.

    Which program it is comes out of ZooKeeper, so only one that root alone can have put there is run.
    """

    def __init__(self, logins: Mapping[str, Login]) -> None:
        self._logins = logins

    def read(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        """Such a program only cuts."""
        raise Unavailable(f"{agent.address} can't tell the power")

    def turn_off(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        """Exit code 0 is its word that the node is off."""
        _check_program(agent.address)
        done = run_until((agent.address, *agent.arguments), until_s, {"PVC_NODE": node})
        if done.code != 0:
            raise Unavailable(f"{agent.address} exited with {done.code}: {done.text}".rstrip(": "))
        return Power.OFF

    def turn_on(self, node: str, agent: FenceAgent, until_s: float) -> None:
        """A program that is told nothing but to cut must never be run for this."""
        raise Unavailable(f"{agent.address} can't turn power on")


def _check_program(address: str) -> None:
    path = Path(address)
    if not path.is_absolute():
        raise Unavailable(f"{address} is not an absolute path")
    try:
        facts = path.stat()
    except OSError as error:
        raise Unavailable(f"{address}: {error.strerror}") from None
    if facts.st_uid not in (0, os.geteuid()) or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Unavailable(f"{address} may be written by others than root")
