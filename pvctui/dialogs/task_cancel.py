"""Cancelling a task: says what that means where the task stands now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from pvccore.model.task import Task, TaskState
from pvctui.dialogs.dialog import Dialog
from pvctui.requests import cancel_task
from pvctui.rows.lines import Line
from pvctui.rows.view import View
from pvctui.widgets.detail import Words

CHOICE = "cancel-task "


def cancelling_lines(task: Task | None) -> list[Line]:
    """What cancelling would mean."""
    if task is None:
        return [(("this task is not kept any more", "dim"),)]
    if task.has_ended:
        return [((f"it has ended already: {task.state}", "warn"),)]
    if task.cancel_requested:
        return [((f"{task.cancel_requested} wants it stopped already", "warn"),)]
    if task.state is TaskState.WAITING:
        return [("Nobody has begun it: it will simply not be done.",)]
    at = f", at {task.text}" if task.text else ""
    return [(f"{task.claimed_by} is at it{at}.",), ("It is asked to stop where it can without leaving a half.",)]


class TaskCancelDialog(Dialog):
    """One task."""

    TITLE_TEXT = "Cancel a task"
    ACTION_TEXT = "Cancel the task"
    CANCEL_TEXT = "Leave it"

    def __init__(self, view: View, key: str) -> None:
        super().__init__(view)
        self._key = key
        self._words = Words(markup=False)

    def body(self) -> Sequence[Widget]:
        """Which, and what it means."""
        self._tell()
        return [self._words]

    def take(self, view: View) -> None:
        """It may end meanwhile."""
        super().take(view)
        self._tell()

    def _tell(self) -> None:
        task = self.view.cluster.tasks.get(self._key)
        title = (task.title or task.verb) if task else self._key
        self._words.show_lines([((title, "strong"),), *cancelling_lines(task)])

    def act(self) -> None:
        """Ask it to stop."""
        self.ask(cancel_task(self._key), f"task {self._key}", "cancelling the task")
