"""Verbs on tasks: one is asked for, looked at, cancelled. What carries tasks out is the node daemon's task runner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Refused
from pvccore.model.struct import Struct, field, replace
from pvccore.model.task import READING_VERBS, Task, TaskState, task_key
from pvccore.operations.operator import Decision, Operator, Result, already, carry_out
from pvccore.plan.outcome import Aim, Goal

MAX_OPEN = 200
"""How many tasks may wait or run at once; whoever asks for more is refused."""


class NewTask(Struct, frozen=True, kw_only=True):
    """What is asked for. verb: as typed after `pvc`. title: in one line. runs_on: a node, or "" for any coordinator."""

    verb: str
    title: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    vm: str = ""
    runs_on: str = ""


def request(operator: Operator, decide: Callable[[Cluster], NewTask]) -> Result:
    """Ask for a task. decide: checks the newest cluster, raising one of the errors, and says what is asked for."""
    key = task_key(operator.wall_clock(), operator.new_id())

    def decided(cluster: Cluster) -> Decision:
        new = decide(cluster)
        write = task_write(operator, cluster, key, new)
        change = Change(
            writes=(write,),
            what=new.title,
            why=f"task {key}",
            vm=new.vm,
            node=new.runs_on,
            quiet=new.verb in READING_VERBS,
        )
        goal = Goal(aim=Aim.TASK, id=key)
        return Decision(change=change, result=Result(text=f"{new.title}: task {key}", goal=goal))

    return carry_out(operator, decided)


def task_write(operator: Operator, cluster: Cluster, key: str, new: NewTask) -> Write:
    """The creation of a task, for a change that may do more; raises `Refused` when too many are open."""
    if sum(not task.has_ended for task in cluster.tasks.values()) >= MAX_OPEN:
        raise Refused(f"{MAX_OPEN} tasks are open already; wait for some, or cancel them")
    task = Task(
        key=key,
        verb=new.verb,
        title=new.title,
        arguments=dict(new.arguments),
        vm=new.vm,
        runs_on=new.runs_on,
        asked_by=operator.who,
        asked_at=operator.wall_clock(),
    )
    return Write(kind=Kind.TASK, key=key, before=None, after=task)


def cancel(operator: Operator, key: str) -> Result:
    """End a task that waits; ask the executor of one that runs to stop where it can without leaving a half."""

    def decide(cluster: Cluster) -> Decision:
        task = cluster.task(key)
        goal = Goal(aim=Aim.TASK, id=key)
        if task.has_ended:
            raise Refused(f"task {key} has ended already: {task.state}")
        if task.cancel_requested:
            return already(f"task {key} is being cancelled by {task.cancel_requested}", goal)
        waits = task.state is TaskState.WAITING
        after = replace(task, cancel_requested=operator.who)
        if waits:
            after = replace(after, state=TaskState.CANCELLED, ended_at=operator.wall_clock(), error="cancelled")
        change = Change(
            writes=(Write(kind=Kind.TASK, key=key, before=task, after=after),),
            what=f"cancel {task.title or task.verb}",
            why=f"task {key}",
            vm=task.vm,
            node=task.claimed_by or task.runs_on,
        )
        text = f"task {key} is cancelled" if waits else f"task {key} is asked to stop"
        return Decision(change=change, result=Result(text=text, goal=None if waits else goal))

    return carry_out(operator, decide)


def waits_for(cluster: Cluster, task: Task) -> str:
    """Why a waiting task is not carried out yet; "" when it is only a moment's matter."""
    if task.state is not TaskState.WAITING or not task.runs_on:
        return ""
    node = cluster.nodes.get(task.runs_on)
    if node is None:
        return f"{task.runs_on} is no node of the cluster any more"
    return "" if node.is_alive else f"waits for the daemon of {task.runs_on}"


def task_record(cluster: Cluster, task: Task) -> dict[str, Any]:
    """One task for machines; None where there is nothing to say."""
    return {
        "task": task.key,
        "verb": task.verb,
        "title": task.title,
        "state": task.state.value,
        "progress": round(task.progress, 3) if task.progress >= 0 else None,
        "text": task.text or waits_for(cluster, task) or None,
        "runs_on": task.runs_on or None,
        "claimed_by": task.claimed_by or None,
        "asked_by": task.asked_by,
        "asked_at": task.asked_at,
        "started_at": task.started_at or None,
        "ended_at": task.ended_at or None,
        "result": "\n".join((task.result, *task.lines)) or None,
        "error": task.error or None,
        "cancel_requested": task.cancel_requested or None,
        "vm": task.vm or None,
        "arguments": dict(task.arguments),
    }


def task_records(cluster: Cluster) -> list[dict[str, Any]]:
    """Every task, the newest first."""
    return [task_record(cluster, task) for _, task in sorted(cluster.tasks.items(), reverse=True)]
