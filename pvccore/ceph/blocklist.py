"""Ceph's blocklist: the clients of a fenced node's storage address, any port, are refused by every OSD.

Source: Ceph's documentation of `ceph osd blocklist` (`blacklist` before 16); an entry with port 0 and nonce 0 stands
for every client of the address.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from typing import Any

from pvccore.ceph.commands import Commands
from pvccore.model.errors import Invalid
from pvccore.model.struct import Struct

YEAR_S = 365 * 24 * 3600
"""An entry outlives every fence; by default it would expire after an hour."""


class Blocklist(Struct, frozen=True, kw_only=True):
    """The blocklist of one Ceph cluster; adding and lifting may be repeated without harm."""

    commands: Commands

    def add(self, address: str) -> None:
        """Refuse every client of `address` from now on."""
        self.commands.ceph("osd", "blocklist", "add", _entry(address), str(YEAR_S))

    def lift(self, address: str) -> None:
        """Let clients of `address` write again; harmless when it is not listed."""
        self.commands.ceph("osd", "blocklist", "rm", _entry(address))

    def addresses(self) -> frozenset[str]:
        """Every address of which all clients are refused (port 0, nonce 0)."""
        listed = self.commands.ceph("osd", "blocklist", "ls")
        return frozenset(whole_addresses(listed))


def whole_addresses(listed: Any) -> Iterator[str]:  # noqa: ANN401 - a list of dicts, or of texts in other versions
    """The addresses in the output of `blocklist ls` that are refused whatever their port."""
    for entry in listed or ():
        text = entry["addr"] if isinstance(entry, dict) else str(entry)
        host, _, rest = text.split()[0].rpartition(":")
        if rest.partition("/")[0] == "0" and rest.partition("/")[2] in ("0", ""):
            yield host.strip("[]")


def address_of(client: str) -> str:
    """The bare address of a client as Ceph prints it: "10.0.0.1:0/123", "v1:10.0.0.1:0/1", "[fd00::1]:0/1"."""
    text = client.split(":", 1)[1] if client[:3] in ("v1:", "v2:") else client
    return text.rpartition(":")[0].strip("[]")


def _entry(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        raise Invalid("storage_address", address, "must be an IP address") from None
    host = f"[{parsed}]" if isinstance(parsed, IPv6Address) else str(parsed)
    return f"{host}:0/0"
