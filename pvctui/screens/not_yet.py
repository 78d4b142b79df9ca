"""Screens 4 and 5, which have nothing to show before a node reports storage or runs tasks."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from pvctui.commands import STORAGE, TASKS
from pvctui.screens.place import Place
from pvctui.widgets.detail import Words


class NotYetPlace(Place):
    """Says what is missing instead of showing an empty list."""

    TEXT: ClassVar[tuple[str, ...]] = ()

    def compose(self) -> ComposeResult:
        """A few words."""
        words = Words(markup=False, classes="not-yet")
        words.show_lines([((self.TEXT[0], "strong"),), *(((line, "dim"),) for line in self.TEXT[1:])])
        yield words


class StoragePlace(NotYetPlace):
    """Ceph."""

    PLACE: ClassVar[str] = STORAGE
    TEXT: ClassVar[tuple[str, ...]] = ("No storage report yet.", "No daemon of this cluster reports Ceph's state.")


class TasksPlace(NotYetPlace):
    """Long requests."""

    PLACE: ClassVar[str] = TASKS
    TEXT: ClassVar[tuple[str, ...]] = ("No tasks yet.", "No request of this cluster runs as a task.")
