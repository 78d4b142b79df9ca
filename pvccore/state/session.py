"""A program's session with the cluster's memory: changes become multis, liveness becomes ephemeral nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pvccore.model.change import Change, Check, Kind
from pvccore.model.errors import Conflict
from pvccore.model.journal import JournalEntry
from pvccore.model.node import Presence, Report
from pvccore.model.record import NEW
from pvccore.model.settings import Settings
from pvccore.model.struct import replace
from pvccore.state.codec import encode
from pvccore.state.multi import Multi
from pvccore.state.schema import LEASE_PREFIX, SCHEMA_VERSION, Lease, Schema, SchemaVersion, base_name, join
from pvccore.state.store import CheckVersion, Create, Delete, Operation, Put, Store
from pvccore.state.upgrade import check_no_pvc_1, check_schema

PRUNE_BATCH = 500
NO_GUARDS: Sequence[Check] = ()


class Session:
    """One program's right to write, in the name of `who`.

    who: person@host, manager@node or agent@node, as the journal shows it. wall_clock: seconds, for people to read.
    Every method may raise `Conflict` (re-read and decide anew) and `Unavailable`.
    """

    def __init__(self, store: Store, schema: Schema, *, who: str, wall_clock: Callable[[], float]) -> None:
        self.store = store
        self.schema = schema
        self.who = who
        self.lease = ""
        self.wall_clock = wall_clock

    def commit(self, change: Change, guards: Sequence[Check] = NO_GUARDS) -> None:
        """Carry out a change whole or not at all, with its indexes and its journal entry.

        A record whose `before` is None or at version `NEW` is created; the multi fails if it exists meanwhile.
        guards: further conditions, as the manager's own lease. Raises `Conflict` naming the record in words.
        """
        multi = Multi(self.schema, change)
        multi.check(guards)
        multi.check(change.checks)
        for write in change.writes:
            multi.write(write)
        if not change.quiet:
            multi.add(self._journal_entry(change), "the journal")
        self._carry_out(multi)

    def report(self, node: str, report: Report, guards: Sequence[Check] = NO_GUARDS) -> None:
        """Store what a node says of itself; its daemon is the only writer, so no version is compared."""
        path = self.schema.path(Kind.REPORT, node)
        document = encode(report)
        checks: list[Operation] = [CheckVersion(self.schema.path(one.kind, one.key), one.version) for one in guards]
        try:
            self.store.commit([*checks, Put(path, document, NEW)])
        except Conflict as conflict:
            if conflict.subject != path:
                multi = Multi(self.schema, Change(writes=(), quiet=True))
                multi.check(guards)
                raise Conflict(multi.words_for(conflict.subject), conflict.reason) from None
            self.store.commit([*checks, Create(path, document)])

    # The manager lease

    def acquire_lease(self, node: str, daemon_id: str = "") -> str:
        """Stand in line for the manager lease and return the token; calling it again changes nothing.

        A create whose answer was lost is found again by its owner: the lowest of mine counts, my others are deleted.
        """
        self.lease = self._adopt(self.schema.manager)
        if not self.lease:
            document = encode(Lease(node=node, daemon_id=daemon_id))
            create = Create(self.schema.lease_prefix, document, ephemeral=True, sequential=True)
            self.lease = base_name(self.store.commit([create])[0])
        return self.lease

    def line(self) -> list[str]:
        """The tokens of all who contend for the manager lease, the oldest first."""
        names = self.store.children([self.schema.manager])[0] or []
        return [name for name in names if name.startswith(LEASE_PREFIX)]

    def holds_lease(self, leases: Sequence[str]) -> bool:
        """Whether, by this reading of the line, this session is its head."""
        return bool(self.lease) and bool(leases) and leases[0] == self.lease

    def release_lease(self) -> None:
        """Leave the line in good order."""
        if self.lease:
            self.store.commit([Delete(join(self.schema.manager, self.lease))])
            self.lease = ""

    # A node's daemon

    def announce(self, node: str, before: Presence | None, after: Presence, *, what: str = "", why: str = "") -> str:
        """Say that a node's daemon lives: its presence and its `alive` in one multi; returns the token.

        An announcement of this session whose answer was lost is adopted and not made again. what: journalled
        unless empty. Raises `Conflict` when the presence was changed meanwhile.
        """
        token = self._adopt(self.schema.alive(node))
        if token:
            return token
        change = Change(writes=(), what=what, why=why, node=node, quiet=not what)
        multi = Multi(self.schema, change)
        multi.write_presence(node, before, after)
        create = Create(self.schema.alive_prefix(node), ephemeral=True, sequential=True)
        multi.add(create, f"node {node}")
        if what:
            multi.add(self._journal_entry(change), "the journal")
        made = self._carry_out(multi)
        return next(base_name(path) for path in made if path.startswith(create.path))

    def say_goodbye(
        self, node: str, token: str, before: Presence, after: Presence, *, what: str, why: str = ""
    ) -> None:
        """Leave in good order: the presence with its goodbye, and the end of `alive`, in one multi."""
        change = Change(writes=(), what=what, why=why, node=node)
        multi = Multi(self.schema, change)
        multi.write_presence(node, before, after)
        multi.add(Delete(join(self.schema.alive(node), token)), f"node {node}")
        multi.add(self._journal_entry(change), "the journal")
        self._carry_out(multi)

    # The journal

    def prune_journal(self, keep: int, guards: Sequence[Check] = NO_GUARDS) -> int:
        """Delete the oldest entries beyond `keep`, in multis of 500; how many went."""
        names = self.store.children([self.schema.journal])[0] or []
        surplus = names[: max(0, len(names) - keep)]
        for start in range(0, len(surplus), PRUNE_BATCH):
            multi = Multi(self.schema, Change(writes=(), quiet=True))
            multi.check(guards)
            for name in surplus[start : start + PRUNE_BATCH]:
                multi.add(Delete(join(self.schema.journal, name)), "the journal")
            self._carry_out(multi)
        return len(surplus)

    def _journal_entry(self, change: Change) -> Create:
        return Create(self.schema.journal_prefix, encode(self._entry(change)), sequential=True)

    def _entry(self, change: Change) -> JournalEntry:
        return JournalEntry(
            at=self.wall_clock(), who=self.who, what=change.what, why=change.why, vm=change.vm, node=change.node
        )

    def _carry_out(self, multi: Multi) -> list[str]:
        operations = multi.operations
        if not operations:
            return []
        try:
            return self.store.commit(operations)
        except Conflict as conflict:
            raise Conflict(multi.words_for(conflict.subject), conflict.reason) from None

    def _adopt(self, folder: str) -> str:
        """The lowest ephemeral of this session in a folder, "" when it has none; any others of it are deleted."""
        # A commit is a barrier: what this session wrote, in doubt or not, is seen by the reads after it.
        self.store.commit([CheckVersion(folder)])
        names = self.store.children([folder])[0] or []
        if not names:
            return ""
        paths = [join(folder, name) for name in names]
        me = self.store.session_id
        mine = [name for name, znode in zip(names, self.store.read(paths), strict=True) if znode and znode.owner == me]
        if len(mine) > 1:
            self.store.commit([Delete(join(folder, name)) for name in mine[1:]])
        return mine[0] if mine else ""


def create_tree(session: Session, settings: Settings | None = None) -> bool:
    """Make the empty tree of a cluster: what `pvc init` does. Whether it was made; False when ours exists already.

    Raises `Refused` where a PVC 1.0 cluster lives or the tree has another schema version.
    """
    store, schema = session.store, session.schema
    check_no_pvc_1(store, schema)
    if store.read([schema.version])[0] is not None:
        check_schema(store, schema)
        return False
    wanted = [*schema.ancestors(), *schema.folders()]
    there = store.read(wanted)
    operations: list[Operation] = [Create(path) for path, znode in zip(wanted, there, strict=True) if znode is None]
    operations.append(Create(schema.settings, encode(replace(settings or Settings(), version=NEW))))
    operations.append(Create(schema.maintenance, b"{}"))
    operations.append(Create(schema.version, encode(SchemaVersion(schema=SCHEMA_VERSION))))
    operations.append(session._journal_entry(Change(writes=(), what="cluster created")))
    try:
        store.commit(operations)
    except Conflict:
        check_schema(store, schema)
        return False
    return True
