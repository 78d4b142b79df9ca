"""The live snapshot: the whole cluster as one value, kept up to date by one recursive watch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import Unavailable
from pvccore.model.journal import JournalEntry
from pvccore.state.codec import Undecodable, decode
from pvccore.state.parts import Parts, take_in
from pvccore.state.schema import JOURNAL_PREFIX, LEASE_PREFIX, STORAGE_KINDS, Lease, Place, Schema, base_name, join
from pvccore.state.store import Connection, Store

RESYNC_EVERY_S = 600.0
RESYNC_SPREAD = 0.5
RESYNC_DELAY_S = 2.0
JOURNAL_SHOWN = 500
MANY_OBJECTS = 50_000


def nothing() -> None:
    """What is woken when nobody waits."""


def no_delay() -> float:
    """A random number that is always 0: no delay after a reconnect."""
    return 0.0


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection while very many objects are made that all stay: it would look at each again and again.

    Afterwards they count as old at once (there and back through the frozen ones), unless a program froze its own.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if gc.get_count()[0] > MANY_OBJECTS and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


class Dirt:
    """What was heard to have changed since it was last taken; the only state that the store's thread touches."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = Lock()
        self._paths: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._paths)

    def add(self, path: str) -> None:
        """A watch's callback."""
        self.add_quietly(path)
        self._wake()

    def add_quietly(self, path: str) -> None:
        """Take note of what nobody need be woken for."""
        with self._lock:
            self._paths.add(path)

    def take(self) -> set[str]:
        """All of it, once."""
        with self._lock:
            taken, self._paths = self._paths, set()
        return taken

    def give_back(self, paths: Iterable[str]) -> None:
        """What could not be read after all."""
        with self._lock:
            self._paths.update(paths)


class Resync:
    """When everything must be read again: after a reconnect (soon), and now and then (in case a watch ever lies)."""

    def __init__(self, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._clock = clock
        self._random = random
        self._losses = 0
        self.at_s = clock()
        self.missed_events = True

    def after_loss(self) -> None:
        """The connection is gone: from now on events are missed."""
        self._losses += 1
        self.missed_events = True

    def after_reconnect(self) -> None:
        """Everything again, after a delay that spreads the clients."""
        self.after_loss()
        self.at_s = self._clock() + self._random() * RESYNC_DELAY_S

    def begin(self) -> int:
        """Reading everything begins; the mark to end it with."""
        return self._losses

    def done(self, mark: int) -> None:
        """Everything was read; unless the connection was lost meanwhile, the next time is in 10 min ± 50 %."""
        if mark != self._losses:
            return
        self.missed_events = False
        self.at_s = self._clock() + RESYNC_EVERY_S * (1 - RESYNC_SPREAD + 2 * RESYNC_SPREAD * self._random())

    @property
    def is_due(self) -> bool:
        """Whether it is time."""
        return self._clock() >= self.at_s


class LiveCluster:
    """The cluster as one front end or coordinator sees it. Passive: `refresh()` reads, watches only take notes.

    wake: called (on the store's thread) whenever a refresh would find something; must only set an event.
    reports_wait_s: reports don't wake, but `due_at_s` comes this often, and every refresh reads what has come: for who
    decides on them and would do nothing else at 500 nodes. 0: they wake like anything else.
    random: 0 ≤ x < 1, spreads the resyncs of many clients; `no_delay` in the simulated world.
    Use: build, `start()` once connected, then `refresh()` at every wake and at `due_at_s`.
    """

    def __init__(
        self,
        store: Store,
        schema: Schema,
        *,
        clock: Callable[[], float],
        wake: Callable[[], None] = nothing,
        random: Callable[[], float] = no_delay,
        journal_shown: int = JOURNAL_SHOWN,
        reports_wait_s: float = 0.0,
    ) -> None:
        self.cluster = Cluster()
        self._store = store
        self._schema = schema
        self._clock = clock
        self._wake = wake
        self._journal_shown = journal_shown
        self._reports_wait_s = reports_wait_s
        self._report_folder = join(schema.reports, "")
        self._dirt = Dirt(wake)
        self._resync = Resync(clock, random)
        self._parts = Parts()
        self._loaded = False
        self._looked_at_s = self._fresh_at_s = clock()

    def start(self) -> None:
        """Set the watch; from now on a change wakes. Raises `Unavailable`."""
        on_change = self._note if self._reports_wait_s else self._dirt.add
        self._store.watch(self._schema.root, on_change, recursive=True)
        self._store.on_connection(self._on_connection)

    @property
    def connection(self) -> Connection:
        """How the store stands, for the screen."""
        return self._store.connection

    @property
    def is_current(self) -> bool:
        """Whether nothing can have been missed: loaded, connected, and read again since the last reconnect.

        Decisions that power machines off must wait for it.
        """
        return self._loaded and not self._resync.missed_events and self._store.connection is Connection.CONNECTED

    @property
    def fresh_at_s(self) -> float:
        """Monotonic clock reading of the last moment at which the snapshot is known to have been true."""
        if self._loaded and not self._resync.missed_events and not self._dirt:
            self._fresh_at_s = max(self._fresh_at_s, self._store.last_heard_s)
        return self._fresh_at_s

    @property
    def zxid(self) -> int:
        """The newest write seen; its upper half is ZooKeeper's epoch, which changes with the leader."""
        return self._parts.newest_zxid

    @property
    def due_at_s(self) -> float:
        """Monotonic clock reading at which `refresh` should be called even if nothing woke."""
        if self._reports_wait_s:
            return min(self._resync.at_s, self._looked_at_s + self._reports_wait_s)
        return self._resync.at_s

    @property
    def is_dirty(self) -> bool:
        """Whether a refresh would read something now."""
        return bool(self._dirt) or self._resync.is_due

    def refresh(self) -> tuple[Cluster, Delta]:
        """The newest snapshot and what differs from the one before; shares every record that did not change.

        Raises `Unavailable`; then nothing is lost and a later call reads it.
        """
        started_s = self._looked_at_s = self._clock()
        if self._resync.is_due:
            with collection_paused():
                return self._load(started_s)
        dirty = self._dirt.take()
        if not dirty:
            return self.cluster, Delta()
        try:
            self._read_dirty(dirty)
        except Unavailable:
            self._dirt.give_back(dirty)
            raise
        return self._publish(started_s, full=False)

    def _load(self, started_s: float) -> tuple[Cluster, Delta]:
        """Everything again; what has the same mzxid is not decoded again."""
        dirty = self._dirt.take()
        mark = self._resync.begin()
        try:
            self._read_everything()
        except Unavailable:
            self._dirt.give_back(dirty)
            raise
        self._resync.done(mark)
        full, self._loaded = not self._loaded, True
        return self._publish(started_s, full=full)

    def _publish(self, started_s: float, *, full: bool) -> tuple[Cluster, Delta]:
        self.cluster, delta = self._parts.publish(self.cluster, full=full)
        self._fresh_at_s = started_s
        return self.cluster, delta

    def _note(self, path: str) -> None:
        if path.startswith(self._report_folder):
            self._dirt.add_quietly(path)
        else:
            self._dirt.add(path)

    def _on_connection(self, connection: Connection) -> None:
        if connection is Connection.CONNECTED:
            self._resync.after_reconnect()
        else:
            _ = self.fresh_at_s  # the last moment for it to follow the pings
            self._resync.after_loss()
        self._wake()

    # Reading

    def _read_everything(self) -> None:
        schema, parts = self._schema, self._parts
        listed = (schema.nodes, schema.vms, schema.reports, schema.fences, schema.journal, schema.volumes, schema.tasks)
        listings = self._store.children(listed)
        nodes, vms, reports, fences, journal, volumes, tasks = (names or [] for names in listings)
        places = [
            Place(kind, "") for kind in (Kind.SETTINGS, Kind.MAINTENANCE, Kind.STARTED, Kind.FORECAST, *STORAGE_KINDS)
        ]
        for kind, keys in (
            (Kind.NODE_CONFIG, nodes),
            (Kind.PRESENCE, nodes),
            (Kind.READINESS, nodes),
            (Kind.BMC, nodes),
            (Kind.REPORT, reports),
            (Kind.FENCE, fences),
            (Kind.DEFINITION, vms),
            (Kind.PLACEMENT, vms),
            (Kind.VOLUMES, volumes),
            (Kind.TASK, tasks),
        ):
            parts.keep_only(kind, keys)
            places += [Place(kind, key) for key in keys]
        self._read_records(places)
        self._read_alive({*nodes, *parts.alive})
        self._read_leases()
        self._read_journal(journal[-self._journal_shown :])

    def _read_dirty(self, dirty: set[str]) -> None:
        records: list[Place] = []
        alive: set[str] = set()
        entries: list[str] = []
        leases = False
        for path in dirty:
            place = self._schema.place(path)
            if place is None or place.kind is Kind.XML:
                continue
            if place.kind is Kind.ALIVE:
                alive.add(place.key)
            elif place.kind is Kind.LEASE:
                leases = True
            elif place.kind is Kind.JOURNAL:
                entries.append(place.key)
            else:
                records.append(place)
        if records:
            self._read_records(records)
        if alive:
            self._read_alive(alive)
        if leases:
            self._read_leases()
        if entries:
            self._read_journal(sorted(entries)[-self._journal_shown :])

    def _read_records(self, places: list[Place]) -> None:
        take_in(self._parts, self._schema, self._store, places)

    def _read_alive(self, nodes: Iterable[str]) -> None:
        """The newest `alive` of each node: an older one is of a session that is about to expire."""
        names = sorted(nodes)
        folders = [self._schema.stored_path(Kind.ALIVE, name) for name in names]
        tokens = {name: found[-1] for name, found in zip(names, self._store.children(folders), strict=True) if found}
        paths = [join(self._schema.stored_path(Kind.ALIVE, name), token) for name, token in tokens.items()]
        znodes = dict(zip(tokens, self._store.read(paths), strict=True))
        for name in names:
            znode = znodes.get(name)
            self._parts.put_alive(name, tokens[name] if znode else "", znode.czxid if znode else 0)

    def _read_leases(self) -> None:
        names = self._store.children([self._schema.manager])[0] or []
        leases = tuple(name for name in names if name.startswith(LEASE_PREFIX))
        holder = ""
        if leases:
            path = join(self._schema.manager, leases[0])
            (znode,) = self._store.read([path])
            found = decode(Lease, path, znode) if znode else None
            holder = found.node if isinstance(found, Lease) else ""
        self._parts.put_leases(leases, holder)

    def _read_journal(self, names: list[str]) -> None:
        known = self._parts.journal_keys
        new = [name for name in names if name not in known and name.startswith(JOURNAL_PREFIX)]
        paths = [join(self._schema.journal, name) for name in new]
        found: list[JournalEntry] = []
        for path, znode in zip(paths, self._store.read(paths) if paths else [], strict=True):
            entry = decode(JournalEntry, path, znode, key=base_name(path)) if znode else None
            if isinstance(entry, JournalEntry):
                found.append(entry)
            elif isinstance(entry, Undecodable):
                found.append(JournalEntry(key=base_name(path), what=f"an entry that can't be read: {entry.reason}"))
        self._parts.put_journal(found, self._journal_shown)
