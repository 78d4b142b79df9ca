"""How a request fails: the five errors, and HTTP's own, as one shape with a status that says which."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct

from pvcapi.heads import allowed
from pvccore.model.errors import Conflict, Invalid, NotFound, PvcError, Refused, Unavailable

LONGEST_MESSAGE = 1000
RETRY_AFTER_S = 1

NO_BODY = "'data'"
"""What the framework says of a request that should have a body, and has none."""

_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`")
_UNKNOWN = re.compile(r"contains unknown field `(?P<name>[^`]*)`")
_log = logging.getLogger(__name__)


class Word(StrEnum):
    """Why a request failed, for programs."""

    INVALID = "invalid"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REFUSED = "refused"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class FieldProblem(Struct, frozen=True):
    """One value that is not acceptable."""

    field: str
    reason: str


class Problem(Struct, frozen=True):
    """Why a request failed.

    message: for people. fields: what is wrong with which value, where error is `invalid`. in_doubt: the connection to
    ZooKeeper broke after the request was sent; it may have been carried out.
    """

    error: Word
    message: str
    fields: list[FieldProblem] = []
    in_doubt: bool = False


_WORDS: Mapping[int, Word] = {
    400: Word.INVALID,
    401: Word.UNAUTHORIZED,
    403: Word.FORBIDDEN,
    404: Word.NOT_FOUND,
    405: Word.METHOD_NOT_ALLOWED,
    413: Word.TOO_LARGE,
    429: Word.TOO_MANY,
    503: Word.UNAVAILABLE,
}
_MEANINGS: Mapping[int, str] = {
    400: "A value is not acceptable; `fields` names it.",
    401: "There is no token in X-Api-Key, or nobody has it.",
    403: "The token is read-only.",
    404: "There is no such thing in the cluster.",
    409: "A rule of the cluster forbids it now (`refused`), or somebody else changed the record first (`conflict`).",
    413: "The body is larger than this API takes.",
    429: "Too many requests; Retry-After says when to come again.",
    503: "ZooKeeper can't be reached, or there is no cluster; the message says why.",
}
READING = (400, 401, 404, 429, 503)
WRITING = (400, 401, 403, 404, 409, 413, 429, 503)


def documented(statuses: tuple[int, ...]) -> dict[int, ResponseSpec]:
    """The failures that a route may end with, for the OpenAPI document."""
    return {
        status: ResponseSpec(data_container=Problem, description=_MEANINGS[status], generate_examples=False)
        for status in statuses
    }


def on_pvc_error(_request: Request[Any, Any, Any], error: PvcError) -> Response[Problem]:
    """One of the five errors as an answer."""
    status, word = _status_of(error)
    fields = [FieldProblem(field=error.field, reason=shortened(error.reason))] if isinstance(error, Invalid) else []
    in_doubt = isinstance(error, Unavailable) and error.in_doubt
    return _answer(status, Problem(error=word, message=shortened(str(error)), fields=fields, in_doubt=in_doubt))


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What the framework refused, as an answer of the same shape."""
    status = error.status_code
    if status not in _WORDS:
        status = 400 if status < 500 else 500  # noqa: PLR2004 - HTTP's own border
    fields = _fields(error.extra) if isinstance(error, ValidationException) else []
    said = "; ".join(f"{one.field}: {one.reason}" for one in fields) or error.detail
    headers = {name.lower(): value for name, value in (error.headers or {}).items() if name.lower() in _KEPT_HEADERS}
    if "allow" in headers:
        headers["allow"] = allowed(request.url.path, headers["allow"].split(", "))
    return _answer(
        status, Problem(error=_WORDS.get(status, Word.INTERNAL), message=shortened(said), fields=fields), headers
    )


def on_recursion(_request: Request[Any, Any, Any], _error: RecursionError) -> Response[Problem]:
    """A body that is nested deeper than any value of ours."""
    problem = FieldProblem(field="body", reason="is nested too deeply")
    return _answer(400, Problem(error=Word.INVALID, message="the body is nested too deeply", fields=[problem]))


def on_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """A defect of ours: told in the log, not to the caller."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(500, Problem(error=Word.INTERNAL, message="this is a defect of the API; its log says more"))


def shortened(text: str) -> str:
    """A text that quotes what was sent, bounded."""
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"


_KEPT_HEADERS = frozenset({"retry-after", "www-authenticate", "allow"})


def _status_of(error: PvcError) -> tuple[int, Word]:
    known: tuple[tuple[type[PvcError], int, Word], ...] = (
        (Invalid, 400, Word.INVALID),
        (NotFound, 404, Word.NOT_FOUND),
        (Refused, 409, Word.REFUSED),
        (Conflict, 409, Word.CONFLICT),
        (Unavailable, 503, Word.UNAVAILABLE),
    )
    return next((status, word) for kind, status, word in known if isinstance(error, kind))


def _fields(extra: object) -> list[FieldProblem]:
    found = extra if isinstance(extra, list) else []
    return [
        _field(str(one.get("key") or "data"), str(one.get("message", ""))) for one in found if isinstance(one, dict)
    ]


def _field(key: str, said: str) -> FieldProblem:
    """What is wrong with which field; of one that is missing or unknown msgspec names it in its words only."""
    key = "body" if key == "data" else key
    if said == NO_BODY:
        return FieldProblem(field=key, reason="is missing")
    for pattern, words in ((_MISSING, "is missing"), (_UNKNOWN, "is not a field here")):
        if named := pattern.search(said):
            inner = named["name"]
            return FieldProblem(field=shortened(inner if key == "body" else f"{key}.{inner}"), reason=words)
    return FieldProblem(field=shortened(key), reason=shortened(said))


def _answer(status: int, problem: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    given = dict(headers or {})
    if status == 503:  # noqa: PLR2004 - the status itself
        given.setdefault("Retry-After", str(RETRY_AFTER_S))
    return Response(problem, status_code=status, headers=given, media_type=MediaType.JSON)
