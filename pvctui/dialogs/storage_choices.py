"""Menus' entries about storage and tasks, and the dialog that each of them opens."""

from __future__ import annotations

from collections.abc import Sequence

from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.palette import Entry
from pvctui.dialogs.storage_verb import StorageVerbDialog
from pvctui.dialogs.task_cancel import CHOICE, TaskCancelDialog
from pvctui.rows.storage_actions import (
    StorageAction,
    action_of_choice,
    actions_on,
    actions_on_many,
    every_action,
    refusal_of,
)
from pvctui.rows.view import View


def dialog_of(choice: str, view: View) -> Dialog | None:
    """The dialog behind an entry; None for an entry of another kind."""
    action = action_of_choice(choice)
    if action is not None:
        return StorageVerbDialog(view, action)
    return TaskCancelDialog(view, choice.removeprefix(CHOICE)) if choice.startswith(CHOICE) else None


def entries_on(subject: str, view: View, refusal: str, subjects: Sequence[str] = ()) -> list[Entry]:
    """What can be done about a row of Storage or Tasks, or about several marked ones; what can't, with the reason."""
    kind, _, key = subject.partition(" ")
    if kind == "task":
        return [_cancelling(key, view, refusal)]
    if len(subjects) > 1:
        return [_entry(action, refusal) for action in actions_on_many(subjects, view.cluster)]
    return [_entry(action, refusal or refusal_of(action, view.cluster)) for action in actions_on(subject, view.cluster)]


def all_entries(view: View, refusal: str) -> list[Entry]:
    """Every verb on the storage, for the palette."""
    return [_entry(action, refusal or refusal_of(action, view.cluster)) for action in every_action()]


def _entry(action: StorageAction, refusal: str) -> Entry:
    hint = action.verb.removeprefix("storage ")
    return Entry(choice=action.choice, name=action.of.help.rstrip("."), hint=hint, refusal=refusal)


def _cancelling(key: str, view: View, refusal: str) -> Entry:
    task = view.cluster.tasks.get(key)
    why = "" if task is not None and task.may_be_cancelled else "it has ended, or somebody wants it stopped already"
    return Entry(
        choice=f"{CHOICE}{key}", name="Cancel this task", hint=task.title if task else "", refusal=refusal or why
    )
