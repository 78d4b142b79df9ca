"""A canned cluster written into a ZooKeeper, in memory or a real one, and the console's feed from it."""

from __future__ import annotations

import time
from collections.abc import Callable

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.log import LogPart
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.model.vm import VmState, Xml
from pvccore.operations.reading import load_cluster
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session, create_tree
from pvccore.state.store import Store
from pvctui.bridge import LiveFeed, Opened

WAIT_LIMIT_S = 10.0


class StoredCluster:
    """A cluster that another client changes as it likes.

    open_store: how the console connects; without it, to a ZooKeeper in memory.
    """

    def __init__(
        self,
        cluster: Cluster | None = None,
        *,
        other: Store | None = None,
        open_store: Callable[[], Opened] | None = None,
        schema: Schema | None = None,
    ) -> None:
        self.tree = MemoryTree(time.monotonic)
        self.schema = schema or Schema()
        self.other = other or self.tree.connect()
        self.session = Session(self.other, self.schema, who="bert@ops2", wall_clock=time.time)
        self._open_store = open_store or self._open_memory
        if cluster is not None:
            create_tree(self.session, cluster.settings)
            self._write(cluster)

    def _open_memory(self) -> Opened:
        return Opened(store=self.tree.connect(), schema=self.schema, where="h1:2181/pvc")

    def now(self) -> Cluster:
        """What is stored, read by the other client."""
        return load_cluster(self.other, self.schema)

    def describe(self, uuid: str, words: str) -> None:
        """The other client changes a VM's description."""
        before = self.now().vms[uuid].definition
        write = Write(kind=Kind.DEFINITION, key=uuid, before=before, after=replace(before, description=words))
        self.session.commit(Change(writes=(write,), what="described", vm=before.name))

    def keep_xml(self, uuid: str, text: str) -> None:
        """The VM was defined from this XML."""
        write = Write(kind=Kind.XML, key=uuid, before=None, after=Xml(text=text))
        self.session.commit(Change(writes=(write,), quiet=True))

    def open_tasks(self) -> list[Task]:
        """What waits for a daemon."""
        return [task for task in self.now().tasks.values() if not task.has_ended]

    def answer(self, part: LogPart) -> Task:
        """The daemon of the node tells a part of a log; the task that asked for it."""
        (task,) = self.open_tasks()
        head, *lines = part.result.split("\n")
        after = replace(task, state=TaskState.DONE, result=head, lines=tuple(lines))
        write = Write(kind=Kind.TASK, key=task.key, before=task, after=after)
        self.session.commit(Change(writes=(write,), quiet=True))
        return task

    def run(self, uuid: str, state: VmState) -> None:
        """The other client writes a VM's state, as its agent would."""
        before = self.now().vms[uuid].placement
        write = Write(kind=Kind.PLACEMENT, key=uuid, before=before, after=replace(before, state=state))
        self.session.commit(Change(writes=(write,), quiet=True))

    def _write(self, cluster: Cluster) -> None:
        for name, node in cluster.nodes.items():
            records = (
                (Kind.NODE_CONFIG, node.config),
                (Kind.READINESS, node.readiness),
                (Kind.REPORT, node.report),
                (Kind.FENCE, node.fence),
            )
            writes = tuple(Write(kind=kind, key=name, before=None, after=record) for kind, record in records)
            self.session.commit(Change(writes=writes, quiet=True))
            if node.is_alive:
                self.session.announce(name, None, node.presence)
        for uuid, vm in cluster.vms.items():
            writes = (
                Write(kind=Kind.DEFINITION, key=uuid, before=None, after=vm.definition),
                Write(kind=Kind.PLACEMENT, key=uuid, before=None, after=vm.placement),
            )
            self.session.commit(Change(writes=writes, quiet=True))

    def feed(self) -> LiveFeed:
        """The console's live snapshot of it."""
        return LiveFeed(self._open_store)


def wait_until(true: Callable[[], bool], limit_s: float = WAIT_LIMIT_S) -> None:
    """Poll, within a bound."""
    ends_at_s = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < ends_at_s, "it did not become true in time"
        time.sleep(0.01)
