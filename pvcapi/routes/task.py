"""`/task`: long or node-bound requests, and what became of them."""

from __future__ import annotations

from litestar import Response, Router, delete, get

from pvcapi.auth import operator
from pvcapi.details import answer, page
from pvcapi.filtering import matching
from pvcapi.parameters import Filter, Limit, Offset, StateFilter, TaskPath, Wait
from pvcapi.problems import READING, WRITING, documented
from pvcapi.seat import Here
from pvcapi.shapes import Outcome, TaskRecord
from pvccore.operations import tasks

reading = documented(READING)
writing = documented(WRITING)


@get("", responses=reading)
async def list_tasks(
    seat: Here,
    in_state: StateFilter = None,
    vm: Filter = None,
    verb: Filter = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[list[TaskRecord]]:
    """List tasks, the newest first. X-Total-Count: how many there are without limit."""
    wanted = {"state": in_state, "vm": vm, "verb": verb}
    return page(matching(tasks.task_records(seat.cluster), wanted), limit, offset)


@get("/{task:str}", responses=reading)
async def show(seat: Here, task: TaskPath) -> Response[TaskRecord]:
    """Show a task: how far it is, what came of it, or why it failed."""
    cluster = seat.cluster
    return answer(tasks.task_record(cluster, cluster.task(task)))


@delete("/{task:str}", guards=[operator], responses=writing, status_code=200)
async def cancel(seat: Here, task: TaskPath, wait_s: Wait = 0.0) -> Outcome:
    """Cancel a task that waits; ask one that runs to stop where it can without leaving a half."""
    return await seat.do(lambda by: tasks.cancel(by, task), wait_s)


ROUTER = Router("/task", route_handlers=[list_tasks, show, cancel], tags=["task"])
