"""What kazoo lacks of ZooKeeper ≥ 3.6: many reads in one request, persistent watches, and when we were last heard.

The only file that touches kazoo's private names. kazoo is pinned to one minor series, and
`tests/state/test_multiread.py` fails when a name we rely on is gone or has another shape. Wire formats: ZooKeeper's
`zookeeper.jute` (MultiHeader, GetDataRequest, GetChildrenRequest, AddWatchRequest) and `ZooDefs.OpCode`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from select import POLLIN, POLLOUT, poll
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionDropped
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.connection import PING_XID, ConnectionHandler
from kazoo.protocol.serialization import Watch, read_string, write_string
from kazoo.protocol.states import Callback

from pvccore.model.struct import Struct
from pvccore.state.store import Znode

GET_DATA = 4
GET_CHILDREN = 8
MULTI_READ = 22
ADD_WATCH = 106
FAILED = -1

PERSISTENT = 0
PERSISTENT_RECURSIVE = 1
HEARD_EVENTS = frozenset({1, 2, 3})
"""Created, deleted, changed; 4 (children changed) says nothing that these don't."""

SILENCE_SHARE = 0.5
"""Of the session's time-out: after it without an answer a server is given up and the next one tried.

kazoo's own 2/3, and a time limit for connecting as long as the session, leave a client no time to reach another
server when one loses its power: its session, and so its node, would be lost with that server.
"""
CONNECT_SHARE = 0.125
TLS_CONNECT_SHARE = 0.25

_header = struct.Struct("!iBi")
_int = struct.Struct("!i")
_end = _header.pack(-1, 1, -1)
_used_of_stat = struct.Struct("!qq16xi8xq16x")
"""Of a Stat: czxid, mzxid, version, ephemeralOwner."""


class ReadError(Struct, frozen=True):
    """The error code of one entry of a MultiRead."""

    code: int


ReadAnswer = Znode | list[str] | ReadError


class MultiRead:
    """Reads of many nodes in one request; an entry that fails does not fail the others."""

    type = MULTI_READ

    def __init__(self, entry_type: int, paths: Sequence[str]) -> None:
        self.entry_type = entry_type
        self.paths = paths

    def serialize(self) -> bytes:
        """The request without its header."""
        header = _header.pack(self.entry_type, 0, -1)
        parts: list[bytes] = []
        for path in self.paths:
            encoded = path.encode()
            parts += (header, _int.pack(len(encoded)), encoded, b"\0")
        parts.append(_end)
        return b"".join(parts)

    @classmethod
    def deserialize(cls, buffer: bytes, offset: int) -> list[ReadAnswer]:
        """One answer per path, in order."""
        answers: list[ReadAnswer] = []
        while True:
            entry_type, done, _ = _header.unpack_from(buffer, offset)
            offset += 9
            if done:
                return answers
            if entry_type == GET_DATA:
                length = _int.unpack_from(buffer, offset)[0]
                start = offset + 4
                offset = start + max(length, 0)
                created, written, version, owner = _used_of_stat.unpack_from(buffer, offset)
                answers.append(Znode(buffer[start:offset], version, created, written, owner))
                offset += 68
            elif entry_type == GET_CHILDREN:
                names, offset = _read_names(buffer, offset)
                answers.append(names)
            else:
                answers.append(ReadError(_int.unpack_from(buffer, offset)[0]))
                offset += 4


class AddWatch:
    """A watch that stays: on one node, or on it and all below; it dies with the connection."""

    type = ADD_WATCH

    def __init__(self, path: str, mode: int) -> None:
        self.path = path
        self.mode = mode

    def serialize(self) -> bytes:
        """The request without its header."""
        return bytes(write_string(self.path) + _int.pack(self.mode))

    @classmethod
    def deserialize(cls, _buffer: bytes, _offset: int) -> bool:
        """Nothing is answered but that it is set."""
        return True


class _Handler(SequentialThreadingHandler):
    """kazoo's threads, with a time limit for connecting that leaves time for another server, and a cheap `select`.

    kazoo's own makes, fills and closes an epoll object at every call, and calls it several times per message: most of
    what a thousand events a second cost.
    """

    def __init__(self, connect_limit_s: float) -> None:
        super().__init__()
        self._connect_limit_s = connect_limit_s
        self.refusals: dict[object, str] = {}
        """Of every address tried: why it takes no connection, as it says itself; "" unless it does."""

    def create_connection(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - kazoo's own
        kwargs["timeout"] = min(kwargs.get("timeout") or self._connect_limit_s, self._connect_limit_s)
        address = kwargs["address"]
        self.refusals.setdefault(address, "")
        try:
            made = super().create_connection(*args, **kwargs)
        except OSError as error:
            self.refusals[address] = "" if isinstance(error, TimeoutError) else error.strerror or ""
            raise
        self.refusals[address] = ""
        return made

    def select(
        self, readable: Sequence[Any], writable: Sequence[Any], _exceptional: Sequence[Any], timeout_s: float | None
    ) -> tuple[list[Any], list[Any], list[Any]]:
        asked, masks = poll(), dict[int, int]()
        for sockets, event in ((readable, POLLIN), (writable, POLLOUT)):
            for one in sockets:
                masks[one.fileno()] = masks.get(one.fileno(), 0) | event
        for number, mask in masks.items():
            asked.register(number, mask)
        ready = dict(asked.poll(None if timeout_s is None else max(0.0, timeout_s) * 1000))
        # A socket that failed or was hung up is ready for everything: the next call on it tells why.
        return (
            [one for one in readable if ready.get(one.fileno(), 0) & ~POLLOUT],
            [one for one in writable if ready.get(one.fileno(), 0) & ~POLLIN],
            [],
        )


class _Connection(ConnectionHandler):
    """kazoo's connection, which also tells persistent watchers and notes when the server last answered us.

    An answer proves the session alive at the moment its request was *sent*: a process that was stopped and goes on
    finds old answers in its socket. Pings are requests like any other: sent by `_submit` with PING_XID, answered by a
    header with that xid.
    """

    clock: Callable[[], float]
    on_event: Callable[[str], None]
    heard_s = 0.0

    def prepare(self, clock: Callable[[], float], on_event: Callable[[str], None]) -> None:
        """What kazoo's constructor has no place for."""
        self.clock = clock
        self.on_event = on_event
        self._sent_s: dict[int, float] = {}

    def _connect(self, *args: Any) -> tuple[float, float]:  # noqa: ANN401 - kazoo's own
        self._sent_s.clear()
        started_s = self.clock()
        read_limit_ms, connect_limit_ms = super()._connect(*args)
        self.heard_s = max(self.heard_s, started_s)
        return min(read_limit_ms, self.client._session_timeout * SILENCE_SHARE), connect_limit_ms

    def _expand_client_hosts(self) -> list[Any]:
        found = list(super()._expand_client_hosts())
        if found:
            self.handler.refusals.pop("", None)
        else:
            self.handler.refusals = {"": "no such host"}
        return found

    def _submit(self, request: Any, timeout: float, xid: int | None = None) -> None:  # noqa: ANN401 - kazoo's own
        if xid:
            now_s = self.clock()
            if xid == PING_XID:
                self._sent_s.setdefault(xid, now_s)
            else:
                self._sent_s[xid] = now_s
        super()._submit(request, timeout, xid)

    def _read(self, length: int, timeout: float) -> bytes:
        """So many bytes; waits only when they are not there yet, as kazoo's own does before every look."""
        if hasattr(self._socket, "pending"):
            return bytes(super()._read(length, timeout))  # TLS has buffers of its own
        parts: list[bytes] = []
        with self._socket_error_handling():
            while length:
                try:
                    parts.append(self._socket.recv(length))
                except BlockingIOError:
                    if not self.handler.select([self._socket], [], [], timeout)[0]:
                        raise self.handler.timeout_exception("time-out during read") from None
                    continue
                if not parts[-1]:
                    raise ConnectionDropped("connection broken")
                length -= len(parts[-1])
        return b"".join(parts)

    def _read_header(self, timeout: float) -> Any:  # noqa: ANN401 - kazoo's own
        answer = super()._read_header(timeout)
        sent_s = self._sent_s.pop(answer[0].xid, None)
        if sent_s is not None and sent_s > self.heard_s:
            self.heard_s = sent_s
        return answer

    def _read_watch_event(self, buffer: bytes, offset: int) -> None:
        event, _ = Watch.deserialize(buffer, offset)
        if event.type in HEARD_EVENTS and not self.client._stopped.is_set():
            self.client.handler.dispatch_callback(Callback("watch", self.on_event, (event.path,)))
        super()._read_watch_event(buffer, offset)


class WatchClient(KazooClient):
    """A kazoo client with MultiRead and persistent watches.

    on_event: called on kazoo's watch thread with the path of every event of a persistent watch.
    """

    def __init__(
        self,
        hosts: str,
        *,
        session_s: float,
        clock: Callable[[], float],
        on_event: Callable[[str], None],
        **options: Any,  # noqa: ANN401 - kazoo's own
    ) -> None:
        share = TLS_CONNECT_SHARE if options.get("use_ssl") else CONNECT_SHARE
        super().__init__(hosts, timeout=session_s, handler=_Handler(max(session_s * share, 0.2)), **options)
        connection = _Connection(self, self._conn_retry.copy(), logger=self.logger)
        connection.prepare(clock, on_event)
        self._connection: _Connection = connection

    @property
    def heard_s(self) -> float:
        """When the newest request that the server has answered was sent."""
        return float(self._connection.heard_s)

    @property
    def session_id(self) -> int:
        """The session's id, 0 without one."""
        return self._session_id or 0

    @property
    def refusal(self) -> str:
        """Why no server takes a connection, if every one that there is says so; "" while one may only be slow."""
        told = list(self.handler.refusals.values())
        return ", ".join(sorted(set(told))) if all(told) else ""

    @property
    def stops(self) -> bool:
        """Whether it was told to end."""
        return bool(self._stopped.is_set())

    def call_async(self, request: Any) -> Any:  # noqa: ANN401 - kazoo has no types
        """Queue any request; the async result of it."""
        result = self.handler.async_result()
        self._call(request, result)
        return result


def _read_names(buffer: bytes, offset: int) -> tuple[list[str], int]:
    count = _int.unpack_from(buffer, offset)[0]
    offset += 4
    names = []
    for _ in range(count):
        name, offset = read_string(buffer, offset)
        names.append(name)
    return names, offset
