"""What one node's agent sees of the cluster: its own part, kept up to date by a few watches of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster, LocalView
from pvccore.model.errors import NotFound, Unavailable
from pvccore.model.node import Node
from pvccore.model.vm import Vm, Xml
from pvccore.state.codec import Undecodable, decode
from pvccore.state.live import Dirt, Resync, no_delay, nothing
from pvccore.state.parts import Parts, take_in
from pvccore.state.schema import Place, Schema, base_name, join
from pvccore.state.store import Connection, Store

_OF_NODE = (Kind.NODE_CONFIG, Kind.PRESENCE, Kind.READINESS, Kind.FENCE)
_SINGLE = (Kind.SETTINGS, Kind.MAINTENANCE)


class LocalLive:
    """The agent's view. Passive like `LiveCluster`: `start()`, then `refresh()` at every wake and at `due_at_s`.

    Its node's own report is read at every resync only: its agent is the one who writes it.
    """

    def __init__(
        self,
        store: Store,
        schema: Schema,
        node: str,
        *,
        clock: Callable[[], float],
        wake: Callable[[], None] = nothing,
        random: Callable[[], float] = no_delay,
    ) -> None:
        self.view = LocalView(node=Node(name=node))
        self._store = store
        self._schema = schema
        self._node = node
        self._wake = wake
        self._dirt = Dirt(wake)
        self._resync = Resync(clock, random)
        self._parts = Parts()
        self._cluster = Cluster()
        self._assigned: set[str] = set()
        self._elsewhere: tuple[str, ...] = ()
        self._alive = ""

    def start(self) -> None:
        """Set the watches; raises `Unavailable`."""
        schema, watch, add = self._schema, self._store.watch, self._dirt.add
        watch(schema.assigned_to(self._node), add, recursive=True)
        watch(schema.node(self._node), add, recursive=True)
        for path in (schema.path(Kind.FENCE, self._node), schema.maintenance, schema.settings):
            watch(path, add, recursive=False)
        self._store.on_connection(self._on_connection)

    @property
    def is_current(self) -> bool:
        """Whether no event can have been missed since the last refresh."""
        return not self._resync.missed_events and self._store.connection is Connection.CONNECTED

    @property
    def due_at_s(self) -> float:
        """Monotonic clock reading at which `refresh` should be called even if nothing woke."""
        return self._resync.at_s

    @property
    def is_dirty(self) -> bool:
        """Whether a refresh would read something now."""
        return bool(self._dirt) or self._resync.is_due

    def refresh(self) -> LocalView:
        """The newest view; the same object while nothing changed. Raises `Unavailable`; nothing is lost then."""
        everything = self._resync.is_due
        dirty = self._dirt.take()
        if not everything and not dirty:
            return self.view
        mark = self._resync.begin()
        try:
            if everything:
                self._read_everything()
            else:
                self._read_dirty(dirty)
        except Unavailable:
            self._dirt.give_back(dirty)
            raise
        if everything:
            self._resync.done(mark)
        return self._publish()

    def look_up(self, uuids: Iterable[str]) -> LocalView:
        """The view with `elsewhere` read anew: what the store says of domains found here that are not assigned here."""
        self._elsewhere = tuple(sorted(set(uuids) - self._assigned))
        self._read_vms(self._elsewhere)
        return self._publish()

    def xml(self, uuid: str) -> Xml:
        """The libvirt XML of a VM, read now; raises `NotFound`, also when it can't be read."""
        path = self._schema.path(Kind.XML, uuid)
        (znode,) = self._store.read([path])
        found = decode(Xml, path, znode) if znode else None
        if isinstance(found, Xml):
            return found
        reason = f" ({found.reason})" if isinstance(found, Undecodable) else ""
        raise NotFound("readable XML of VM", uuid + reason)

    def _publish(self) -> LocalView:
        self._cluster, _ = self._parts.publish(self._cluster, full=False)
        vms = self._cluster.vms
        self.view = LocalView(
            node=self._cluster.nodes.get(self._node, Node(name=self._node)),
            settings=self._cluster.settings,
            maintenance=self._cluster.maintenance,
            vms={uuid: vms.get(uuid, Vm(uuid=uuid)) for uuid in sorted(self._assigned)},
            elsewhere={uuid: vms[uuid] for uuid in self._elsewhere if uuid in vms and uuid not in self._assigned},
            alive=self._alive,
        )
        return self.view

    def _on_connection(self, connection: Connection) -> None:
        if connection is Connection.CONNECTED:
            self._resync.after_reconnect()
        else:
            self._resync.after_loss()
        self._wake()

    # Reading

    def _read_everything(self) -> None:
        folder = self._schema.assigned_to(self._node)
        self._assigned = set(self._store.children([folder])[0] or [])
        places = [Place(kind, self._node) for kind in (*_OF_NODE, Kind.REPORT)]
        self._read_records(places + [Place(kind, "") for kind in _SINGLE])
        self._read_alive()
        self._forget_others()
        self._read_vms(self._assigned)

    def _read_dirty(self, dirty: set[str]) -> None:
        folder = self._schema.assigned_to(self._node)
        records: list[Place] = []
        entries: list[str] = []
        alive = False
        for path in dirty:
            place = self._schema.place(path)
            if place is None:
                if path.startswith(folder) and path != folder:
                    entries.append(base_name(path))
            elif place.kind is Kind.ALIVE:
                alive = True
            else:
                records.append(place)
        if records:
            self._read_records(records)
        if alive:
            self._read_alive()
        if entries:
            self._read_assignments(entries)

    def _read_assignments(self, uuids: list[str]) -> None:
        paths = [self._schema.assigned_to(self._node, uuid) for uuid in uuids]
        for uuid, znode in zip(uuids, self._store.read(paths), strict=True):
            if znode is None:
                self._assigned.discard(uuid)
            else:
                self._assigned.add(uuid)
        self._forget_others()
        self._read_vms(uuid for uuid in uuids if uuid in self._assigned)

    def _forget_others(self) -> None:
        wanted = self._assigned | set(self._elsewhere)
        self._parts.keep_only(Kind.DEFINITION, wanted)
        self._parts.keep_only(Kind.PLACEMENT, wanted)

    def _read_vms(self, uuids: Iterable[str]) -> None:
        self._read_records([Place(kind, uuid) for uuid in uuids for kind in (Kind.DEFINITION, Kind.PLACEMENT)])

    def _read_records(self, places: list[Place]) -> None:
        take_in(self._parts, self._schema, self._store, places)

    def _read_alive(self) -> None:
        """The daemons alive here; this session's own token is the agent's."""
        folder = self._schema.alive(self._node)
        tokens = self._store.children([folder])[0] or []
        znodes = self._store.read([join(folder, token) for token in tokens]) if tokens else []
        found = [(token, znode) for token, znode in zip(tokens, znodes, strict=True) if znode]
        me = self._store.session_id
        self._alive = next((token for token, znode in found if znode.owner == me), "")
        token, zxid = (found[-1][0], found[-1][1].czxid) if found else ("", 0)
        self._parts.put_alive(self._node, token, zxid)
