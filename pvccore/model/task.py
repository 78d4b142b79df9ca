"""A task: a request that takes long or must be carried out on one node, with its progress and its end."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pvccore.model.record import Record
from pvccore.model.struct import field


class TaskState(StrEnum):
    """How far a task is; failed, done and cancelled are for good."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED})
"""States that a task never leaves."""

VM_LOG, NODE_LOG = "vm log", "node log"
READING_VERBS = frozenset({VM_LOG, NODE_LOG})
"""Verbs that change nothing: no journal tells of them, and who asked takes the answer away."""

INTERRUPTED = "interrupted"
"""How the error of a task begins whose executor died: it may have done a part, and is never repeated by itself."""


class Task(Record, frozen=True, kw_only=True):
    """One long or node-bound request.

    key: its name in the store; sorts by when it was asked for. verb: the words typed after `pvc`.
    title: the request in one line, for people. arguments: name → value, as text.
    runs_on: the node that must carry it out; "" for any coordinator.
    asked_at, started_at, ended_at: wall-clock seconds of who wrote them, 0 for not yet.
    claimed_by, claim: the node whose daemon carries it out, and that daemon's alive token.
    progress: 0 to 1; -1 where nobody can say. text: what it is at now.
    result: what came of it, in words. lines: what else it tells, line by line, as of a log. error: why it failed.
    cancel_requested: who wants it stopped, "" for nobody; it stops where it can without leaving a half.
    """

    key: str = ""
    verb: str = ""
    title: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    vm: str = ""
    runs_on: str = ""
    state: TaskState = TaskState.WAITING
    asked_by: str = ""
    asked_at: float = 0.0
    claimed_by: str = ""
    claim: str = ""
    started_at: float = 0.0
    ended_at: float = 0.0
    progress: float = 0.0
    text: str = ""
    result: str = ""
    lines: tuple[str, ...] = ()
    error: str = ""
    cancel_requested: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it is over, well or not."""
        return self.state in ENDED

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing."""
        return self.verb in READING_VERBS

    @property
    def may_be_cancelled(self) -> bool:
        """Whether asking it to stop can still mean something."""
        return not self.has_ended and not self.cancel_requested


def task_key(asked_at: float, number: str) -> str:
    """The key of a task asked for at that moment; `number` keeps two of the same moment apart."""
    return f"{int(asked_at):010d}-{number[-8:]}"
