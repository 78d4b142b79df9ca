"""The lab's network: one bridge in this machine's own namespace, with an address for all that hosts talk to.

A lab takes a free slot K: the bridge `pvclabK` and 10.99.K.0/24. So several labs can stand side by side, and the
bridge itself is the claim to the slot.

| address               | who                                                                             |
|-----------------------|---------------------------------------------------------------------------------|
| 10.99.K.1 …           | the hosts, in their own namespaces                                              |
| 10.99.K.101 …         | their BMCs: the power cut of a host, or its partition, leaves them reachable    |
| 10.99.K.251 … .253    | the ZooKeeper servers: their own addresses, so that a host can be cut from them |
| 10.99.K.254           | this machine: consoles, and Ceph                                                |
"""

import json
from dataclasses import dataclass

from lab.commands import LabError, run, succeeds

SLOTS = 16
ZOOKEEPER_SERVERS = 3
# No such card exists on the bridge: what is sent to it is lost without a word, as when a cable is cut.
NOWHERE = "02:00:00:00:00:01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The addresses and names of one lab."""

    slot: int

    @property
    def bridge(self) -> str:
        return f"pvclab{self.slot}"

    @property
    def subnet(self) -> str:
        return f"10.99.{self.slot}.0/24"

    @property
    def machine_address(self) -> str:
        return self._address(254)

    @property
    def zookeeper_addresses(self) -> tuple[str, ...]:
        return tuple(self._address(250 + number) for number in range(1, ZOOKEEPER_SERVERS + 1))

    def host_address(self, number: int) -> str:
        return self._address(number)

    def bmc_address(self, number: int) -> str:
        return self._address(100 + number)

    def link(self, number: int) -> str:
        """The bridge's end of a host's cable; the host calls its own end eth0."""
        return f"{self.bridge}-{number}"

    def add_address(self, address: str) -> None:
        """Give this machine one more address on the bridge."""
        run("ip", "address", "replace", f"{address}/24", "dev", self.bridge)

    def remove(self) -> None:
        """Take away the bridge, its addresses and every cable that still hangs on it."""
        for link in _links("master", self.bridge):
            succeeds("ip", "link", "delete", link)
        succeeds("ip", "link", "delete", self.bridge)

    def _address(self, last: int) -> str:
        return f"10.99.{self.slot}.{last}"


def hardware_address(address: str) -> str:
    """The Ethernet address of who has this IPv4 address: the same after a power cut, as a real card's is.

    A bridge without one of its own takes the lowest of its ports', a cable's end a new one each time; whoever remembers
    the old one sends his frames nowhere until he asks again, half a minute later.
    """
    return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def claim_network() -> Network:
    """A network in the first free slot, its bridge up, with the addresses of this machine and of ZooKeeper."""
    for slot in range(SLOTS):
        network = Network(slot=slot)
        own = hardware_address(network.machine_address)
        if succeeds("ip", "link", "add", network.bridge, "address", own, "type", "bridge", "forward_delay", "0"):
            run("ip", "link", "set", network.bridge, "up")
            for address in (network.machine_address, *network.zookeeper_addresses):
                network.add_address(address)
            return network
    raise LabError(f"no free slot for a lab among the bridges pvclab0 … pvclab{SLOTS - 1}")


def bridges() -> list[str]:
    """The bridges of all labs on this machine."""
    return [name for name in _links("type", "bridge") if name.startswith("pvclab")]


def _links(*which: str) -> list[str]:
    if which[0] == "master" and not succeeds("ip", "link", "show", which[1]):
        return []
    return [link["ifname"] for link in json.loads(run("ip", "-json", "link", "show", *which) or "[]") if link]
