"""`pvc-tui serve`: the console in a browser, one process of the console for every page."""

from __future__ import annotations

import ipaddress
import shlex
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from pvccore.model.errors import Invalid


def check_host(host: str, *, anybody: bool) -> None:
    """Whoever reaches the port acts as the person who serves: only this machine may, unless told. Raises `Invalid`."""
    if not anybody and not _is_loopback(host):
        raise Invalid("host", host, "others could reach it and act as you; --anybody serves them too")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_own(name: str, host: str) -> bool:
    """Whether a page or a request names this server: by its address, or as this machine itself.

    A name of somebody's own that leads here is none of ours: that is how pages reach what only this machine may.
    """
    return name == host or (_is_loopback(name) and _is_loopback(host))


class ConsoleServer(Server):
    """Textual's server, for pages of its own only: another site's page may not drive the console behind it."""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Refuse a page that was served by somebody else."""
        origin = urlsplit(request.headers.get("Origin", ""))
        if not (is_own(origin.hostname or "", self.host) and is_own(request.url.host or "", self.host)):
            raise web.HTTPForbidden(text="only pages of this console may open it")
        answer: web.WebSocketResponse = await super().handle_websocket(request)
        return answer


def serve(arguments: Sequence[str], *, host: str, port: int) -> None:
    """Serve the console with these arguments until Ctrl-C."""
    command = shlex.join([sys.executable, "-m", "pvctui", *arguments])
    ConsoleServer(command, host=host, port=port, title="pvc-tui").serve()
