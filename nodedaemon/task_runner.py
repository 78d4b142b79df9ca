"""The task runner: claims the tasks that this node may carry out, tells how far they are, and writes their end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from nodedaemon.lanes import Lanes
from nodedaemon.loop import Clock
from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.errors import Conflict, PvcError, Unavailable
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.plan.tasks import ended, may_take
from pvccore.state.codec import Undecodable, decode
from pvccore.state.session import Session
from pvccore.state.store import Connection

TASKS_AT_ONCE = 4
"""How many tasks one daemon carries out side by side."""
READINGS_AT_ONCE = 2
"""How many more, that only read: nobody who looks for a reason waits behind what takes hours."""
PROGRESS_EVERY_S = 1.0
"""How often progress is written down while something runs."""
LOOK_EVERY_S = 30.0
"""How often waiting tasks are looked at though nothing woke."""
NOT_ALIVE_PAUSE_S = 1.0
MAX_RESULT_CHARACTERS = 128 * 1024

log = logging.getLogger(__name__)


class Work:
    """One task being carried out: what its executor says of it, and whether it should stop. Safe from any thread."""

    def __init__(self, task: Task, wake: Callable[[], None]) -> None:
        self.task = task
        self.progress = 0.0
        self.text = ""
        self.should_stop = False
        self.has_ended = False
        self.result = self.error = ""
        self._wake = wake

    def tell(self, progress: float, text: str = "") -> bool:
        """How far it is, 0 to 1 (-1: nobody can say); answers whether to go on."""
        self.progress, self.text = progress, text or self.text
        return not self.should_stop

    def end(self, result: str = "", error: str = "") -> None:
        """Say how it ended, well or not."""
        self.result, self.error = result[-MAX_RESULT_CHARACTERS:], error
        self.has_ended = True
        self._wake()


TaskVerb = Callable[[Work], str]
"""Carries one task out and returns its result in words; raises one of the five errors. Called on any thread."""


class TaskExecutor(Protocol):
    """What carries tasks out."""

    def takes(self, task: Task) -> bool:
        """Whether it knows how to do that here."""

    def begin(self, work: Work) -> None:
        """Begin and return; `work.end` is called once, whatever happens."""


class ThreadedTasks:
    """Carries tasks out on threads of its own. verbs: verb → what does it."""

    def __init__(self, verbs: Mapping[str, TaskVerb]) -> None:
        self._verbs = verbs
        self._lanes = Lanes("tasks", TASKS_AT_ONCE + READINGS_AT_ONCE)

    def takes(self, task: Task) -> bool:
        return task.verb in self._verbs or bool(task.runs_on)

    def begin(self, work: Work) -> None:
        self._lanes.add(work.task.key, lambda: carry_out(self._verbs, work))

    def stop(self, limit_s: float = 5.0) -> bool:
        """Begin nothing more; whether all that was under way has ended within the limit."""
        return self._lanes.stop(limit_s)


def carry_out(verbs: Mapping[str, TaskVerb], work: Work) -> None:
    """Do one task from its beginning to its end."""
    result, error = "", "it broke off; see the daemon's log"
    try:
        verb = verbs.get(work.task.verb)
        if verb is None:
            error = f"this node can't do {work.task.verb!r}: it has no storage, or its daemon is of another version"
        else:
            result = verb(work)
            error = ""
    except PvcError as failure:
        error = str(failure) or type(failure).__name__
    finally:
        work.end(result, error)


class TaskLoop:
    """One daemon's part in the tasks. alive: this daemon's token, "" while it has none.

    Only the folder itself is watched, which whoever asks for a task (or for its end) touches: progress wakes nobody.
    """

    pause_s = 0.1

    def __init__(
        self,
        node: str,
        session: Session,
        clock: Clock,
        executor: TaskExecutor,
        wake: Callable[[], None],
        *,
        alive: Callable[[], str],
        is_coordinator: bool,
    ) -> None:
        self._node = node
        self._session = session
        self._clock = clock
        self._executor = executor
        self._wake = wake
        self._alive = alive
        self._is_coordinator = is_coordinator
        self._changed = threading.Event()
        self._changed.set()
        self._looked_at_s = clock.monotonic()
        self._token = ""
        self._over: set[str] = set()
        self._open: dict[str, Task] = {}
        self._works: dict[str, Work] = {}

    def start(self) -> None:
        """Watch for what is asked; raises `Unavailable`."""
        store = self._session.store
        store.watch(self._session.schema.tasks, self._note, recursive=False)
        store.on_connection(self._note_connection)

    def stop_all(self) -> None:
        """Ask everything that runs to stop where it can."""
        for work in list(self._works.values()):
            work.should_stop = True

    def step(self) -> float | None:
        """Look what is asked for, write how far things are and how they ended, and claim more."""
        if self._session.store.connection is not Connection.CONNECTED:
            return None
        now_s = self._clock.monotonic()
        token = self._alive()
        if token != self._token:
            self._begin_again(token)
        if not token:
            return now_s + NOT_ALIVE_PAUSE_S
        try:
            if self._changed.is_set() or now_s >= self._looked_at_s + LOOK_EVERY_S:
                self._changed.clear()
                self._look(now_s)
            for task in sorted(self._open.values(), key=lambda one: one.key):
                self._attend(task)
        except (Conflict, Unavailable):
            self._changed.set()
            raise
        return now_s + PROGRESS_EVERY_S if self._works else self._looked_at_s + LOOK_EVERY_S

    # Looking

    def _note(self, _path: str) -> None:
        self._changed.set()
        self._wake()

    def _note_connection(self, _connection: Connection) -> None:
        self._changed.set()
        self._wake()

    def _begin_again(self, token: str) -> None:
        """Another session: what was begun in the last one counts as interrupted, and is told to stop."""
        self.stop_all()
        self._works = {}
        self._token = token
        self._changed.set()

    def _look(self, now_s: float) -> None:
        """Read every task that may still concern us; one that has ended is read once and never again."""
        schema, store = self._session.schema, self._session.store
        names = store.children([schema.tasks])[0] or []
        self._over &= set(names)
        wanted = [name for name in names if name not in self._over]
        paths = [schema.path(Kind.TASK, name) for name in wanted]
        self._open = {}
        for name, path, znode in zip(wanted, paths, store.read(paths) if paths else [], strict=True):
            found = decode(Task, path, znode) if znode is not None else None
            if isinstance(found, Undecodable) or (isinstance(found, Task) and found.has_ended):
                self._over.add(name)
            elif isinstance(found, Task):
                self._open[name] = replace(found, key=name)
        self._looked_at_s = now_s

    # Acting

    def _attend(self, task: Task) -> None:
        if task.state is TaskState.RUNNING:
            if (task.claimed_by, task.claim) == (self._node, self._token):
                self._follow(task)
        elif may_take(task, self._node, is_coordinator=self._is_coordinator) and self._executor.takes(task):
            self._claim(task)

    def _claim(self, task: Task) -> None:
        alike = sum(work.task.only_reads is task.only_reads for work in self._works.values())
        if alike >= (READINGS_AT_ONCE if task.only_reads else TASKS_AT_ONCE):
            return
        after = replace(
            task, state=TaskState.RUNNING, claimed_by=self._node, claim=self._token, started_at=self._clock.wall()
        )
        self._commit(task, after)
        log.log(_level(task), "task %s begins: %s", task.key, task.title, extra={"node": self._node})
        self._begin(self._open[task.key])

    def _begin(self, task: Task) -> None:
        work = Work(task, self._wake)
        self._works[task.key] = work
        self._executor.begin(work)

    def _follow(self, task: Task) -> None:
        """Write down what has become of a task of ours; one whose claim we hold and never began is begun now."""
        work = self._works.get(task.key)
        if work is None:
            self._begin(task)
            return
        work.should_stop = work.should_stop or bool(task.cancel_requested)
        if work.has_ended:
            change = ended(task, self._clock.wall(), result=work.result, error=work.error)
            self._session.commit(change, self._guards())
            log.log(_level(task), "%s: %s", change.what, change.why, extra={"node": self._node})
            del self._works[task.key], self._open[task.key]
            self._over.add(task.key)
            self._changed.set()
            self._wake()
        elif (work.progress, work.text) != (task.progress, task.text):
            self._commit(task, replace(task, progress=work.progress, text=work.text))

    def _commit(self, before: Task, after: Task) -> None:
        write = Write(kind=Kind.TASK, key=before.key, before=before, after=after)
        self._session.commit(Change(writes=(write,), quiet=True), self._guards())
        # Nobody else writes a claimed task but to cancel it, and that wakes us to read it anew.
        self._open[before.key] = replace(after, version=before.version + 1)

    def _guards(self) -> tuple[Check, ...]:
        return (Check(kind=Kind.ALIVE, key=f"{self._node}/{self._token}"),)


def _level(task: Task) -> int:
    """Who reads a log does not want to read there that he reads it."""
    return logging.DEBUG if task.only_reads else logging.INFO
