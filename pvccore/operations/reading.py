"""One-shot readings of the store: the whole cluster, a VM's XML."""

from __future__ import annotations

import time

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Unavailable
from pvccore.model.journal import JournalEntry
from pvccore.model.vm import Vm, Xml
from pvccore.state.codec import Undecodable, decode
from pvccore.state.live import LiveCluster
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from pvccore.state.store import Store


def load_cluster(store: Store, schema: Schema, *, journal_shown: int = 500) -> Cluster:
    """The whole cluster as it is stored now, without any watch; raises `Unavailable`."""
    live = LiveCluster(store, schema, clock=time.monotonic, journal_shown=journal_shown)
    return live.refresh()[0]


def read_xml(session: Session, vm: Vm) -> Xml:
    """A VM's libvirt XML as it was defined; raises `Unavailable` when it can't be read."""
    path = session.schema.path(Kind.XML, vm.uuid)
    (znode,) = session.store.read([path])
    found = decode(Xml, path, znode) if znode is not None else None
    if isinstance(found, Xml):
        return found
    said = found.reason if isinstance(found, Undecodable) else "there is none"
    raise Unavailable(f"the XML of {vm.name} can't be read: {said}")


def load_journal(store: Store, schema: Schema, count: int, *, before: str = "") -> list[JournalEntry]:
    """The newest entries of the journal, oldest first; what can't be read says so in its place.

    before: only entries older than the one of this key.
    """
    names = store.children([schema.journal])[0] or []
    names = [name for name in names if not before or name < before][-count:]
    paths = [schema.path(Kind.JOURNAL, name) for name in names]
    found = [
        (name, decode(JournalEntry, path, znode, key=name))
        for name, path, znode in zip(names, paths, store.read(paths), strict=True)
        if znode is not None
    ]
    return [
        one if isinstance(one, JournalEntry) else JournalEntry(key=name, what="an entry that can't be read")
        for name, one in found
    ]
