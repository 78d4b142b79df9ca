"""One request's place before the cluster: who asks, what is seen, and how a verb is carried out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from litestar import Request
from litestar.di import NamedDependency

from pvcapi.auth import Caller
from pvcapi.hub import Hub
from pvcapi.link import Source
from pvcapi.shapes import LogLines, Outcome, Standing
from pvccore.model.cluster import Cluster
from pvccore.model.struct import Struct
from pvccore.operations import logs
from pvccore.operations.operator import Operator, Result
from pvccore.operations.reading import load_cluster
from pvccore.plan.outcome import Aim
from pvccore.state.schema import Schema, base_name
from pvccore.state.session import Session
from pvccore.state.store import Connection, Operation, Store, Znode

WRITERS = 16
"""How many verbs are carried out at a time."""
SEEN_LIMIT_S = 2.0
"""How long an answer waits until the snapshot holds what was written, so that the next request finds it."""

Verb = Callable[[Operator], Result]
Read = TypeVar("Read")


class NotedStore:
    """The store as one request has it: remembers what its last commit made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: list[str] = []

    def journalled(self, schema: Schema) -> str:
        """The key of the journal entry that the last commit made; "" when it made none."""
        return next((base_name(path) for path in self._made if path.startswith(schema.journal_prefix)), "")

    @property
    def connection(self) -> Connection:
        """See `Store.connection`."""
        return self._store.connection

    @property
    def session_id(self) -> int:
        """See `Store.session_id`."""
        return self._store.session_id

    @property
    def last_heard_s(self) -> float:
        """See `Store.last_heard_s`."""
        return self._store.last_heard_s

    def read(self, paths: Sequence[str]) -> list[Znode | None]:
        """See `Store.read`."""
        return self._store.read(paths)

    def read_each(self, paths: Sequence[str]) -> Iterator[Znode | None]:
        """See `Store.read_each`."""
        return self._store.read_each(paths)

    def children(self, paths: Sequence[str]) -> list[list[str] | None]:
        """See `Store.children`."""
        return self._store.children(paths)

    def commit(self, operations: Sequence[Operation]) -> list[str]:
        """See `Store.commit`."""
        self._made = self._store.commit(operations)
        return self._made

    def watch(self, path: str, on_change: Callable[[str], None], *, recursive: bool) -> None:
        """See `Store.watch`."""
        self._store.watch(path, on_change, recursive=recursive)

    def on_connection(self, listener: Callable[[Connection], None]) -> None:
        """See `Store.on_connection`."""
        self._store.on_connection(listener)

    def close(self) -> None:
        """Nothing: the connection is everybody's."""


class Service(Struct, frozen=True, kw_only=True):
    """What all requests share. host: this machine's short name, for the journal."""

    source: Source
    hub: Hub
    writers: ThreadPoolExecutor
    host: str
    allow_paths: tuple[str, ...] = ()
    streams: int = 100
    wall_clock: Callable[[], float] = time.time


class Seat(Struct, frozen=True, kw_only=True):
    """One request's place."""

    service: Service
    caller: Caller

    @property
    def cluster(self) -> Cluster:
        """The live snapshot; raises `Unavailable`."""
        return self.service.source.cluster()

    async def do(self, verb: Verb, wait_s: float = 0.0, *, dry_run: bool = False) -> Outcome:
        """Carry a verb out in the caller's name; with `wait_s` also wait for what becomes of it."""
        source, hub = self.service.source, self.service.hub
        source.cluster()
        noted = NotedStore(source.store)
        operator = self._operator(noted, dry_run=dry_run)
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self.service.writers, verb, operator)
        entry = noted.journalled(source.schema)
        if entry:
            await hub.until(lambda seen: bool(seen.journal) and seen.journal[-1].key >= entry, SEEN_LIMIT_S)
        standing = None
        if result.goal is not None and wait_s > 0:
            now = await hub.outcome(result.goal, wait_s)
            standing = Standing(text=now.text, done=now.done, failed=now.failed)
        tasks = result.goal.id.split(",") if result.goal is not None and result.goal.aim is Aim.TASK else []
        return Outcome(changed=result.changed, text=result.text, outcome=standing, tasks=tasks)

    async def read_log(self, ask: Verb, limit_s: float) -> LogLines:
        """A log that only a node has, once its daemon has answered; raises `Refused` when it does not in time."""
        asked = await self.do(ask)
        key = asked.tasks[0]
        await self.service.hub.until(lambda seen: key in seen.tasks and seen.tasks[key].has_ended, limit_s)
        operator = self._operator(self.service.source.store, dry_run=False)
        part = await self.read(lambda: logs.take_or_give_up(operator, key))
        return LogLines(lines=list(part.lines), place=part.place)

    async def read(self, reading: Callable[[], Read]) -> Read:
        """What takes long or asks the store, off the server's loop."""
        return await asyncio.get_running_loop().run_in_executor(self.service.writers, reading)

    def _operator(self, store: Store, *, dry_run: bool) -> Operator:
        source, service = self.service.source, self.service
        who = f"{self.caller.name}@{service.host}"
        return Operator(
            session=Session(store, source.schema, who=who, wall_clock=service.wall_clock),
            cluster=source.cluster,
            reload=lambda: load_cluster(source.store, source.schema),
            dry_run=dry_run,
        )


Here = NamedDependency[Seat]
"""How a route asks for its seat."""


def provide_seat(request: Request[Any, Any, Any]) -> Seat:
    """The place of the request that is being answered."""
    return Seat(service=request.app.state.service, caller=request.scope["caller"])  # type: ignore[typeddict-item]
