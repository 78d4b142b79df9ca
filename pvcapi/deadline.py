"""A request must come whole in time: who sends a byte now and then would hold a connection, and a file, for ever."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

WHOLE_WITHIN_S = 60.0
"""How long a client may take for the head and the body of one request; between two of them its own limit holds."""


class DeadlineProtocol(H11Protocol):
    """uvicorn's protocol, which bounds how large a head is, and now also how long a request may take to come."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client may begin; the time runs."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Some of a request, or all of it."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(WHOLE_WITHIN_S, self.transport.close)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
