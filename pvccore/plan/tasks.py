"""What becomes of tasks: who may take one, which were interrupted by their executor's death, and which are old."""

from __future__ import annotations

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.model.task import INTERRUPTED, Task, TaskState
from pvccore.plan.effects import Plan, Step
from pvccore.plan.leftovers import plan_leftovers
from pvccore.plan.storage import LOOK_FIRST, STORAGE_VERBS
from pvccore.plan.watch import Watch

TASKS_KEPT = 200
"""How many tasks that have ended are kept, the newest."""
READINGS_KEPT = 8
"""How many answers that nobody took away are kept."""
PRUNED_AT_ONCE = 50
BEGIN_LIMIT_S = 60.0
"""A task waits for a node that has been absent for so long no longer."""


def may_take(task: Task, node: str, *, is_coordinator: bool) -> bool:
    """Whether the daemon of `node` may claim it."""
    return task.state is TaskState.WAITING and (task.runs_on == node or (not task.runs_on and is_coordinator))


def plan_tasks(cluster: Cluster, watch: Watch) -> Plan:
    """End what nobody carries out any more, have its leftovers removed, and forget the oldest that have ended."""
    lost = [task for _, task in sorted(cluster.tasks.items()) if is_orphan(cluster, task)]
    waiting = [task for _, task in sorted(cluster.tasks.items()) if task.state is TaskState.WAITING and task.runs_on]
    reasons = [(task, _why_nobody_begins(cluster, task, watch)) for task in waiting]
    ends = (
        *(_interrupted(task, watch.wall_s) for task in lost),
        *(_never_begun(task, watch.wall_s, why) for task, why in reasons if why),
    )
    left_s = [BEGIN_LIMIT_S - watch.absent_s[task.runs_on] for task, why in reasons if _is_awaited(task, why, watch)]
    steps = (*ends, *plan_leftovers(cluster, watch), *_pruned(cluster))
    return Plan(steps=steps, wake_at_s=watch.now_s + min(left_s) if left_s else None)


def is_orphan(cluster: Cluster, task: Task) -> bool:
    """Whether the daemon that claimed it is gone: its alive token, which is never used twice, is not there."""
    if task.state is not TaskState.RUNNING:
        return False
    node = cluster.nodes.get(task.claimed_by)
    return node is None or node.alive is None or node.alive.token != task.claim


def _why_nobody_begins(cluster: Cluster, task: Task, watch: Watch) -> str:
    """Why a task that waits for a node is not begun any more, "" while it may be: nobody else may take it."""
    node = cluster.nodes.get(task.runs_on)
    if node is None:
        return "is not a node of the cluster any more"
    if node.is_alive:
        return ""
    if node.fence.proven_off:
        return "is off"
    return "is not alive" if watch.absent_s.get(node.name, 0.0) >= BEGIN_LIMIT_S else ""


def _is_awaited(task: Task, why: str, watch: Watch) -> bool:
    return not why and task.runs_on in watch.absent_s


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
    verb = STORAGE_VERBS.get(task.verb)
    remedy = verb.interrupted_of(task.arguments) if verb else LOOK_FIRST
    return Step(change=ended(task, wall_s, error=f"{words}{at}; {remedy}"))


def _never_begun(task: Task, wall_s: float, why: str) -> Step:
    error = f"never begun: {task.runs_on} {why}"
    return Step(change=ended(task, wall_s, error=error))


def _pruned(cluster: Cluster) -> list[Step]:
    over = [task for _, task in sorted(cluster.tasks.items()) if task.has_ended]
    read = [task for task in over if task.only_reads]
    done = [task for task in over if not task.only_reads]
    surplus = [*read[:-READINGS_KEPT], *done[:-TASKS_KEPT]][:PRUNED_AT_ONCE]
    writes = tuple(Write(kind=Kind.TASK, key=task.key, before=task, after=None) for task in surplus)
    return [Step(change=Change(writes=writes, quiet=True))] if writes else []
