"""HEAD, which every resource that can be got must answer: the same as GET, without its body."""

from __future__ import annotations

from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

ENDLESS = "/events"
"""A stream has no end, so nobody can say what its GET would have been."""


class Heads:
    """The application behind it answers HEAD as if it were GET; the server below leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        asked: dict[str, Any] = {**scope}
        if asked.get("method") == "HEAD" and not asked["path"].rstrip("/").endswith(ENDLESS):
            asked["method"] = "GET"
        await self._app(cast("Scope", asked), receive, send)
