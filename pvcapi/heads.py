"""HEAD and OPTIONS, which every resource must answer: GET without its body, and which methods there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

ENDLESS = "/events"
"""A stream has no end, so nobody can say what its GET would have been."""
NO_METHOD = "NONE"
"""What is refused everywhere, and the refusal names the methods of the path."""


class Heads:
    """The application behind it answers HEAD as if it were GET; the server below leaves the body out.

    OPTIONS is a refusal's list of methods: the framework's own answer knows the first of them alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        asked: dict[str, Any] = {**scope}
        if asked.get("method") == "HEAD" and not is_endless(asked["path"]):
            asked["method"] = "GET"
        elif asked.get("method") == "OPTIONS":
            asked["method"] = NO_METHOD
            send = _as_answer(send)
        await self._app(cast("Scope", asked), receive, send)


def is_endless(path: str) -> bool:
    """Whether a path's GET is a stream."""
    return path.rstrip("/").endswith(ENDLESS)


def allowed(path: str, methods: Iterable[str]) -> str:
    """What a path answers, for the header Allow. methods: what the application behind answers."""
    known = set(methods)
    return ", ".join(sorted(known | {"HEAD"} if "GET" in known and not is_endless(path) else known))


def _as_answer(send: Send) -> Send:
    """A refusal of the method becomes what was asked for; that there is no such path stays what it is."""
    was_refused = False

    async def tell(message: Any) -> None:  # noqa: ANN401 - any of the server's messages
        nonlocal was_refused
        if message.get("status") == 405:  # noqa: PLR2004 - the status itself
            was_refused = True
            kept = [header for header in message["headers"] if header[0] == b"allow"]
            message = {**message, "status": 204, "headers": kept}
        elif was_refused:
            message = {**message, "body": b""}
        await send(message)

    return tell
