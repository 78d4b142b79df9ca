"""One multi in the making: a change's writes, the indexes that follow from them, and the words for each path."""

from __future__ import annotations

from collections.abc import Iterable

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.node import Presence
from pvccore.model.record import NEW, Record
from pvccore.model.task import Task
from pvccore.model.vm import Definition, Placement
from pvccore.state.codec import encode
from pvccore.state.schema import NODE_KINDS, VM_KINDS, Schema
from pvccore.state.store import CheckVersion, Create, Delete, Operation, Put

NOBODY: frozenset[str] = frozenset()
_WORDS = {Kind.NODE_CONFIG: "config", Kind.ALIVE: "life", Kind.XML: "XML"}


class Multi:
    """The operations of one commit, in an order that the store accepts: checks, folders, documents, folders' ends."""

    def __init__(self, schema: Schema, change: Change) -> None:
        self._schema = schema
        self._vm = change.vm or _name_in(change)
        self._folders: list[Operation] = []
        self._documents: list[Operation] = []
        self._ends: list[Operation] = []
        self._words: dict[str, str] = {}

    @property
    def operations(self) -> list[Operation]:
        """What to commit."""
        return [*self._folders, *self._documents, *self._ends]

    def words_for(self, path: str) -> str:
        """What a failed operation was about, for people."""
        return self._words.get(path) or self._schema.words(path)

    def add(self, operation: Operation, words: str) -> None:
        """An operation on what is no record of the model."""
        self._documents.append(operation)
        self._words[operation.path] = words

    def check(self, checks: Iterable[Check]) -> None:
        """Conditions, before anything that is written."""
        for one in checks:
            path = self._schema.path(one.kind, one.key)
            self._folders.append(CheckVersion(path, one.version))
            self._words[path] = self._record_words(one.kind, one.key)

    def write(self, write: Write) -> None:
        """One record's compare-and-set with the indexes that follow from it."""
        before = None if write.before is None or write.before.version == NEW else write.before
        path = self._schema.path(write.kind, write.key)
        operation = _operation(write, path, before)
        if operation is not None:
            self.add(operation, self._record_words(write.kind, write.key))
        if write.kind is Kind.PLACEMENT:
            self._assign(write.key, before, write.after)
        elif write.kind is Kind.DEFINITION:
            self._define(write.key, before, write.after)
        elif write.kind is Kind.NODE_CONFIG:
            self._register(write.key, before, write.after)
        elif write.kind is Kind.TASK and _calls_daemons(before, write.after):
            self.add(Put(self._schema.tasks, b"", NEW), "the tasks")

    def write_presence(self, node: str, before: Presence | None, after: Presence) -> None:
        """The presence of a node's daemon."""
        self.write(Write(kind=Kind.PRESENCE, key=node, before=before, after=after))

    def _assign(self, uuid: str, before: Record | None, after: Record | None) -> None:
        was = before.assigned_to if isinstance(before, Placement) else NOBODY
        becomes = after.assigned_to if isinstance(after, Placement) else NOBODY
        for node in sorted(was | becomes):
            path = self._schema.assigned_to(node, uuid)
            self.add(
                _index(path, was=node in was, becomes=node in becomes), f"assignment of {self._vm or uuid} to {node}"
            )

    def _define(self, uuid: str, before: Record | None, after: Record | None) -> None:
        old = before.name if isinstance(before, Definition) else ""
        new = after.name if isinstance(after, Definition) else ""
        if before is None and after is not None:
            self._folder(Create(self._schema.vm(uuid)), f"VM {uuid}")
        if after is None and before is not None:
            self._end(self._schema.vm(uuid), f"VM {old}")
        if old == new:
            return
        if old:
            self.add(Delete(self._schema.name(old)), f"VM name {old}")
        if new:
            self.add(Create(self._schema.name(new), uuid.encode()), f"VM name {new}")

    def _register(self, node: str, before: Record | None, after: Record | None) -> None:
        own = [self._schema.node(node), self._schema.alive(node), self._schema.assigned_to(node)]
        for path in own if before is None and after is not None else ():
            self._folder(Create(path), f"node {node}")
        for path in reversed(own) if after is None and before is not None else ():
            self._end(path, f"node {node}")

    def _folder(self, operation: Create, words: str) -> None:
        self._folders.append(operation)
        self._words[operation.path] = words

    def _end(self, path: str, words: str) -> None:
        self._ends.append(Delete(path))
        self._words[path] = words

    def _record_words(self, kind: Kind, key: str) -> str:
        word = _WORDS.get(kind, kind.value)
        if kind in VM_KINDS:
            return f"{word} of {self._vm or key}"
        if kind in NODE_KINDS:
            return f"{word} of {key}"
        return "the manager lease" if kind is Kind.LEASE else word


def _operation(write: Write, path: str, before: Record | None) -> Operation | None:
    """The write itself; None when there is nothing to delete. An XML that nobody read is deleted at any version."""
    if write.after is None:
        if before is not None:
            return Delete(path, before.version)
        return Delete(path) if write.kind is Kind.XML and write.before is not None else None
    if before is None:
        return Create(path, encode(write.after))
    return Put(path, encode(write.after), before.version)


def _index(path: str, *, was: bool, becomes: bool) -> Operation:
    if was and becomes:
        return Put(path, b"", NEW)
    return Create(path) if becomes else Delete(path)


def _calls_daemons(before: Record | None, after: Record | None) -> bool:
    """Whether somebody must look at a task: a new one, or one that shall stop. Their folder is what daemons watch."""
    wanted_before = before.cancel_requested if isinstance(before, Task) else ""
    return isinstance(after, Task) and (before is None or after.cancel_requested != wanted_before)


def _name_in(change: Change) -> str:
    for write in change.writes:
        for record in (write.after, write.before):
            if isinstance(record, Definition) and record.name:
                return record.name
    return ""
