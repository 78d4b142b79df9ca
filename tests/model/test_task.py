"""A task has ended, or may be asked to."""

from __future__ import annotations

import pytest

from pvccore.model.task import Task, TaskState, task_key


@pytest.mark.parametrize(
    "state, ended",
    [
        (TaskState.WAITING, False),
        (TaskState.RUNNING, False),
        (TaskState.DONE, True),
        (TaskState.FAILED, True),
        (TaskState.CANCELLED, True),
    ],
)
def test_only_what_has_not_ended_may_be_cancelled(state: TaskState, ended: bool) -> None:
    task = Task(state=state)
    assert task.has_ended is ended
    assert task.may_be_cancelled is not ended
    assert not Task(state=state, cancel_requested="anna@ops1").may_be_cancelled


def test_keys_sort_by_when_a_task_was_asked_for() -> None:
    assert task_key(1_700_000_000.9, "00ffffffff") < task_key(1_700_000_001.0, "ff00000000")
