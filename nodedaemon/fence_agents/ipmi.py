"""The ipmi fence agent: a node's BMC, spoken to by ipmitool."""

from __future__ import annotations

from collections.abc import Mapping

from nodedaemon.fence_agents.power_switch import Login
from nodedaemon.fence_agents.programs import run_until
from pvccore.model.errors import Unavailable
from pvccore.model.fence import FenceAgent
from pvccore.plan.effects import Power

PORT = "623"
OPTIONS = ("-I", "lanplus", "-C", "3", "-N", "1", "-R", "1")
"""Cipher suite 3 is what every BMC has; one retry after one second, for ipmitool's own take 20 s."""


class IpmiAgent:
    """The BMCs of all nodes. logins: by node; the password reaches ipmitool by its environment alone."""

    def __init__(self, logins: Mapping[str, Login]) -> None:
        self._logins = logins

    def read(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        """Judge by the answer's last word: everything else in it differs between versions."""
        text = self._run(node, agent, until_s, "status")
        word = text.rpartition(" ")[2].lower()
        if word in (Power.ON, Power.OFF):
            return Power(word)
        raise Unavailable(f"ipmitool said {text!r}")

    def turn_off(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        """Some BMCs fail to turn off what is off, so the power is read first; never `cycle`, which can turn it on."""
        if self.read(node, agent, until_s) is Power.ON:
            self._run(node, agent, until_s, "off")
        return Power.UNKNOWN

    def turn_on(self, node: str, agent: FenceAgent, until_s: float) -> None:
        """Read it first, as for off."""
        if self.read(node, agent, until_s) is Power.OFF:
            self._run(node, agent, until_s, "on")

    def _run(self, node: str, agent: FenceAgent, until_s: float, verb: str) -> str:
        login = self._logins.get(node)
        if login is None:
            raise Unavailable(f"the secrets file has no [bmc.{node}]")
        host, _, port = agent.address.rpartition(":") if ":" in agent.address else (agent.address, "", PORT)
        where = ("-H", host.strip("[]"), "-p", port, "-U", login.user, "-E")
        argv = ("ipmitool", *OPTIONS, *where, "chassis", "power", verb)
        done = run_until(argv, until_s, {"IPMI_PASSWORD": login.password})
        if done.code != 0:
            raise Unavailable(done.text or f"ipmitool exited with {done.code}")
        return done.text
