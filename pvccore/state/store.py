"""The store: what the cluster remembers, as one protocol over paths and bytes.

Two implementations obey one contract suite: `memory.MemoryStore` and `zookeeper.ZooKeeperStore`. Nothing here knows
what a path means; that is `schema`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from pvccore.model.struct import Struct


class Znode(NamedTuple):
    """One stored node as read: its bytes and the facts of ZooKeeper's Stat that we use.

    owner: session id of an ephemeral node's creator, 0 for a persistent one.
    """

    data: bytes
    version: int
    czxid: int
    mzxid: int
    owner: int = 0


class Create(Struct, frozen=True):
    """Create a node; `sequential` appends ZooKeeper's ten digits; `ephemeral` binds it to this session."""

    path: str
    data: bytes = b""
    ephemeral: bool = False
    sequential: bool = False


class Put(Struct, frozen=True):
    """Replace a node's bytes if it is still at `version` (-1: whatever it is at)."""

    path: str
    data: bytes
    version: int


class Delete(Struct, frozen=True):
    """Delete a node without children if it is still at `version` (-1: whatever it is at)."""

    path: str
    version: int = -1


class CheckVersion(Struct, frozen=True):
    """Demand that a node exists and, unless `version` is -1, is at it."""

    path: str
    version: int = -1


Operation = Create | Put | Delete | CheckVersion


class Connection(StrEnum):
    """How this client stands to the store."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    LOST = "lost"
    REFUSED = "refused"
    CLOSED = "closed"


class Store(Protocol):
    """A client's session with the store. Every call may raise `Unavailable`; all are safe from any thread.

    Writes of one multi are atomic and ordered; reads may be stale, a successful commit never is.
    """

    @property
    def connection(self) -> Connection:
        """How the connection stands now."""

    @property
    def session_id(self) -> int:
        """ZooKeeper's session id, 0 without one."""

    @property
    def last_heard_s(self) -> float:
        """Monotonic clock reading when the store last answered this session (DESIGN §6, claim)."""

    def read(self, paths: Sequence[str]) -> list[Znode | None]:
        """The nodes at `paths`, in order; None for one that does not exist."""

    def read_each(self, paths: Sequence[str]) -> Iterator[Znode | None]:
        """As `read`, each as it arrives: what fails may do so after the first ones."""

    def children(self, paths: Sequence[str]) -> list[list[str] | None]:
        """The names of the children of each path, sorted; None for a path that does not exist."""

    def commit(self, operations: Sequence[Operation]) -> list[str]:
        """Carry out all operations or none; the created path of each Create, else the operation's path.

        Raises `Conflict` naming the path of the first operation that failed, and `Unavailable` (in_doubt when the
        connection broke after sending: the multi may have been carried out).
        """

    def watch(self, path: str, on_change: Callable[[str], None], *, recursive: bool) -> None:
        """Call `on_change(path)` on every creation, change or deletion at (recursive: and below) `path`.

        Callbacks run on the store's own thread and must only take notes. After a loss of connection events may have
        been missed: `on_connection` tells, and the caller re-reads; the watch itself is set again by the store.
        """

    def on_connection(self, listener: Callable[[Connection], None]) -> None:
        """Call `listener` at every change of `connection`, after watches were set again."""

    def close(self) -> None:
        """End the session in good order: ephemeral nodes go at once."""
