"""`/status`, `/journal`, `/settings` and `/events`: the cluster as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, Response, get, post, put
from litestar.params import JSONBody, QueryParameter
from litestar.response import ServerSentEvent

from pvcapi.auth import Doorkeeper, operator
from pvcapi.details import answer
from pvcapi.events import events
from pvcapi.examples import EVENT, SETTINGS, plain
from pvcapi.parameters import LONGEST_FILTER, Filter, SettingPath, Wait
from pvcapi.problems import READING, WRITING, documented
from pvcapi.seat import Here
from pvcapi.shapes import Entry, Outcome, Settings, Status, Switched
from pvcapi.wanted import MaintenanceWanted, SettingWanted
from pvccore.model.errors import NotFound, Unavailable
from pvccore.model.journal import JournalEntry
from pvccore.model.struct import asdict
from pvccore.operations import cluster as verbs
from pvccore.operations.reading import load_journal
from pvccore.operations.records import journal_record, settings_record, status_record

reading = documented(READING)
writing = documented(WRITING)
MAX_ENTRIES = 500


@get("/status", responses=reading, tags=["cluster"])
async def show_status(seat: Here) -> Response[Status]:
    """Show how the cluster is, and what is wrong with it."""
    return answer(status_record(seat.cluster))


@post("/status", guards=[operator], responses=writing, status_code=200, tags=["cluster"])
async def set_maintenance(
    seat: Here,
    data: JSONBody[MaintenanceWanted],
    wait_s: Wait = 0.0,
) -> Switched:
    """Switch maintenance mode: while it is on, nobody is fenced."""
    verb = verbs.maintenance_on if data.maintenance else verbs.maintenance_off
    warnings = [] if data.maintenance else verbs.told_before_maintenance_ends(seat.cluster)
    done = await seat.do(lambda by: verb(by, reason=data.reason), wait_s)
    return Switched(**asdict(done), warnings=warnings)


@get("/journal", responses=reading, tags=["cluster"])
async def show_journal(
    seat: Here,
    vm: Filter = None,
    node: Filter = None,
    who: Filter = None,
    limit: Annotated[int, QueryParameter(name="limit", ge=1, le=MAX_ENTRIES, description="The newest so many.")] = 50,
    before: Annotated[
        str, QueryParameter(name="before", max_length=LONGEST_FILTER, description="Only what is older than this `key`.")
    ] = "",
) -> Response[list[Entry]]:
    """Show who did what and why, the newest last.

    Without `before` it is of the newest 500 entries. To page further back, ask again with the `key` of the first
    entry; that is read from ZooKeeper, and an empty page means that there is nothing older.
    """
    wanted = {"vm": vm, "node": node, "who": who}
    given = {name: value for name, value in wanted.items() if value is not None}
    cluster, source = seat.cluster, seat.service.source
    entries: Sequence[JournalEntry] = cluster.journal
    if before:
        count = cluster.settings.journal_max_entries if given else limit
        entries = await seat.read(lambda: load_journal(source.store, source.schema, count, before=before))
    found = [one for one in entries if all(getattr(one, name) == value for name, value in given.items())]
    return answer([{"key": one.key, **journal_record(one)} for one in found[-limit:]])


@get("/settings", responses=reading | plain(Settings, SETTINGS), tags=["cluster"])
async def show_settings(seat: Here) -> Response[Settings]:
    """Show every setting."""
    return answer(settings_record(seat.cluster.settings))


@get("/settings/{name:str}", responses=reading | plain(Settings, SETTINGS), tags=["cluster"])
async def show_setting(seat: Here, name: SettingPath) -> Response[Settings]:
    """Show one setting."""
    record = settings_record(seat.cluster.settings)
    if name not in record:
        raise NotFound("setting", name)
    return answer({name: record[name]})


@put("/settings/{name:str}", guards=[operator], responses=writing, tags=["cluster"])
async def set_setting(
    seat: Here,
    name: SettingPath,
    data: JSONBody[SettingWanted],
) -> Outcome:
    """Set one setting."""
    return await seat.do(lambda by: verbs.set_setting(by, name, data.value))


@get(
    "/events",
    responses=reading | plain(str, EVENT, "text/event-stream"),
    tags=["cluster"],
    media_type="text/event-stream",
)
async def follow(request: Request[Any, Any, Any], seat: Here) -> ServerSentEvent:
    """Follow the cluster: a stream of server-sent events, each a difference with the new records in it.

    The first event is `begin`: read the lists after it. `delta`: records of what changed, null for what is gone.
    `reload`: everything may differ, read the lists again. `away`: ZooKeeper can't be reached, and why; `back`: it can.
    `end`: the token was revoked.
    """
    service = seat.service
    if service.hub.following >= service.streams:
        raise Unavailable(f"{service.streams} streams are open, as many as are allowed")
    door: Doorkeeper = request.app.state.door
    return ServerSentEvent(events(service.source, service.hub, lambda: door.still_admits(seat.caller)))


HANDLERS = [show_status, set_maintenance, show_journal, show_settings, show_setting, set_setting, follow]
