"""Parameters that several routes take, described once."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.params import PathParameter, QueryParameter

from pvcapi.shapes import LONGEST_WAIT_S
from pvccore.model.errors import Invalid
from pvccore.model.log import LINES_MAX

MAX_OFFSET = 10_000_000
MAX_PAGE = 100_000
LONGEST_FILTER = 200
ANSWER_WAIT_S = 10.0
"""How long a node's daemon has to answer for its log, unless the request says otherwise."""

Limit = Annotated[
    int | None, QueryParameter(name="limit", ge=1, le=MAX_PAGE, description="At most so many; without it, all.")
]
Offset = Annotated[
    int, QueryParameter(name="offset", ge=0, le=MAX_OFFSET, description="Leave out so many of the first.")
]
Filter = Annotated[
    str | None,
    QueryParameter(max_length=LONGEST_FILTER, description="Only those with exactly this; empty: with none."),
]
StateFilter = Annotated[
    str | None,
    QueryParameter(name="state", max_length=LONGEST_FILTER, description="Only those in this state."),
]
Search = Annotated[
    str | None,
    QueryParameter(max_length=LONGEST_FILTER, description="Only those with this in name, description or tags."),
]
Wait = Annotated[
    float,
    QueryParameter(
        name="wait_s", ge=0, le=LONGEST_WAIT_S, description="Wait so many seconds for the outcome; 0: answer at once."
    ),
]
Lines = Annotated[int, QueryParameter(name="lines", ge=1, le=LINES_MAX, description="At most so many, the newest.")]
After = Annotated[
    str,
    QueryParameter(name="after", max_length=LONGEST_FILTER, description="Only what came after this `place`."),
]
VmPath = Annotated[str, PathParameter(max_length=200, description="Name or uuid of a VM.")]
NodePath = Annotated[str, PathParameter(max_length=200, description="Name of a node.")]
TaskPath = Annotated[str, PathParameter(max_length=200, description="Key of a task.")]
OsdPath = Annotated[int, PathParameter(ge=0, le=MAX_OFFSET, description="Number of an OSD.")]
PoolPath = Annotated[str, PathParameter(max_length=200, description="Name of a pool.")]
VolumePath = Annotated[str, PathParameter(max_length=200, description="Name of a volume in that pool.")]
SnapshotPath = Annotated[str, PathParameter(max_length=200, description="Name of a snapshot of that volume.")]
PoolFilter = Annotated[str, QueryParameter(name="pool", max_length=LONGEST_FILTER, description="Only of this pool.")]
Force = Annotated[bool, QueryParameter(name="force", description="Though something speaks against it.")]
Confirmed = Annotated[
    bool, QueryParameter(name="confirmed", description="I know what is lost; without it that is refused, and named.")
]
SettingPath = Annotated[str, PathParameter(max_length=200, description="Name of a setting.")]


def only_known(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard against a misspelt parameter, without which all are listed, or more is done than was meant."""
    known = _known(handler)
    for name in connection.query_params:
        if name not in known:
            value = connection.query_params[name][:LONGEST_FILTER]
            raise Invalid(name[:LONGEST_FILTER], value, f"is no parameter here; known: {', '.join(known) or 'none'}")


@cache
def _known(handler: BaseRouteHandler) -> tuple[str, ...]:
    """The names of a route's query parameters."""
    given = ((name, one.kwarg_definition) for name, one in handler.parsed_fn_signature.parameters.items())
    return tuple(how.name or name for name, how in given if isinstance(how, QueryParameter))
