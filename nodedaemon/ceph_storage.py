"""Ceph as this node's daemon uses it: stale locks before a start, the blocklist of a fence, and health."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pvccore.ceph.blocklist import Blocklist, address_of
from pvccore.ceph.commands import Commands
from pvccore.ceph.locks import Locks
from pvccore.ceph.osds import Osds
from pvccore.model.errors import PvcError, Refused, Unavailable

LISTED_FOR_S = 2.0
"""How long one look at the blocklist serves the starts of this node."""


class CephStorage:
    """One node's way to Ceph; obeys `vm_runner.Volumes` and `fencer.StorageDoor`.

    own_address: the node's storage address. volumes_of: the volumes of a VM by its uuid.
    """

    def __init__(
        self,
        commands: Commands,
        own_address: str,
        volumes_of: Callable[[str], tuple[str, ...]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._commands = commands
        self._own_address = own_address
        self._locks = Locks(commands=commands, own_address=own_address)
        self._volumes_of = volumes_of
        self._monotonic = monotonic
        self._unfit = ""
        self._asking = threading.Lock()
        self._listed: frozenset[str] = frozenset()
        self._listed_until_s = float("-inf")

    def inspect(self, uuid: str) -> None:
        """Break stale locks of the VM's volumes; raises `Refused` naming a foreign holder."""
        self._locks.free(self._volumes_of(uuid), self._locked_out)

    def _locked_out(self) -> frozenset[str]:
        """The blocklist, asked for once by the many starts of a recovery: `ceph` costs more than all else of them.

        What was lifted meanwhile does no harm: a node is let in long after its VMs were placed elsewhere.
        """
        with self._asking:
            now_s = self._monotonic()
            if now_s >= self._listed_until_s:
                self._listed = Blocklist(commands=self._commands).addresses()
                self._listed_until_s = now_s + LISTED_FOR_S
            return self._listed

    def clients(self, uuid: str) -> tuple[str, ...]:
        """Tell the Ceph client addresses of the domain that has just been made.

        Raises `Refused` when they are not of this node's storage address: its fence could not lock them out. Then this
        node is unfit, until a domain's clients are of that address.
        """
        found = self._locks.clients(self._volumes_of(uuid))
        own = tuple(client for client in found if address_of(client) == self._own_address)
        if found and not own:
            self._unfit = f"it reaches Ceph from {address_of(found[0])}, but storage_address is {self._own_address}"
            raise Refused(self._unfit)
        if own:
            self._unfit = ""
        return own

    def unfit(self) -> str:
        """Why no VM must be placed here: a fence could not lock this node's clients out; "" as far as is known."""
        return self._unfit

    def add_to_blocklist(self, address: str, limit_s: float) -> None:
        """Refuse every client of that address, or end within the limit; harmless when it is so.

        What was cut off may have reached the monitors all the same, and they carry it out when they come to it. So a
        slow Ceph is asked what came of it, in a command's full time: a question does no harm, however late it is.
        """
        try:
            self._blocklist(limit_s).add(address)
        except Unavailable:
            if address not in Blocklist(commands=self._commands).addresses():
                raise

    def lift_from_blocklist(self, address: str, limit_s: float) -> None:
        """Serve that address again, or end within the limit; harmless when it is so."""
        self._blocklist(limit_s).lift(address)

    def mark_osds_down(self, node: str, limit_s: float) -> None:
        """Tell Ceph that the OSDs of that node are down; each of the two commands ends within the limit."""
        Osds(commands=self._commands.within(limit_s)).mark_down(node)

    def _blocklist(self, limit_s: float) -> Blocklist:
        return Blocklist(commands=self._commands.within(limit_s))

    def error(self) -> str:
        """Why storage counts as unhealthy from here, "" when Ceph answers; may take as long as a command."""
        try:
            self._commands.rados("lspools")
        except PvcError as error:
            return str(error)
        return ""
