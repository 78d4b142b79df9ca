"""The application called as its server calls it, without a client or a socket between: for requests by the thousand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from litestar import Litestar


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    body: bytes


async def ask(app: Litestar, key: str, method: str, target: str, body: bytes) -> Answer:
    """One request with a JSON body; target: path and query as they stand in the request's first line."""
    raw_path, _, query = target.partition("?")
    headers = {"host": "here", "x-api-key": key, "content-type": "application/json", "content-length": str(len(body))}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 7370),
        "state": {},
    }
    asked = [{"type": "http.request", "body": body, "more_body": False}]
    said: list[dict[str, Any]] = []

    async def receive() -> Any:
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    return Answer(status=said[0]["status"], body=b"".join(one.get("body", b"") for one in said[1:]))
