"""Locks and watchers of RBD images: who holds a volume, and which of them may be broken.

An exclusive lock alone stops nobody: a living owner hands it over on request. A watcher is what tells that a client
lives; a dead one's watch lasts `osd_client_watch_timeout` (30 s), unless its address is blocklisted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pvccore.ceph.blocklist import address_of
from pvccore.ceph.commands import Commands
from pvccore.model.errors import NotFound, Refused
from pvccore.model.struct import Struct


class Lock(Struct, frozen=True, kw_only=True):
    """One advisory lock of an image: its cookie ("auto 94…"), the client that took it and from where."""

    cookie: str
    locker: str
    address: str


class Holders(Struct, frozen=True, kw_only=True):
    """Who holds one volume. watchers: bare addresses of clients that have it open."""

    volume: str
    locks: tuple[Lock, ...] = ()
    watchers: tuple[str, ...] = ()

    def foreign(self, own_address: str, locked_out: Iterable[str]) -> str:
        """The address of somebody else who may still write to it; "" when nobody may.

        own_address: this node's; what is left of its own earlier runs is stale, for no domain runs here.
        locked_out: addresses on the blocklist: nodes that are proven off, or at least can't write.
        """
        harmless = {own_address, *locked_out}
        others = [*self.watchers, *(lock.address for lock in self.locks)]
        return next((address for address in others if address not in harmless), "")


class Locks(Struct, frozen=True, kw_only=True):
    """The locks of one Ceph cluster's images, as one node looks at them."""

    commands: Commands
    own_address: str

    def holders(self, volume: str) -> Holders:
        """Who holds `volume` ("pool/image"); raises NotFound when there is no such image."""
        return Holders(
            volume=volume,
            locks=parse_locks(self.commands.rbd("lock", "ls", volume)),
            watchers=parse_watchers(self.commands.rbd("status", volume)),
        )

    def free(self, volumes: Iterable[str], locked_out: Callable[[], frozenset[str]]) -> None:
        """Break what is stale on each volume; raises `Refused` naming a volume and its holder if one may be alive.

        locked_out: tells the addresses on the blocklist; asked only when there is a foreign holder.
        """
        for volume in volumes:
            holders = self.holders(volume)
            foreign = holders.foreign(self.own_address, ())
            foreign = foreign and holders.foreign(self.own_address, locked_out())
            if foreign:
                raise Refused(f"{volume} is locked by {foreign}, which may be alive")
            for lock in holders.locks:
                self.break_lock(volume, lock)

    def clients(self, volumes: Iterable[str]) -> tuple[str, ...]:
        """Who has one of `volumes` open for writing, as Ceph prints them ("10.0.0.1:0/123"), each once."""
        statuses = (self.commands.rbd("status", volume) for volume in volumes)
        return tuple(dict.fromkeys(client for status in statuses for client in watching_clients(status)))

    def break_lock(self, volume: str, lock: Lock) -> None:
        """Remove one lock; harmless when it is gone."""
        try:
            self.commands.rbd_plain("lock", "rm", volume, lock.cookie, lock.locker)
        except NotFound:
            return


def parse_locks(listed: Any) -> tuple[Lock, ...]:  # noqa: ANN401 - a list of dicts, or a dict by cookie (older versions)
    """The locks in the output of `rbd lock ls`."""
    if isinstance(listed, Mapping):
        entries = [{"id": cookie, **entry} for cookie, entry in listed.items()]
    else:
        entries = list(listed or ())
    return tuple(
        Lock(cookie=str(entry["id"]), locker=str(entry["locker"]), address=address_of(str(entry["address"])))
        for entry in entries
    )


def watching_clients(status: Any) -> tuple[str, ...]:  # noqa: ANN401 - watchers are a list, or a dict (older versions)
    """The clients in the output of `rbd status`, as Ceph prints them."""
    listed = (status or {}).get("watchers", ())
    entries = listed.values() if isinstance(listed, Mapping) else listed
    return tuple(str(entry["address"]) for entry in entries)


def parse_watchers(status: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """The bare addresses in the output of `rbd status`, each once."""
    return tuple(dict.fromkeys(address_of(client) for client in watching_clients(status)))
