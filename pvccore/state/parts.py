"""The records of a snapshot before they are put together, and what of it was touched since the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from pvccore.model.bmc import BmcTest
from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.fence import Fence
from pvccore.model.forecast import Forecast
from pvccore.model.journal import JournalEntry
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import Alive, Node, NodeConfig, Presence, Readiness, Report
from pvccore.model.record import UNREADABLE, Record
from pvccore.model.settings import Settings
from pvccore.model.storage import pool_of_key
from pvccore.model.struct import Struct, replace
from pvccore.model.task import Task
from pvccore.model.vm import Definition, Placement, Vm
from pvccore.state.codec import Undecodable, clean, decode, stand_in
from pvccore.state.schema import NODE_KINDS, RECORD_TYPES, STORAGE_KINDS, VM_KINDS, Place, Schema, is_node_name, is_uuid
from pvccore.state.storage_parts import renewed_storage
from pvccore.state.store import Store

_NO_CONFIG, _NO_PRESENCE, _NO_READINESS = NodeConfig(), Presence(), Readiness()
_NO_REPORT, _NO_FENCE, _NO_BMC = Report(), Fence(), BmcTest()
_NO_DEFINITION, _NO_PLACEMENT, _NO_FORECAST = Definition(), Placement(), Forecast()
_NO_SETTINGS, _NO_MAINTENANCE = Settings(), Maintenance()
_NO_DELTA = Delta()
_MAKES_A_NODE = (Kind.NODE_CONFIG, Kind.PRESENCE, Kind.READINESS)
_MAKES_A_VM = (Kind.DEFINITION, Kind.PLACEMENT)
_SINGLE = (Kind.SETTINGS, Kind.MAINTENANCE, Kind.STARTED, Kind.FORECAST, *STORAGE_KINDS)
_KEPT = (*_MAKES_A_NODE, Kind.REPORT, Kind.FENCE, Kind.BMC, *_MAKES_A_VM, *_SINGLE, Kind.VOLUMES, Kind.TASK)

R = TypeVar("R", bound=Record)


class _Problem(Struct, frozen=True):
    words: str
    reason: str
    zxid: int


class Parts:
    """Every decoded record by kind and key; `publish` puts together what was touched."""

    def __init__(self) -> None:
        self.alive: dict[str, Alive] = {}
        self.leases: tuple[str, ...] = ()
        self.holder = ""
        self.journal: tuple[JournalEntry, ...] = ()
        self.journal_keys: frozenset[str] = frozenset()
        self.newest_zxid = 0
        self._records: dict[Kind, dict[str, Record]] = {kind: {} for kind in _KEPT}
        self._problems: dict[tuple[Kind, str], _Problem] = {}
        self._nodes: set[str] = set()
        self._vms: set[str] = set()
        self._pools: set[str] = set()
        self._tasks: set[str] = set()
        self._touched: set[Kind] = set()
        self._new_entries: tuple[JournalEntry, ...] = ()
        self._problems_changed = False

    def zxid(self, kind: Kind, key: str) -> int:
        """The write that a record is known by; -1 for none."""
        record = self._records[kind].get(key)
        if record is None:
            return -1
        problem = self._problems.get((kind, key)) if self._problems else None
        return record.zxid if problem is None else problem.zxid

    def put(self, kind: Kind, key: str, record: Record) -> None:
        """A record as it is now."""
        self._records[kind][key] = record
        self._touch(kind, key)
        self._settle(kind, key)
        self.newest_zxid = max(self.newest_zxid, record.zxid)

    def put_undecodable(self, kind: Kind, key: str, words: str, reason: str, zxid: int) -> None:
        """A record that can't be read: its cautious stand-in is shown, and why. Settings last as they were."""
        known = self._records[kind].get(key)
        keeps = kind is Kind.SETTINGS and known is not None
        stand = replace(known, version=UNREADABLE) if keeps and known else stand_in(RECORD_TYPES[kind], reason)
        self._records[kind][key] = stand
        self._touch(kind, key)
        self._blame(kind, key, _Problem(clean(words), reason, zxid))

    def remove(self, kind: Kind, key: str) -> None:
        """A record is gone."""
        if self._records[kind].pop(key, None) is not None:
            self._touch(kind, key)
            self._settle(kind, key)

    def keep_only(self, kind: Kind, keys: Iterable[str]) -> None:
        """Of a kind, forget all others."""
        for key in self._records[kind].keys() - set(keys):
            self.remove(kind, key)

    def put_alive(self, node: str, token: str, zxid: int) -> None:
        """The token of a node's living daemon, "" for none."""
        alive = Alive(token=token, zxid=zxid) if token else None
        if alive == self.alive.get(node):
            return
        if alive is None:
            del self.alive[node]
        else:
            self.alive[node] = alive
        self._nodes.add(node)

    def put_leases(self, leases: tuple[str, ...], holder: str) -> None:
        """The line for the manager lease."""
        if (leases, holder) != (self.leases, self.holder):
            self.leases, self.holder = leases, holder
            self._touched.add(Kind.LEASE)

    def put_journal(self, entries: list[JournalEntry], shown: int) -> None:
        """Newly seen entries, oldest first."""
        if not entries:
            return
        merged = self.journal + tuple(entries)
        if self.journal and entries[0].key < self.journal[-1].key:
            merged = tuple(sorted(merged, key=lambda entry: entry.key))
        self.journal = merged[-shown:]
        self.journal_keys = frozenset(entry.key for entry in self.journal)
        self._new_entries += tuple(entries)

    def publish(self, last: Cluster, *, full: bool) -> tuple[Cluster, Delta]:
        """The next snapshot, which shares with the last one what was not touched, and the difference."""
        touched = self._nodes or self._vms or self._touched or self._pools or self._tasks
        if not (full or touched or self._new_entries):
            return last, _NO_DELTA
        cluster = self._put_together(last)
        delta = Delta(
            full=full,
            nodes=frozenset(self._nodes),
            vms=frozenset(self._vms),
            settings=Kind.SETTINGS in self._touched,
            maintenance=Kind.MAINTENANCE in self._touched,
            leases=bool(self._touched & {Kind.LEASE, Kind.STARTED}),
            journal=self._new_entries,
            storage=not self._touched.isdisjoint(STORAGE_KINDS),
            volumes=frozenset(self._pools),
            tasks=frozenset(self._tasks),
            forecast=Kind.FORECAST in self._touched,
            problems=self._problems_changed,
        )
        self._nodes, self._vms, self._touched, self._pools, self._tasks = set(), set(), set(), set(), set()
        self._new_entries, self._problems_changed = (), False
        return cluster, delta

    def _put_together(self, last: Cluster) -> Cluster:
        vms = _renewed(last.vms, self._vms, self._vm)
        nodes = _renewed(last.nodes, self._nodes, self._node)
        return Cluster(
            settings=self._only(Kind.SETTINGS, _NO_SETTINGS),
            maintenance=self._only(Kind.MAINTENANCE, _NO_MAINTENANCE),
            leases=self.leases,
            manager=self.holder,
            started="" in self._records[Kind.STARTED],
            nodes=nodes,
            vms=vms,
            names=self._names(last, vms),
            journal=self.journal,
            storage=renewed_storage(last.storage, self._records, self._touched, self._pools),
            tasks=_renewed(last.tasks, self._tasks, self._task),
            forecast=self._only(Kind.FORECAST, _NO_FORECAST),
            problems=self._told_problems() if self._problems_changed else last.problems,
        )

    def _blame(self, kind: Kind, key: str, problem: _Problem) -> None:
        self._problems[kind, key] = problem
        self._problems_changed = True

    def _settle(self, kind: Kind, key: str) -> None:
        if self._problems and (kind, key) in self._problems:
            del self._problems[kind, key]
            self._problems_changed = True

    def _touch(self, kind: Kind, key: str) -> None:
        if kind in VM_KINDS:
            self._vms.add(key)
        elif kind in NODE_KINDS:
            self._nodes.add(key)
        elif kind is Kind.VOLUMES:
            self._pools.add(pool_of_key(key))
        elif kind is Kind.TASK:
            self._tasks.add(key)
        else:
            self._touched.add(kind)

    def _only(self, kind: Kind, default: R) -> R:
        return cast("R", self._records[kind].get("", default))

    def _node(self, name: str) -> Node | None:
        records = self._records
        kind = next((kind for kind in _MAKES_A_NODE if name in records[kind]), None)
        if kind is None:
            return None
        if not is_node_name(name):
            self._blame(kind, name, _Problem(f"node {clean(name)}", "is no name of a node", -1))
            return None
        return Node(
            name=name,
            config=cast("NodeConfig", records[Kind.NODE_CONFIG].get(name, _NO_CONFIG)),
            presence=cast("Presence", records[Kind.PRESENCE].get(name, _NO_PRESENCE)),
            alive=self.alive.get(name),
            readiness=cast("Readiness", records[Kind.READINESS].get(name, _NO_READINESS)),
            report=cast("Report", records[Kind.REPORT].get(name, _NO_REPORT)),
            fence=cast("Fence", records[Kind.FENCE].get(name, _NO_FENCE)),
            bmc=cast("BmcTest", records[Kind.BMC].get(name, _NO_BMC)),
        )

    def _vm(self, uuid: str) -> Vm | None:
        definition = self._records[Kind.DEFINITION].get(uuid)
        placement = self._records[Kind.PLACEMENT].get(uuid)
        if definition is None and placement is None:
            return None
        if not is_uuid(uuid):
            kind = Kind.DEFINITION if definition else Kind.PLACEMENT
            self._blame(kind, uuid, _Problem(f"vm {clean(uuid)}", "is no uuid", -1))
            return None
        return Vm(
            uuid=uuid,
            definition=cast("Definition", definition or _NO_DEFINITION),
            placement=cast("Placement", placement or _NO_PLACEMENT),
        )

    def _task(self, key: str) -> Task | None:
        task = cast("Task | None", self._records[Kind.TASK].get(key))
        return task if task is None or task.key == key else replace(task, key=key)

    def _names(self, last: Cluster, vms: Mapping[str, Vm]) -> Mapping[str, str]:
        """Name → uuid; the last mapping itself while no name changed."""
        old, gone, new = last.vms, set(), {}
        for uuid in self._vms:
            was, becomes = old.get(uuid), vms.get(uuid)
            before, after = was.name if was else "", becomes.name if becomes else ""
            if before != after:
                gone.add(before)
                new[after] = uuid
        if not gone and not new:
            return last.names
        names = {name: uuid for name, uuid in last.names.items() if name not in gone} | new
        names.pop("", None)
        return names

    def _told_problems(self) -> dict[str, str]:
        return {problem.words: problem.reason for problem in self._problems.values()}


def take_in(parts: Parts, schema: Schema, store: Store, places: Sequence[Place]) -> None:
    """Read the documents of these places and decode those whose last write is not the known one."""
    path_of = schema.stored_path
    paths = [path_of(kind, key) for kind, key in places]
    for (kind, key), path, znode in zip(places, paths, store.read_each(paths), strict=True):
        if znode is None:
            parts.remove(kind, key)
        elif parts.zxid(kind, key) != znode.mzxid:
            found = decode(RECORD_TYPES[kind], path, znode)
            if isinstance(found, Undecodable):
                parts.put_undecodable(kind, key, schema.words(path), found.reason, znode.mzxid)
            else:
                parts.put(kind, key, found)


def _renewed(last: Mapping[str, Any], touched: set[str], make: Callable[[str], Any]) -> Mapping[str, Any]:
    """The last mapping with the touched keys made anew, or itself when there are none."""
    if not touched:
        return last
    renewed = dict(last)
    for key in touched:
        made = make(key)
        if made is None:
            renewed.pop(key, None)
        else:
            renewed[key] = made
    return renewed
