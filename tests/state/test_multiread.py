"""The names of kazoo that we rely on though they are private: this fails first when kazoo changes."""

from __future__ import annotations

import inspect
import socket
import struct
import threading

import kazoo.version
import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionDropped
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol import connection
from kazoo.protocol.serialization import Watch

from pvccore.state.multiread import (
    ADD_WATCH,
    GET_CHILDREN,
    GET_DATA,
    MULTI_READ,
    PERSISTENT_RECURSIVE,
    AddWatch,
    MultiRead,
    ReadError,
    WatchClient,
)
from pvccore.state.store import Znode

STAT = struct.Struct("!qqqqiiiqiiq")


def parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


def test_kazoo_is_of_the_series_that_was_read() -> None:
    assert kazoo.version.__version__.startswith("2.11.")


def test_kazoos_connection_has_the_methods_that_are_extended() -> None:
    handler = connection.ConnectionHandler
    assert parameters(handler.__init__) == ["self", "client", "retry_sleeper", "logger", "sasl_options"]
    assert parameters(handler._connect) == ["self", "host", "hostip", "port"]
    assert parameters(handler._expand_client_hosts) == ["self"]
    assert "return host_ports" in inspect.getsource(handler._expand_client_hosts)
    assert "self._expand_client_hosts()" in inspect.getsource(handler._connect_loop)
    assert parameters(handler._submit) == ["self", "request", "timeout", "xid"]
    assert parameters(handler._read) == ["self", "length", "timeout"]
    assert parameters(handler._socket_error_handling) == ["self"]
    assert parameters(handler._read_header) == ["self", "timeout"]
    assert parameters(handler._read_watch_event) == ["self", "buffer", "offset"]
    assert "_read_watch_event(buffer, offset)" in inspect.getsource(handler._read_socket)
    assert "_read_header(read_timeout)" in inspect.getsource(handler._read_socket)
    assert "PING_XID" in inspect.getsource(handler._send_ping)
    assert "self._socket.setblocking(0)" in inspect.getsource(handler._connect)
    assert "self.handler.select(" in inspect.getsource(handler._connect_attempt)
    assert "read_timeout, connect_timeout" in inspect.getsource(handler._connect_attempt)
    assert connection.PING_XID == -2
    assert Watch._fields == ("type", "state", "path")


def test_kazoos_client_has_the_parts_that_are_replaced_or_called() -> None:
    client = KazooClient()
    assert type(client._connection) is connection.ConnectionHandler
    assert parameters(client._call) == ["request", "async_object"]
    assert client._conn_retry.copy() is not client._conn_retry
    assert client._session_id is None
    assert client._stopped.is_set()
    assert isinstance(client.handler, SequentialThreadingHandler)
    assert client.handler.async_result().ready() is False
    source = inspect.getsource(connection.ConnectionHandler._connect)
    assert "handler.create_connection(" in source
    assert "address=(hostip, port)" in source
    assert "timeout=client._session_timeout / 1000.0" in source


def test_our_client_has_our_connection_and_no_session_yet() -> None:
    client = WatchClient("127.0.0.1:1", session_s=4.0, clock=lambda: 1.0, on_event=lambda _path: None)
    assert type(client._connection) is not connection.ConnectionHandler
    assert (client.session_id, client.heard_s, client.stops) == (0, 0.0, True)


def answer(*entries: bytes) -> bytes:
    return b"".join(entries) + struct.pack("!iBi", -1, 1, -1)


def test_a_multi_read_is_spelled_as_zookeeper_spells_it() -> None:
    header = struct.pack("!iBi", GET_DATA, 0, -1)
    expected = header + struct.pack("!i", 2) + b"/a\0" + header + struct.pack("!i", 3) + b"/\xc3\xa4\0"
    assert MultiRead.type == MULTI_READ == 22
    assert MultiRead(GET_DATA, ["/a", "/ä"]).serialize() == answer(expected)


def test_an_answer_holds_nodes_names_and_errors_in_order() -> None:
    stat = STAT.pack(11, 12, 0, 0, 3, 0, 0, -7, 2, 0, 13)
    data = struct.pack("!iBi", GET_DATA, 0, 0) + struct.pack("!i", 2) + b"{}" + stat
    empty = struct.pack("!iBi", GET_DATA, 0, 0) + struct.pack("!i", -1) + stat
    names = struct.pack("!iBi", GET_CHILDREN, 0, 0) + struct.pack("!ii", 2, 1) + b"x" + struct.pack("!i", 1) + b"y"
    error = struct.pack("!iBi", -1, 0, -101) + struct.pack("!i", -101)
    found = MultiRead.deserialize(b"head" + answer(data, error, names, empty), 4)
    assert found == [Znode(b"{}", 3, 11, 12, -7), ReadError(-101), ["x", "y"], Znode(b"", 3, 11, 12, -7)]


def test_a_watch_is_spelled_as_zookeeper_spells_it() -> None:
    assert AddWatch.type == ADD_WATCH == 106
    assert AddWatch("/a", PERSISTENT_RECURSIVE).serialize() == struct.pack("!i", 2) + b"/a" + struct.pack("!i", 1)


def test_select_tells_who_can_be_read_and_written_and_ends_in_time() -> None:
    handler = WatchClient("127.0.0.1:1", session_s=4.0, clock=lambda: 1.0, on_event=lambda _path: None).handler
    here, there = socket.socketpair()
    with here, there:
        assert handler.select([here], [], [], 0.01) == ([], [], [])
        assert handler.select([], [here], [], -1.0) == ([], [here], [])
        there.sendall(b"x")
        assert handler.select([here, there], [there], [], None) == ([here], [there], [])
        there.close()
        assert handler.select([here], [], [], 1.0) == ([here], [], [])


def test_a_refusal_is_known_once_every_address_refuses() -> None:
    client = WatchClient("127.0.0.1:1,127.0.0.1:2", session_s=4.0, clock=lambda: 1.0, on_event=lambda _path: None)
    assert client.refusal == ""
    for port in (1, 2):
        with pytest.raises(ConnectionRefusedError):
            client.handler.create_connection(address=("127.0.0.1", port))
    assert client.refusal == "Connection refused"
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.MonkeyPatch.context() as patch:
        client.handler.create_connection(address=silent.getsockname()).close()
        assert client.refusal == ""
        client.handler.refusals.clear()
        patch.setattr(socket, "create_connection", _times_out)
        with pytest.raises(TimeoutError):
            client.handler.create_connection(address=("127.0.0.1", 3))
        assert client.refusal == ""


def _times_out(*_arguments: object) -> None:
    raise TimeoutError


def test_a_name_that_nobody_knows_is_told_until_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object) -> None:
        raise socket.gaierror

    client = WatchClient("zk1:2181", session_s=4.0, clock=lambda: 1.0, on_event=lambda _path: None)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert client._connection._expand_client_hosts() == []
    assert client.refusal == "no such host"
    address = ("10.0.0.1", 2181)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments: [(0, 0, 0, "", address)])
    assert client._connection._expand_client_hosts() == [("zk1", *address)]
    assert client.refusal == ""


def test_a_message_in_pieces_is_read_whole_and_a_broken_one_is_told() -> None:
    client = WatchClient("127.0.0.1:1", session_s=4.0, clock=lambda: 1.0, on_event=lambda _path: None)
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        client._connection._socket = here
        there.sendall(b"ab")
        later = threading.Timer(0.02, there.sendall, [b"cd"])
        later.start()
        assert client._connection._read(4, 5.0) == b"abcd"
        later.join()
        with pytest.raises(client.handler.timeout_exception):
            client._connection._read(1, 0.01)
        there.close()
        with pytest.raises(ConnectionDropped):
            client._connection._read(1, 1.0)


@pytest.mark.parametrize("pings", [1, 2, 3])
def test_an_answer_to_a_ping_counts_from_when_the_oldest_was_sent(pings: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped finds old answers in its socket: they prove nothing about now."""
    now_s = [10.0]
    client = WatchClient("127.0.0.1:1", session_s=4.0, clock=lambda: now_s[0], on_event=lambda _path: None)
    handler = client._connection
    header = connection.ReplyHeader(connection.PING_XID, 0, 0)
    monkeypatch.setattr(connection.ConnectionHandler, "_submit", lambda *_arguments: None)
    monkeypatch.setattr(connection.ConnectionHandler, "_read_header", lambda *_arguments: (header, b"", 0))
    for _ in range(pings):
        handler._submit(connection.PingInstance, 1.0, connection.PING_XID)
        now_s[0] += 1.0
    for _ in range(pings):
        now_s[0] += 100.0
        handler._read_header(1.0)
    assert client.heard_s == 10.0
