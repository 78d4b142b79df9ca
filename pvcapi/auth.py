"""Who may come in: tokens, their roles, and how often each may ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException, TooManyRequestsException
from litestar.handlers.base import BaseRouteHandler

from pvccore.model.errors import Invalid, Unavailable
from pvccore.model.struct import Struct
from pvccore.operations.tokens import Role, Token, TokenFile, holder_of

HEADER = "X-Api-Key"
BEARER = "Bearer "
STRANGERS_SHARE = 10
"""Who has no token may ask this many times less often."""
BURST_S = 10.0
"""Somebody who was silent may ask at once as often as otherwise in this time."""
REMEMBERED = 4096
LONGEST_TOKEN = 200

Connection = ASGIConnection[Any, Any, Any, Any]


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, by the name of the token, and what that may do. hash: tells two tokens of one name apart."""

    name: str
    role: Role
    hash: str = ""


class Pace:
    """How often each of many may ask: a bucket that fills steadily. Remembers a bounded number of them."""

    def __init__(self, per_minute: float, clock: Callable[[], float]) -> None:
        self._per_s = per_minute / 60.0
        self._most = max(1.0, self._per_s * BURST_S)
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, who: str) -> float:
        """0 when `who` may ask now, which is counted; else in how many seconds."""
        now_s = self._clock()
        left, at_s = self._known.pop(who, (self._most, now_s))
        left = min(self._most, left + (now_s - at_s) * self._per_s)
        granted = left >= 1.0
        self._known[who] = (left - 1.0 if granted else left, now_s)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return 0.0 if granted else (1.0 - left) / self._per_s


class Doorkeeper:
    """Lets in who has a token; reads the file of tokens again whenever it was changed."""

    def __init__(self, tokens: TokenFile, *, per_minute: int, clock: Callable[[], float]) -> None:
        self._file = tokens
        self._stamp: tuple[int, int] | None = None
        self._tokens: tuple[Token, ...] = ()
        self._pace = Pace(per_minute, clock)
        self._strangers = Pace(per_minute / STRANGERS_SHARE, clock)

    def admit(self, connection: Connection) -> Caller:
        """Who asks. Raises what becomes 401 and 429, and `Unavailable` when the file of tokens can't be used."""
        token = self._given(connection)
        holder = holder_of(self._newest(), token) if token else None
        if holder is None:
            host = connection.client.host if connection.client else ""
            self._keep_pace(self._strangers, host)
            raise NotAuthorizedException(
                f"a token is needed in {HEADER}" if not token else "nobody has this token",
                headers={"WWW-Authenticate": "Bearer"},
            )
        self._keep_pace(self._pace, holder.name)
        return Caller(name=holder.name, role=holder.role, hash=holder.hash)

    def still_admits(self, caller: Caller) -> bool:
        """Whether the token of somebody who is in has not been revoked meanwhile."""
        try:
            return any(one.hash == caller.hash for one in self._newest())
        except Unavailable:
            return False

    @staticmethod
    def _given(connection: Connection) -> str:
        token = connection.headers.get(HEADER, "")
        if not token:
            bearer = connection.headers.get("Authorization", "")
            token = bearer.removeprefix(BEARER).strip() if bearer.startswith(BEARER) else ""
        return token if len(token) <= LONGEST_TOKEN else "-"

    def _newest(self) -> tuple[Token, ...]:
        stamp = self._file.stamp()
        if stamp != self._stamp:
            try:
                self._tokens = self._file.load()
            except Invalid as error:
                raise Unavailable(str(error)) from None
            self._stamp = stamp
        return self._tokens

    @staticmethod
    def _keep_pace(pace: Pace, who: str) -> None:
        wait_s = pace.wait_s(who)
        if wait_s:
            raise TooManyRequestsException("too many requests", headers={"Retry-After": str(int(wait_s) + 1)})


def reader(connection: Connection, _handler: BaseRouteHandler) -> None:
    """The guard of what only looks: any token."""
    door: Doorkeeper = connection.app.state.door
    connection.scope["caller"] = door.admit(connection)  # type: ignore[typeddict-unknown-key]


def operator(connection: Connection, _handler: BaseRouteHandler) -> None:
    """The guard of what changes something, after `reader`: a token of an operator."""
    caller: Caller = connection.scope["caller"]  # type: ignore[typeddict-item]
    if caller.role is not Role.OPERATOR:
        raise PermissionDeniedException(f"the token {caller.name} is read-only")
