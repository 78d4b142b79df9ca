"""The two stores as a test sees them: one server, and any number of clients of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lab.waiting import wait_until
from lab.zookeeper import ZooKeeperServer
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.memory import MemoryTree
from pvccore.state.store import Connection, Store
from pvccore.state.zookeeper import ZooKeeperStore

EVENT_LIMIT_S = 10.0


class World(Protocol):
    """A server with clients; `root` is a folder of this test's own."""

    root: str

    def connect(self) -> Store: ...

    def go_down(self) -> None: ...

    def come_up(self) -> None: ...

    def eventually(self, question: Callable[[], object]) -> None: ...

    def close(self) -> None: ...


@dataclass
class Clock:
    """A clock that the test moves."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class MemoryWorld:
    clock: Clock = field(default_factory=Clock)
    root: str = "/test"

    def __post_init__(self) -> None:
        self.tree = MemoryTree(self.clock)

    def connect(self) -> Store:
        return self.tree.connect()

    def go_down(self) -> None:
        self.tree.go_down()

    def come_up(self) -> None:
        self.tree.come_up()

    def eventually(self, question: Callable[[], object]) -> None:
        assert question()

    def close(self) -> None:
        pass


class ZooKeeperWorld:
    _numbers = itertools.count()

    def __init__(self, server: ZooKeeperServer) -> None:
        self.server = server
        self.root = f"/test{next(self._numbers)}"
        self._stores: list[ZooKeeperStore] = []

    def connect(self) -> Store:
        store = ZooKeeperStore(ZooKeeperAddress.parse(self.server.hosts), clock=time.monotonic, session_s=4.0)
        self._stores.append(store)
        store.connect()
        return store

    def go_down(self) -> None:
        self.server.kill()
        self.eventually(lambda: all(store.connection is not Connection.CONNECTED for store in self._stores))

    def come_up(self) -> None:
        self.server.start()
        self.eventually(lambda: all(store.connection is Connection.CONNECTED for store in self._stores))

    def eventually(self, question: Callable[[], object]) -> None:
        wait_until(question, within_s=EVENT_LIMIT_S, what="what the test expects", poll_s=0.005)

    def close(self) -> None:
        for store in self._stores:
            store.close()


def start_server(directory: Path) -> ZooKeeperServer:
    """A real server on loopback."""
    server = ZooKeeperServer(directory)
    server.start()
    return server
