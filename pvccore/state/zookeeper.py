"""The store in a real ZooKeeper: kazoo with our two calls, and its many ways to fail as two errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from threading import Condition
from typing import Any

from kazoo import exceptions as kazoo_errors
from kazoo.exceptions import EXCEPTIONS, KazooException, NoAuthError, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol import serialization as wire
from kazoo.protocol.states import KazooState, KeeperState
from kazoo.security import OPEN_ACL_UNSAFE, make_digest_acl

from pvccore.model.errors import Conflict, Refused, Unavailable
from pvccore.model.struct import Struct
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.multiread import (
    GET_CHILDREN,
    GET_DATA,
    PERSISTENT,
    PERSISTENT_RECURSIVE,
    AddWatch,
    MultiRead,
    ReadError,
    WatchClient,
)
from pvccore.state.schema import is_below
from pvccore.state.store import Connection, Create, Delete, Operation, Put, Znode

READ_BATCH = 500
ANSWER_LIMIT_S = 10.0
"""How long a call waits for an answer; a dead connection is noticed, and its calls failed, long before."""
CONNECT_LIMIT_S = 10.0
REFUSED_LIMIT_S = 1.0
"""How long a first connection is tried for where every address refuses it: a server that starts is given that."""
RECONNECT = {"max_tries": -1, "delay": 0.2, "backoff": 1, "max_delay": 0.5}
"""kazoo's default back-off loses the sessions of healthy clients."""

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # a program that configures no logging is a console: nothing may print into it
_REASONS: dict[type[Exception], str] = {
    kazoo_errors.NoNodeError: "does not exist",
    kazoo_errors.NodeExistsError: "exists already",
    kazoo_errors.BadVersionError: "was changed meanwhile",
    kazoo_errors.NotEmptyError: "is not empty",
    kazoo_errors.NoChildrenForEphemeralsError: "can't be created under an ephemeral node",
}
_NOT_THE_CAUSE = (kazoo_errors.RolledBackError, kazoo_errors.RuntimeInconsistency)


class _Watch(Struct, frozen=True):
    path: str
    on_change: Callable[[str], None]
    recursive: bool


class ZooKeeperStore:
    """One client's session with a real ZooKeeper. `connect()` before anything else, `close()` at the end.

    clock: monotonic seconds; the one that the caller compares `last_heard_s` with.
    """

    def __init__(self, address: ZooKeeperAddress, *, clock: Callable[[], float], session_s: float = 4.0) -> None:
        self.address = address
        self._changed = Condition()
        self._connection = Connection.CLOSED
        self._generation = 0
        self._watches: list[_Watch] = []
        self._listeners: list[Callable[[Connection], None]] = []
        self._acl: list[Any] | None = None
        self._client = WatchClient(
            address.hosts,
            session_s=session_s,
            clock=clock,
            on_event=self._on_event,
            connection_retry=RECONNECT,
            logger=_log,
            **address.client_options(),
        )
        self._client.add_listener(self._on_state)

    def connect(self, limit_s: float = CONNECT_LIMIT_S) -> None:
        """Connect, or wait on for a connection; raises `Unavailable` when there is none within `limit_s`.

        Who never had one is told sooner where every address refuses it. It goes on trying after that, until `close()`.
        Raises `Refused` when ZooKeeper does not accept who we are, and `Invalid` for a file of TLS that can't be read.
        """
        if self.address.tls is not None:
            self.address.tls.check_files()
        if self._client.stops:
            self._connection = Connection.RECONNECTING
            self._client.start_async()
        self._await_connection(min(limit_s, REFUSED_LIMIT_S))
        if self.last_heard_s or not self._client.refusal:
            self._await_connection(limit_s - REFUSED_LIMIT_S)
        if self._connection is Connection.REFUSED:
            raise Refused(f"ZooKeeper at {self.address.where} refused the credentials")
        if self._connection is not Connection.CONNECTED:
            reason = f": {self._client.refusal}" if self._client.refusal else ""
            raise Unavailable(f"no ZooKeeper answers at {self.address.where}{reason}")

    @property
    def connection(self) -> Connection:
        """See `Store.connection`."""
        return self._connection

    @property
    def session_id(self) -> int:
        """See `Store.session_id`."""
        return self._client.session_id

    @property
    def last_heard_s(self) -> float:
        """When the newest answered request (a ping is one) was sent: the session was alive then for sure."""
        return self._client.heard_s

    def read(self, paths: Sequence[str]) -> list[Znode | None]:
        """See `Store.read`."""
        return list(self.read_each(paths))

    def read_each(self, paths: Sequence[str]) -> Iterator[Znode | None]:
        """See `Store.read_each`."""
        return chain.from_iterable(self._read(GET_DATA, paths))

    def children(self, paths: Sequence[str]) -> list[list[str] | None]:
        """See `Store.children`."""
        answers = chain.from_iterable(self._read(GET_CHILDREN, paths))
        return [names if names is None else sorted(names) for names in answers]

    def commit(self, operations: Sequence[Operation]) -> list[str]:
        """See `Store.commit`."""
        if not operations:
            return []
        self._check_connected()
        acl = self._tree_acl() if any(isinstance(one, Create) for one in operations) else []
        request = wire.Transaction([_request(one, acl) for one in operations])
        results = self._answer(self._client.call_async(request), in_doubt=True)
        self._check_results(operations, results)
        return [
            result if isinstance(one, Create) else one.path for one, result in zip(operations, results, strict=True)
        ]

    def watch(self, path: str, on_change: Callable[[str], None], *, recursive: bool) -> None:
        """See `Store.watch`."""
        self._check_connected()
        watch = _Watch(path, on_change, recursive)
        self._watches.append(watch)
        try:
            self._answer(self._client.call_async(AddWatch(path, self._mode(path))))
        except (Unavailable, Refused):
            self._watches.remove(watch)
            raise

    def on_connection(self, listener: Callable[[Connection], None]) -> None:
        """See `Store.on_connection`; listeners run on kazoo's threads and must only take notes."""
        self._listeners.append(listener)

    def close(self) -> None:
        """See `Store.close`."""
        self._client.stop()
        self._client.close()
        self._become(Connection.CLOSED, self._generation)

    def _await_connection(self, limit_s: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._connection in (Connection.CONNECTED, Connection.REFUSED), timeout=limit_s
            )

    # Requests and answers

    def _read(self, entry_type: int, paths: Sequence[str]) -> Iterator[list[Any]]:
        """All is asked for at once; the server goes on answering while the caller works at the batch that has come."""
        self._check_connected()
        batches = [paths[start : start + READ_BATCH] for start in range(0, len(paths), READ_BATCH)]
        waiting = [(batch, self._client.call_async(MultiRead(entry_type, batch))) for batch in batches]
        for batch, result in waiting:
            answers = self._answer(result)
            for path, answer in zip(batch, answers, strict=True):
                if isinstance(answer, ReadError):
                    _check_read(path, answer, self._forbidden)
            yield [None if isinstance(answer, ReadError) else answer for answer in answers]

    def _answer(self, result: Any, *, in_doubt: bool = False) -> Any:  # noqa: ANN401 - kazoo has no types
        try:
            return result.get(timeout=ANSWER_LIMIT_S)
        except (NoAuthError, kazoo_errors.AuthFailedError):
            raise Refused(f"ZooKeeper at {self.address.where} does not allow it") from None
        except (KazooException, KazooTimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"ZooKeeper at {self.address.where}: {reason}", in_doubt=in_doubt) from error

    def _forbidden(self, verb: str, path: str) -> Refused:
        if not self.address.user:
            return Refused(f"ZooKeeper does not allow anybody without a password (auth) to {verb} {path}")
        hint = "; is the password right?" if verb == "read" else ""
        return Refused(f"ZooKeeper does not allow {self.address.user} to {verb} {path}{hint}")

    def _check_connected(self) -> None:
        if self._connection is not Connection.CONNECTED:
            raise Unavailable(f"no connection to ZooKeeper at {self.address.where} ({self._connection})")

    def _tree_acl(self) -> list[Any]:
        """Who may do what with everything in the cluster's tree: as its maker said, whose word is on its first node.

        So no other program needs to know the viewers. Without a tree it is ours to say.
        """
        if not self.address.auth:
            return list(OPEN_ACL_UNSAFE)
        if self._acl is None:
            try:
                found, _ = self._answer(self._client.get_acls_async(self.address.schema.version))
            except Unavailable as unavailable:
                if not isinstance(unavailable.__cause__, NoNodeError):
                    raise
                return _acl_of(self.address)
            by_password = [one for one in found if one.id.scheme == "digest"]
            self._acl = by_password or _acl_of(self.address)
        return self._acl

    def _check_results(self, operations: Sequence[Operation], results: Sequence[object]) -> None:
        """Raise for the one operation that failed; kazoo returns errors as results."""
        for operation, result in zip(operations, results, strict=True):
            if not isinstance(result, Exception) or isinstance(result, _NOT_THE_CAUSE):
                continue
            if isinstance(result, NoAuthError):
                raise self._forbidden("write", operation.path)
            reason = _REASONS.get(type(result))
            if reason is None:
                raise Unavailable(f"ZooKeeper at {self.address.where}: {type(result).__name__}")
            if isinstance(operation, Create) and isinstance(result, NoNodeError):
                reason = "has no parent"
            raise Conflict(operation.path, reason)

    # What kazoo's threads call

    def _on_event(self, path: str) -> None:
        for watch in tuple(self._watches):
            if path == watch.path or (watch.recursive and is_below(path, watch.path)):
                watch.on_change(path)

    def _on_state(self, state: str) -> None:
        """The connection thread of kazoo says how things stand; nothing here may wait for an answer."""
        with self._changed:
            self._generation += 1
            generation = self._generation
        if state == KazooState.CONNECTED:
            self._set_watches_again(generation)
        elif state == KazooState.SUSPENDED:
            self._become(Connection.RECONNECTING, generation)
        elif self._client.client_state == KeeperState.AUTH_FAILED:
            self._become(Connection.REFUSED, generation)
        else:
            self._become(Connection.CLOSED if self._client.stops else Connection.LOST, generation)

    def _set_watches_again(self, generation: int) -> None:
        """All watches died with the connection; we count as connected once the last is set again."""
        modes = {watch.path: self._mode(watch.path) for watch in tuple(self._watches)}
        results = [self._client.call_async(AddWatch(path, mode)) for path, mode in modes.items()]
        if not results:
            self._become(Connection.CONNECTED, generation)
            return
        # Answers come in the order of the requests, so the last one speaks for all.
        results[-1].rawlink(lambda last: self._watches_are_set(generation, last))

    def _watches_are_set(self, generation: int, last: Any) -> None:  # noqa: ANN401 - kazoo has no types
        if last.successful():
            self._become(Connection.CONNECTED, generation)
        elif isinstance(last.exception, (NoAuthError, kazoo_errors.AuthFailedError)):
            self._become(Connection.REFUSED, generation)

    def _mode(self, path: str) -> int:
        """ZooKeeper keeps one mode per path and client."""
        recursive = any(watch.recursive for watch in tuple(self._watches) if watch.path == path)
        return PERSISTENT_RECURSIVE if recursive else PERSISTENT

    def _become(self, connection: Connection, generation: int) -> None:
        """Take note of a state unless kazoo has reported a later one."""
        with self._changed:
            if self._connection is connection or generation != self._generation:
                return
            self._connection = connection
            self._changed.notify_all()
        for listener in tuple(self._listeners):
            listener(connection)


def _acl_of(address: ZooKeeperAddress) -> list[Any]:
    """Operators do everything, viewers read.

    By their passwords alone: "whoever created it" would also be every holder of the creator's TLS certificate.
    """
    user, _, password = address.viewers.partition(":")
    viewers = [make_digest_acl(user, password, read=True)] if user and password else []
    user, _, password = address.auth.partition(":")
    return [make_digest_acl(user, password, all=True), *viewers]


def _request(operation: Operation, acl: list[Any]) -> Any:  # noqa: ANN401 - kazoo has no types
    if isinstance(operation, Create):
        flags = int(operation.ephemeral) | int(operation.sequential) << 1
        return wire.Create(operation.path, operation.data, acl, flags)
    if isinstance(operation, Put):
        return wire.SetData(operation.path, operation.data, operation.version)
    if isinstance(operation, Delete):
        return wire.Delete(operation.path, operation.version)
    return wire.CheckVersion(operation.path, operation.version)


def _check_read(path: str, answer: ReadError, forbidden: Callable[[str, str], Refused]) -> None:
    """A missing node is an answer; anything else is not."""
    error = EXCEPTIONS[answer.code]
    if error is NoNodeError:
        return
    if error is NoAuthError:
        raise forbidden("read", path)
    raise Unavailable(f"ZooKeeper could not read {path}: {error.__name__}")
