"""Logs that only a node has: asked for by a short task, answered by that node's daemon, taken away by who asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from pvccore.model.log import LINES, LINES_MAX, LogPart, log_part
from pvccore.model.struct import replace
from pvccore.model.task import NODE_LOG, VM_LOG, Task, TaskState
from pvccore.operations.operator import Operator, Result
from pvccore.operations.tasks import NewTask, request
from pvccore.state.codec import decode

ANSWER_LIMIT_S = 20.0
LOOK_EVERY_S = 0.1


def ask_vm_log(operator: Operator, vm: str, *, lines: int = LINES, after: str = "") -> Result:
    """Ask for what a VM's guest said last on its serial console, or after a place (`LogPart.place`)."""
    given = _given(lines, after)

    def decide(cluster: Cluster) -> NewTask:
        found = cluster.vm(vm)
        _check_answers(cluster, found.node, found.name)
        title = f"read the console log of {found.name}"
        return NewTask(
            verb=VM_LOG, title=title, arguments={**given, "vm": found.name}, vm=found.name, runs_on=found.node
        )

    return request(operator, decide)


def ask_node_log(operator: Operator, node: str, *, lines: int = LINES, after: str = "") -> Result:
    """Ask for what a node's daemon logged last, or after a place."""
    given = _given(lines, after)

    def decide(cluster: Cluster) -> NewTask:
        found = cluster.node(node)
        _check_answers(cluster, found.name, found.name)
        return NewTask(verb=NODE_LOG, title=f"read the log of {found.name}", arguments=given, runs_on=found.name)

    return request(operator, decide)


def take(operator: Operator, key: str) -> LogPart | None:
    """A task's answer, which is forgotten by that; None while there is none.

    Raises `Refused` with the daemon's reason.
    """
    task = _task(operator, key)
    if not task.has_ended:
        return None
    _forget(operator, task)
    if task.state is not TaskState.DONE:
        raise Refused(task.error or task.state)
    return log_part(task)


def wait_for_answer(
    operator: Operator, asked: Result, pause: Callable[[float], object], *, limit_s: float = ANSWER_LIMIT_S
) -> LogPart:
    """The answer once it is there; raises `Refused` when it does not come in time, and asks no longer."""
    key = asked.goal.id if asked.goal is not None else ""
    for _ in range(int(limit_s / LOOK_EVERY_S)):
        answer = take(operator, key)
        if answer is not None:
            return answer
        pause(LOOK_EVERY_S)
    return take_or_give_up(operator, key)


def take_or_give_up(operator: Operator, key: str) -> LogPart:
    """A task's answer; where there is none, it is asked for no longer, and that is `Refused`."""
    answer = take(operator, key)
    if answer is None:
        task = _task(operator, key)
        _forget(operator, task)
        raise Refused(f"the daemon of {task.runs_on} has not answered in time")
    return answer


def _task(operator: Operator, key: str) -> Task:
    path = operator.session.schema.path(Kind.TASK, key)
    (znode,) = operator.session.store.read([path])
    found = decode(Task, path, znode) if znode is not None else None
    if not isinstance(found, Task):
        raise NotFound("task", key)
    return replace(found, key=key)


def _forget(operator: Operator, task: Task) -> None:
    """Take the task away; what can't be is left to the manager, which keeps few of them."""
    with suppress(Conflict, Unavailable):
        write = Write(kind=Kind.TASK, key=task.key, before=task, after=None)
        operator.session.commit(Change(writes=(write,), quiet=True))


def _given(lines: int, after: str) -> dict[str, str]:
    if not 1 <= lines <= LINES_MAX:
        raise Invalid("lines", lines, f"must be from 1 to {LINES_MAX}")
    return {"lines": str(lines)} | ({"after": after} if after else {})


def _check_answers(cluster: Cluster, node: str, subject: str) -> None:
    """Raise `Refused` where nobody would answer."""
    known = cluster.nodes.get(node)
    if known is None:
        raise Refused(f"{subject}: it is on no node of the cluster, so nobody has its log")
    if not known.is_alive:
        raise Refused(f"{subject}: its log is with the daemon of {node}, which is not alive")
