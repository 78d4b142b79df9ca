"""What becomes of tasks: who may take one, which were interrupted by their executor's death, and which are old."""

from __future__ import annotations

from dataclasses import replace

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.task import INTERRUPTED, Task, TaskState
from pvccore.plan.effects import Plan, Step

TASKS_KEPT = 200
"""How many tasks that have ended are kept, the newest."""
READINGS_KEPT = 8
"""How many answers that nobody took away are kept."""
PRUNED_AT_ONCE = 50


def may_take(task: Task, node: str, *, is_coordinator: bool) -> bool:
    """Whether the daemon of `node` may claim it."""
    return task.state is TaskState.WAITING and (task.runs_on == node or (not task.runs_on and is_coordinator))


def plan_tasks(cluster: Cluster, wall_s: float) -> Plan:
    """End what nobody carries out any more, and forget the oldest that have ended."""
    lost = [task for _, task in sorted(cluster.tasks.items()) if is_orphan(cluster, task)]
    homeless = [task for _, task in sorted(cluster.tasks.items()) if is_homeless(cluster, task)]
    ends = (*(_interrupted(task, wall_s) for task in lost), *(_never_begun(task, wall_s) for task in homeless))
    return Plan(steps=(*ends, *_pruned(cluster)))


def is_orphan(cluster: Cluster, task: Task) -> bool:
    """Whether the daemon that claimed it is gone: its alive token, which is never used twice, is not there."""
    if task.state is not TaskState.RUNNING:
        return False
    node = cluster.nodes.get(task.claimed_by)
    return node is None or node.alive is None or node.alive.token != task.claim


def is_homeless(cluster: Cluster, task: Task) -> bool:
    """Whether it waits for a node that is not of the cluster any more: nobody would ever take it."""
    return task.state is TaskState.WAITING and bool(task.runs_on) and task.runs_on not in cluster.nodes


def ended(task: Task, wall_s: float, *, result: str = "", error: str = "") -> Change:
    """The end of a task: done, or failed with the error, or cancelled when somebody asked for that.

    result: in a line; further ones are kept as the task's `lines`.
    """
    words, *lines = result.split("\n")
    state = TaskState.FAILED if error else TaskState.DONE
    if error and task.cancel_requested and not error.startswith(INTERRUPTED):
        state = TaskState.CANCELLED
    progress = 1.0 if state is TaskState.DONE else task.progress
    after = replace(
        task,
        state=state,
        ended_at=wall_s,
        result=words,
        lines=tuple(lines),
        error=error,
        progress=progress,
        text="",
    )
    why = error or words[:200]
    return Change(
        writes=(Write(kind=Kind.TASK, key=task.key, before=task, after=after),),
        what=f"{task.title or task.verb}: {state}",
        why=why,
        vm=task.vm,
        node=task.claimed_by,
        quiet=task.only_reads,
    )


def _interrupted(task: Task, wall_s: float) -> Step:
    words = f"{INTERRUPTED}: the daemon of {task.claimed_by} ended while it was at it"
    at = f" ({task.text or f'{task.progress:.0%}'})" if task.text or task.progress > 0 else ""
    return Step(change=ended(task, wall_s, error=f"{words}{at}; look what is there before you ask again"))


def _never_begun(task: Task, wall_s: float) -> Step:
    error = f"never begun: {task.runs_on} is not a node of the cluster any more"
    return Step(change=ended(task, wall_s, error=error))


def _pruned(cluster: Cluster) -> list[Step]:
    over = [task for _, task in sorted(cluster.tasks.items()) if task.has_ended]
    read = [task for task in over if task.only_reads]
    done = [task for task in over if not task.only_reads]
    surplus = [*read[:-READINGS_KEPT], *done[:-TASKS_KEPT]][:PRUNED_AT_ONCE]
    writes = tuple(Write(kind=Kind.TASK, key=task.key, before=task, after=None) for task in surplus)
    return [Step(change=Change(writes=writes, quiet=True))] if writes else []
