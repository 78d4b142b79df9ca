"""Screen 5: what was asked for that takes long, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pvctui.commands import TASKS
from pvctui.rows.tabs import Tab
from pvctui.rows.task_rows import TASK_COLUMNS, TASK_FIELDS, rows_of_tasks, task_tabs
from pvctui.rows.view import View
from pvctui.screens.list_place import ListPlace
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder


class TasksPlace(ListPlace):
    """The tasks, the newest first."""

    PLACE: ClassVar[str] = TASKS
    LIST_TITLE: ClassVar[str] = "Tasks"

    def make_table(self) -> LiveTable:
        """The newest first."""
        order = SortOrder(column="asked")
        return LiveTable(
            TASK_COLUMNS, order=order, extra_fields=TASK_FIELDS, empty_text="no task was asked for yet", id="task-table"
        )

    def changed_by(self, view: View) -> frozenset[str]:
        """Tasks that changed, and those whose command is on its way."""
        return view.delta.tasks | (view.delta.nodes & view.cluster.tasks.keys())

    def put_rows(self, view: View, changed: set[str], *, everything: bool) -> None:
        """All the first time, then what changed."""
        if everything:
            self.table.set_rows(rows_of_tasks(view))
        elif changed:
            gone = [key for key in changed if key not in view.cluster.tasks]
            self.table.apply(rows_of_tasks(view, changed), gone)

    def tick(self, view: View) -> None:
        """Ages go on."""
        super().tick(view)
        self.table.apply(rows_of_tasks(view))

    def tabs_of(self, key: str, view: View) -> tuple[str, Sequence[Tab]]:
        """A task's tabs."""
        task = view.cluster.tasks.get(key)
        return (task.title or task.verb) if task else key, task_tabs(key, view)

    def subject_of(self, key: str) -> str:
        """A task by its key."""
        return f"task {key}"
