"""A canned cluster written into a ZooKeeper in memory, and the console's feed from it."""

from __future__ import annotations

import time
from collections.abc import Callable

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.state.memory import MemoryStore, MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session, create_tree
from pvctui.bridge import LiveFeed, Opened

WAIT_LIMIT_S = 10.0


class StoredCluster:
    """A cluster that another client changes as it likes."""

    def __init__(self, cluster: Cluster | None = None, *, who: str = "bert@ops2") -> None:
        self.tree = MemoryTree(time.monotonic)
        self.schema = Schema()
        self.other: MemoryStore = self.tree.connect()
        self.session = Session(self.other, self.schema, who=who, wall_clock=time.time)
        self.console: MemoryStore = self.tree.connect()
        if cluster is not None:
            create_tree(self.session, cluster.settings)
            self._write(cluster)

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
        return LiveFeed(lambda: Opened(store=self.console, schema=self.schema, where="h1:2181/pvc"))


def wait_until(true: Callable[[], bool], limit_s: float = WAIT_LIMIT_S) -> None:
    """Poll, within a bound."""
    ends_at_s = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < ends_at_s, "it did not become true in time"
        time.sleep(0.01)
