"""Tasks as rows of a list, and one in detail."""

from __future__ import annotations

from collections.abc import Iterable

from pvccore.model.task import Task, TaskState
from pvctui.rows.journal_lines import journal_lines
from pvctui.rows.lines import BLANK, Line, labelled
from pvctui.rows.moments import ago, moment
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.widgets.meter import UNKNOWN, age, bar, percent
from pvctui.widgets.rows import Align, Cell, Column, Measure, Row

BAR_WIDTH = 8
MOST_RESULT_LINES = 1000

TASK_COLUMNS = (
    Column(key="task", title="TASK", width=24, min_width=16, max_width=60, weight=3, pinned=True),
    Column(key="state", title="STATE", width=11),
    Column(key="progress", title="PROGRESS", width=14, sortable=False),
    Column(key="by", title="ASKED BY", width=10, max_width=24, weight=1, from_width=104),
    Column(key="asked", title="ASKED", width=7, align=Align.RIGHT, measure=Measure.SECONDS),
    Column(key="took", title="TOOK", width=6, align=Align.RIGHT, measure=Measure.SECONDS, from_width=66),
    Column(key="node", title="NODE", width=8, max_width=20, weight=1, from_width=88),
    Column(key="why", title="RESULT", width=12, min_width=8, weight=4, from_width=76, sortable=False),
)
TASK_FIELDS = ("verb", "vm", "key")
STATE_LOOK = {
    TaskState.WAITING: ("○ waiting", ""),
    TaskState.RUNNING: ("→ running", "busy"),
    TaskState.DONE: ("✓ done", "ok"),
    TaskState.FAILED: ("✗ failed", "bad"),
    TaskState.CANCELLED: ("– cancelled", "dim"),
}


def rows_of_tasks(view: View, keys: Iterable[str] | None = None) -> list[Row]:
    """The rows of these tasks, or of all."""
    tasks = view.cluster.tasks
    wanted = tasks if keys is None else keys
    return [_row(key, tasks[key], view) for key in wanted if key in tasks]


def task_state(task: Task) -> Cell:
    """How far it is, in a word."""
    if task.cancel_requested and not task.has_ended:
        return ("→ stopping", "warn")
    return STATE_LOOK[task.state]


def task_why(task: Task, view: View) -> str:
    """What it is at, what it waits for, or what came of it; in one line."""
    if task.error:
        return task.error
    if task.has_ended:
        return task.result.partition("\n")[0]
    if task.cancel_requested:
        return f"{task.cancel_requested} wants it stopped"
    if task.text:
        return task.text
    from pvccore.operations.tasks import waits_for

    return waits_for(view.cluster, task)


def took_s(task: Task, now_s: float) -> float | None:
    """For how long it has been, or was, under way."""
    if not task.started_at:
        return None
    return max(0.0, (task.ended_at or now_s) - task.started_at)


def _progress(task: Task) -> Cell:
    if task.state is TaskState.WAITING or (task.has_ended and task.state is not TaskState.DONE):
        return ""
    if task.state is TaskState.DONE:
        return (f"{bar(1.0, BAR_WIDTH)} 100 %", "dim")
    return ("…", "busy") if task.progress < 0 else f"{bar(task.progress, BAR_WIDTH)} {percent(task.progress).rjust(5)}"


def _row(key: str, task: Task, view: View) -> Row:
    why, state = task_why(task, view), task_state(task)
    node = task.claimed_by or task.runs_on
    lasted_s = took_s(task, view.now_s)
    title = task.title or task.verb or key
    state_name = state if isinstance(state, str) else state[1]
    cells: tuple[Cell, ...] = (
        title,
        state,
        _progress(task),
        task.asked_by,
        ago(task.asked_at, view.now_s),
        age(lasted_s),
        node,
        (why, state_name if task.error else ""),
    )
    values = (title, task.state.value, task.progress, task.asked_by, view.now_s - task.asked_at, lasted_s, node, why)
    return Row(key=key, cells=cells, values=values, fields={"verb": task.verb, "vm": task.vm, "key": key})


def task_tabs(key: str, view: View) -> list[Tab]:
    """The tabs of a task."""
    task = view.cluster.tasks.get(key)
    if task is None:
        return [Tab(title="Gone", lines=lambda: [(("this task is not kept any more", "dim"),)])]
    return [
        Tab(title="Summary", lines=lambda: _summary(task, view)),
        Tab(title="Result", lines=lambda: _result(task)),
        Tab(title="Journal", lines=lambda: journal_lines(view, lambda entry: key in entry.why)),
    ]


def _summary(task: Task, view: View) -> list[Line]:
    why = task_why(task, view)
    lines: list[Line] = [labelled("state", task_state(task), "  ", _progress(task))]
    if why:
        lines.append(labelled("error" if task.error else "result" if task.has_ended else "at", why))
    lines += [
        labelled("asked by", task.asked_by or UNKNOWN, (f"  {moment(task.asked_at, view.now_s)}", "dim")),
        labelled("node", task.claimed_by or (task.runs_on or "any coordinator", "dim")),
        labelled("began", moment(task.started_at, view.now_s)),
        labelled("ended", moment(task.ended_at, view.now_s)),
        labelled("took", age(took_s(task, view.now_s))),
        BLANK,
        labelled("verb", task.verb),
        *(labelled(name, value) for name, value in task.arguments.items()),
        labelled("task", (task.key, "dim")),
    ]
    if task.may_be_cancelled:
        lines += [BLANK, (("x cancels it", "dim"),)]
    return lines


def _result(task: Task) -> list[Line]:
    text = task.error or task.result
    if not text:
        return [(("nothing yet" if not task.has_ended else "nothing to tell", "dim"),)]
    return [((line, "bad") if task.error else line,) for line in text.splitlines()[:MOST_RESULT_LINES]]
