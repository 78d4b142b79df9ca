"""The server as other people's programs meet it: a real one on loopback, spoken to in HTTP's less usual ways."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from lab.zookeeper import free_port
from pvcapi.__main__ import server
from pvcapi.config import ApiConfig
from pvccore.operations.tokens import TokenFile
from tests.operations.world import World
from tests.pvcapi.live import until
from tests.pvcapi.stand import MemorySource, Stand

STREAMS = 30


class Served(Stand):
    """The application behind its own server, in a thread."""

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__(world, folder)
        self.port = free_port()
        config = folder / "pvcapid.toml"
        config.write_text(
            f'zookeeper = ["z:1"]\nlisten = "127.0.0.1:{self.port}"\n'
            f'tokens_file = "{self.tokens.path}"\nstreams = {STREAMS}\n'
        )
        self.source = MemorySource(world)
        self.server = server(ApiConfig(config), self.source)
        self.thread = threading.Thread(target=self.server.run, name="server")

    def http(self, who: str = "robot") -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers={"X-Api-Key": self.keys[who]}, timeout=30)

    def raw(self, text: str) -> bytes:
        """All that comes back for what is sent as it stands; the server must end the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(text.replace("\n", "\r\n").encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def served(world: World, tmp_path: Path) -> Iterator[Served]:
    made = Served(world, tmp_path)
    made.thread.start()
    until(lambda: made.server.started)
    yield made
    made.server.should_exit = True
    made.thread.join(20)


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with served.http() as client:
        yield client


def test_head_is_get_without_a_body(http: httpx.Client) -> None:
    got, head = http.get("/api/v1/node"), http.head("/api/v1/node")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "x-total-count"):
        assert head.headers[name] == got.headers[name]
    assert http.head("/api/v1/node/hv9").status_code == 404
    assert http.head("/api/v1/events").status_code == 405
    assert http.head("/api/v1/node", headers={"X-Api-Key": "pvc_wrong"}).status_code == 401


def test_options_is_answered_and_another_method_told_which_there_are(http: httpx.Client) -> None:
    asked = http.options("/api/v1/vm")
    assert (asked.status_code, asked.content, asked.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    refused = http.patch("/api/v1/vm")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize("path", ["/api/v1/vm/", "/api/v1/vm?", "/api/v1//vm"])
def test_a_slash_too_many_finds_the_same(http: httpx.Client, path: str) -> None:
    assert (http.get(path).status_code, http.get(path).json()) == (200, [])


def test_an_old_client_without_keep_alive_is_served(served: Served) -> None:
    said = served.raw(f"GET /api/v1/vm HTTP/1.0\nX-Api-Key: {served.keys['eye']}\n\n")
    assert b" 200 OK\r\n" in said
    assert said.endswith(b"\r\n\r\n[]")


def test_what_is_no_http_is_sent_away(served: Served) -> None:
    assert served.raw("good morning\n\n").startswith(b"HTTP/1.1 400 ")
    assert served.raw("GET /api/v1/vm HTTP/9.9\nConnection: close\n\n").startswith(b"HTTP/1.1 4")


def test_a_body_in_pieces_is_read_and_bounded(http: httpx.Client, world: World) -> None:
    world.add_vm("web1", "hv1")
    pieces = iter([b'{"add":', b'["a"]}'])
    assert http.post("/api/v1/vm/web1/tags", content=pieces).json()["changed"] is True
    endless = (b"x" * 65536 for _ in range(64))
    refused = http.post("/api/v1/vm/web1/tags", content=endless)
    assert (refused.status_code, refused.json()["error"]) == (413, "too_large")


@pytest.mark.parametrize(
    "begun",
    [
        "",
        "GET /api/v1/vm HTTP/1.1\nHost: x\nX-Slow: ",
        "POST /api/v1/vm HTTP/1.1\nHost: x\nContent-Length: 9\nX-Api-Key: ",
    ],
)
def test_who_never_ends_a_request_is_sent_away(served: Served, monkeypatch: pytest.MonkeyPatch, begun: str) -> None:
    monkeypatch.setattr("pvcapi.deadline.WHOLE_WITHIN_S", 0.3)
    key = f"{served.keys['robot']}\n\n{{" if begun.endswith("Key: ") else ""
    assert served.raw(begun + key) == b""


def test_a_byte_now_and_then_wins_no_time(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvcapi.deadline.WHOLE_WITHIN_S", 0.3)
    with socket.create_connection(("127.0.0.1", served.port), timeout=0.05) as connection:
        connection.sendall(b"GET /api/v1/vm HTTP/1.1\r\nX-Slow: ")
        assert any(_has_ended(connection) for _ in range(600))


def _has_ended(connection: socket.socket) -> bool:
    """Send a byte, and look for a moment whether the server has had enough."""
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_connection_that_is_used_again_has_the_time_anew(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvcapi.deadline.WHOLE_WITHIN_S", 1.0)
    asked = f"GET /api/v1/vm HTTP/1.1\r\nHost: x\r\nX-Api-Key: {served.keys['eye']}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        for _ in range(2):
            connection.settimeout(30)
            connection.sendall(asked)
            said = b""
            while not said.endswith(b"[]"):
                more = connection.recv(65536)
                assert more
                said += more
            connection.settimeout(1.3)
            with pytest.raises(TimeoutError):
                connection.recv(1)


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json; x=y"}])
def test_a_body_is_json_whatever_it_is_called(http: httpx.Client, world: World, headers: dict[str, str]) -> None:
    world.add_vm("web1", "hv1")
    assert http.post("/api/v1/vm/web1/tags", content='{"add":["a"]}', headers=headers).status_code == 200


def test_a_missing_body_is_told(http: httpx.Client) -> None:
    said = http.post("/api/v1/vm/web1/tags")
    assert (said.status_code, said.json()["message"]) == (400, "body: is missing")


@pytest.mark.parametrize("name", ["日本", "a%2Fb", "%00", "%FF", "..", "%2e%2e%2fvm", "a b"])
def test_no_spelling_of_a_name_is_more_than_a_name(http: httpx.Client, name: str) -> None:
    said = http.get(f"http://127.0.0.1:{http.base_url.port}/api/v1/vm/{name}/state")
    assert said.status_code == 404
    assert said.json()["error"] == "not_found"


@pytest.mark.parametrize("line", ["vm?nodes=hv1", "vm/web1?disk=true", "status?x", "node?limit=1&Offset=1"])
def test_a_misspelt_parameter_is_told(http: httpx.Client, line: str) -> None:
    said = http.get(f"/api/v1/{line}")
    assert said.status_code == 400
    assert "is no parameter here" in said.json()["fields"][0]["reason"]


def test_what_would_do_more_than_was_meant_is_not_done(http: httpx.Client, world: World) -> None:
    world.add_vm("web1", "hv1")
    assert http.delete("/api/v1/vm/web1?dry_run=true").status_code == 400
    assert "web1" in world.load().names


def test_many_follow_at_once_and_one_too_many_is_sent_away(served: Served) -> None:
    with ExitStack() as open_streams, served.http() as http:
        streams = [open_streams.enter_context(http.stream("GET", "/api/v1/events")) for _ in range(STREAMS)]
        lines = [stream.iter_lines() for stream in streams]
        firsts = [next(one) for one in lines]
        assert firsts == ["event: begin"] * STREAMS
        refused = http.get("/api/v1/events")
        assert (refused.status_code, refused.json()["error"]) == (503, "unavailable")
        assert http.get("/api/v1/status").status_code == 200


def test_a_stream_ends_when_its_token_is_revoked(served: Served) -> None:
    with served.http("eye") as http, http.stream("GET", "/api/v1/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: begin"
        TokenFile(served.tokens.path).revoke("eye")
        told = list(lines)
    at = told.index("event: end")
    assert json.loads(told[at + 1].removeprefix("data: "))["reason"] == "the token is revoked"
