"""A ZooKeeper in memory: what the simulated world, the demo and the tests remember things in.

`MemoryTree` is the server, `MemoryStore` one client's session with it. Both keep ZooKeeper's rules (versions, zxids,
sequential names, ephemerals, atomic multis); the contract suite holds them to it beside a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import RLock

from pvccore.model.errors import Conflict, Unavailable
from pvccore.model.struct import Struct
from pvccore.state.schema import ROOT, ancestors_and_self, base_name, parent
from pvccore.state.store import CheckVersion, Connection, Create, Delete, Operation, Put, Znode

ANY_VERSION = -1
EPOCH_BITS = 32
NEVER = -1


@dataclass(slots=True)
class _Entry:
    """A node of the tree: what is read of it, the names below, and how many were ever created there."""

    znode: Znode
    children: set[str] = field(default_factory=set)
    created: int = 0


class _Watch(Struct, frozen=True):
    owner: MemoryStore
    on_change: Callable[[str], None]
    recursive: bool


class MemoryTree:
    """The server: one tree, its sessions, and a clock that somebody else moves."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lock = RLock()
        self.zxid = 0
        self.is_up = True
        self._entries = {ROOT: _Entry(Znode(b"", 0, 0, 0))}
        self._ephemerals: dict[int, set[str]] = {}
        self._stores: dict[int, MemoryStore] = {}
        self._expires_at_s: dict[int, float] = {}
        self._watches: dict[str, list[_Watch]] = {}
        self._watchers: dict[str, tuple[_Watch, ...]] = {}
        self._last_session = 0
        self._returning: list[MemoryStore] = []

    def connect(self, session_s: float = 4.0) -> MemoryStore:
        """A client with a new session."""
        with self.lock:
            store = MemoryStore(self, session_s)
            self.open_session(store)
            return store

    def go_down(self) -> None:
        """Take the whole service away; sessions stand still meanwhile."""
        with self.lock:
            self.is_up = False
            for store in list(self._stores.values()):
                store.lose_connection()

    def come_up(self) -> None:
        """Bring the service back with a new epoch; every session gets its full time-out, reachable clients return."""
        with self.lock:
            self.is_up = True
            self.zxid = ((self.zxid >> EPOCH_BITS) + 1) << EPOCH_BITS
            now_s = self.clock()
            for store in list(self._stores.values()):
                if store.is_severed:
                    self._expires_at_s[store.session_id] = now_s + store.session_s
                else:
                    store.regain_connection()
            returning, self._returning = self._returning, []
            for store in returning:
                store.regain_connection()

    def expire_due(self) -> list[int]:
        """End the sessions of severed clients whose time-out has passed; their ids."""
        with self.lock:
            now_s = self.clock()
            due = [one for one, at_s in self._expires_at_s.items() if at_s <= now_s] if self.is_up else []
            for session_id in due:
                self.end_session(session_id)
            return due

    def next_expiry_s(self) -> float | None:
        """When the next session ends if nothing happens; None when none will."""
        return min(self._expires_at_s.values(), default=None) if self.is_up else None

    def dump(self) -> dict[str, bytes]:
        """Every path and its bytes, for tests and `--crash-after` comparisons."""
        with self.lock:
            return {path: entry.znode.data for path, entry in sorted(self._entries.items())}

    # What MemoryStore asks of its server

    def open_session(self, store: MemoryStore) -> None:
        """Give a client a session it never had."""
        self._last_session += 1
        store.session_id = self._last_session
        self._stores[store.session_id] = store
        self._ephemerals[store.session_id] = set()

    def end_session(self, session_id: int) -> None:
        """Forget a session and delete its ephemeral nodes, each told to who watches."""
        self._expires_at_s.pop(session_id, None)
        self._stores.pop(session_id, None)
        paths = self._ephemerals.pop(session_id, set())
        if paths:
            self.zxid += 1
        for path in sorted(paths):
            self._remove(path)
        for path in sorted(paths):
            self._tell(path)

    def knows_session(self, session_id: int) -> bool:
        """Whether the session has not expired."""
        return session_id in self._stores

    def start_expiry(self, store: MemoryStore) -> None:
        """Let a client's session run out unless it comes back."""
        self._expires_at_s.setdefault(store.session_id, self.clock() + store.session_s)

    def await_service(self, store: MemoryStore) -> None:
        """The client is back, but the service is not; its session may have expired before that went down."""
        self._expires_at_s.pop(store.session_id, None)
        if store.session_id not in self._stores:
            self._returning.append(store)

    def stop_expiry(self, store: MemoryStore) -> None:
        """The client is back."""
        self._expires_at_s.pop(store.session_id, None)

    def add_watch(self, path: str, watch: _Watch) -> None:
        """Remember who wants to hear of a path."""
        self._watches.setdefault(path, []).append(watch)
        self._watchers.clear()

    def drop_watches(self, store: MemoryStore) -> None:
        """Forget all of a client that closed."""
        self._watchers.clear()
        for path, watches in list(self._watches.items()):
            self._watches[path] = [one for one in watches if one.owner is not store]

    def read(self, path: str) -> Znode | None:
        """One node."""
        entry = self._entries.get(path)
        return None if entry is None else entry.znode

    def children(self, path: str) -> list[str] | None:
        """The sorted names below one node."""
        entry = self._entries.get(path)
        return None if entry is None else sorted(entry.children)

    def commit(self, operations: Sequence[Operation], session_id: int) -> list[str]:
        """Carry out all operations or none, then tell who watches."""
        self.zxid += 1
        undo: list[tuple[str, _Entry | None, Znode | None]] = []
        made: list[str] = []
        try:
            made.extend(self._apply(operation, session_id, undo) for operation in operations)
        except Conflict:
            self._roll_back(undo)
            raise
        if self._watches:
            for operation, path in zip(operations, made, strict=True):
                if type(operation) is not CheckVersion:
                    self._tell(path)
        return made

    def _apply(self, operation: Operation, session_id: int, undo: list[tuple[str, _Entry | None, Znode | None]]) -> str:
        if isinstance(operation, Create):
            return self._create(operation, session_id, undo)
        path = operation.path
        entry = self._entries.get(path)
        if entry is None:
            raise Conflict(path, "does not exist")
        if operation.version not in (ANY_VERSION, entry.znode.version):
            raise Conflict(path)
        if isinstance(operation, Put):
            old = entry.znode
            undo.append((path, entry, old))
            entry.znode = Znode(operation.data, old.version + 1, old.czxid, self.zxid, old.owner)
        elif isinstance(operation, Delete):
            if entry.children:
                raise Conflict(path, "is not empty")
            undo.append((path, entry, None))
            self._remove(path)
            if entry.znode.owner:
                self._ephemerals[entry.znode.owner].discard(path)
        return path

    def _create(self, operation: Create, session_id: int, undo: list[tuple[str, _Entry | None, Znode | None]]) -> str:
        folder = parent(operation.path)
        above = self._entries.get(folder)
        if above is None:
            raise Conflict(operation.path, "has no parent")
        path = f"{operation.path}{above.created:010d}" if operation.sequential else operation.path
        if path in self._entries:
            raise Conflict(path, "exists already")
        if above.znode.owner:
            raise Conflict(path, "can't be created under an ephemeral node")
        owner = session_id if operation.ephemeral else 0
        undo.append((path, None, None))
        self._entries[path] = _Entry(Znode(operation.data, 0, self.zxid, self.zxid, owner))
        above.children.add(base_name(path))
        above.created += 1
        if owner:
            self._ephemerals[owner].add(path)
        return path

    def _remove(self, path: str) -> None:
        del self._entries[path]
        self._entries[parent(path)].children.discard(base_name(path))

    def _roll_back(self, undo: list[tuple[str, _Entry | None, Znode | None]]) -> None:
        for path, entry, znode in reversed(undo):
            if entry is None:
                owner = self._entries[path].znode.owner
                self._remove(path)
                self._entries[parent(path)].created -= 1
                if owner:
                    self._ephemerals[owner].discard(path)
            elif znode is not None:
                entry.znode = znode
            else:
                self._entries[path] = entry
                self._entries[parent(path)].children.add(base_name(path))
                if entry.znode.owner:
                    self._ephemerals[entry.znode.owner].add(path)

    def _tell(self, path: str) -> None:
        """Tell those who watch this path, or recursively one above it."""
        for watch in self._watches.get(path, ()):
            if watch.owner.hears:
                watch.on_change(path)
        for watch in self._watchers_of(parent(path)) if path != ROOT else ():
            if watch.owner.hears:
                watch.on_change(path)

    def _watchers_of(self, folder: str) -> tuple[_Watch, ...]:
        """Who hears of whatever happens in a folder, the nearest first."""
        known = self._watchers.get(folder)
        if known is None:
            folders = [ROOT] if folder == ROOT else ancestors_and_self(folder)
            found = [one for above in folders for one in self._watches.get(above, ()) if one.recursive]
            known = self._watchers[folder] = tuple(found)
        return known


class MemoryStore:
    """One client's session with a `MemoryTree`; the simulated world cuts and mends its connection."""

    def __init__(self, tree: MemoryTree, session_s: float) -> None:
        self._tree = tree
        self.session_s = session_s
        self.session_id = 0
        self.is_severed = False
        self._connection = Connection.CONNECTED
        self._listeners: list[Callable[[Connection], None]] = []
        self._heard_s = tree.clock()
        self._answers_before_loss = NEVER

    @property
    def connection(self) -> Connection:
        """How the connection stands, as far as this client has noticed."""
        return self._connection

    @property
    def hears(self) -> bool:
        """Whether events reach it now."""
        return self._connection is Connection.CONNECTED and not self.is_severed and self._tree.is_up

    @property
    def last_heard_s(self) -> float:
        """Now, while it is connected: pings are answered; else when it was cut off."""
        return self._tree.clock() if self.hears else self._heard_s

    def read(self, paths: Sequence[str]) -> list[Znode | None]:
        """See `Store.read`."""
        with self._tree.lock:
            self._check_reachable()
            return [self._tree.read(path) for path in paths]

    def read_each(self, paths: Sequence[str]) -> Iterator[Znode | None]:
        """See `Store.read_each`."""
        return iter(self.read(paths))

    def children(self, paths: Sequence[str]) -> list[list[str] | None]:
        """See `Store.children`."""
        with self._tree.lock:
            self._check_reachable()
            return [self._tree.children(path) for path in paths]

    def commit(self, operations: Sequence[Operation]) -> list[str]:
        """See `Store.commit`."""
        with self._tree.lock:
            self._check_reachable()
            made = self._tree.commit(operations, self.session_id)
            self._answers_before_loss -= 1
            if self._answers_before_loss == NEVER:
                raise Unavailable("the connection broke before the answer came", in_doubt=True)
            self._answers_before_loss = max(self._answers_before_loss, NEVER)
            return made

    def watch(self, path: str, on_change: Callable[[str], None], *, recursive: bool) -> None:
        """See `Store.watch`; callbacks run inside the commit that they tell of."""
        with self._tree.lock:
            self._check_reachable()
            self._tree.add_watch(path, _Watch(self, on_change, recursive))

    def on_connection(self, listener: Callable[[Connection], None]) -> None:
        """See `Store.on_connection`."""
        self._listeners.append(listener)

    def close(self) -> None:
        """See `Store.close`; a client cut off can't say goodbye, and its session runs out."""
        with self._tree.lock:
            self._tree.drop_watches(self)
            if self.hears:
                self._tree.end_session(self.session_id)
            elif self._tree.knows_session(self.session_id):
                self.is_severed = True
                self._tree.start_expiry(self)
            self._become(Connection.CLOSED)

    # Faults

    def sever(self, *, noticed: bool = True) -> None:
        """Cut this client off. Not noticed (it hangs, or was killed): it learns of it at its next call."""
        with self._tree.lock:
            if self.is_severed or self._connection is Connection.CLOSED:
                return
            if self.hears:
                self._heard_s = self._tree.clock()
            self.is_severed = True
            self._tree.start_expiry(self)
            if noticed:
                self._become(Connection.RECONNECTING)

    def restore(self) -> None:
        """Mend the connection; a session that expired meanwhile is told as LOST and replaced by a new one."""
        with self._tree.lock:
            if not self.is_severed or self._connection is Connection.CLOSED:
                return
            self.is_severed = False
            self._become(Connection.RECONNECTING)
            if not self._tree.is_up:
                self._tree.await_service(self)
                return
            self.regain_connection()

    def lose_answer(self, after: int = 0) -> None:
        """Let a commit be carried out and its answer be lost (what `in_doubt` is for): the next, or `after` more."""
        self._answers_before_loss = after

    def lose_connection(self) -> None:
        """The service went away."""
        if not self.is_severed:
            self._heard_s = self._tree.clock()
            self._become(Connection.RECONNECTING)

    def regain_connection(self) -> None:
        """The service is reachable again: with the old session while it lives, else with a new one."""
        if self._connection is Connection.CLOSED:
            return
        if self._tree.knows_session(self.session_id):
            self._tree.stop_expiry(self)
        else:
            self._become(Connection.LOST)
            self._tree.open_session(self)
        self._become(Connection.CONNECTED)

    def _check_reachable(self) -> None:
        if self._connection is Connection.CLOSED:
            raise Unavailable("the session was closed")
        if self.is_severed and self._connection is Connection.CONNECTED:
            self._become(Connection.RECONNECTING)
        if not self.hears:
            raise Unavailable("no connection to the store")

    def _become(self, connection: Connection) -> None:
        if connection is self._connection:
            return
        self._connection = connection
        for listener in self._listeners:
            listener(connection)
