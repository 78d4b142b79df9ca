"""A cluster's memory as a file: JSON lines of every stored document, and the way back.

What dies with a session (who is alive, who holds the lease) is no part of it, nor is what is true for a moment only
(reports; that the start-up grace is over). The first line says what the file is,
the last how many documents it has: half a file is never taken for a whole one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pvccore.model.change import Change
from pvccore.model.errors import Conflict, Invalid, Refused
from pvccore.model.naming import natural_items
from pvccore.operations.operator import Result
from pvccore.operations.reading import load_cluster
from pvccore.state.codec import MAX_DOCUMENT_BYTES
from pvccore.state.schema import SCHEMA_VERSION, TOP, Schema, ancestors_and_self, base_name, is_below, join
from pvccore.state.session import Session
from pvccore.state.store import Create, Delete, Operation, Store
from pvccore.state.upgrade import check_no_pvc_1, check_schema

FORMAT = "pvc-backup"
FORMAT_VERSION = 1
BATCH_OPERATIONS = 200
BATCH_BYTES = 500_000
MAX_LINE_CHARACTERS = 2 * MAX_DOCUMENT_BYTES
MAX_DOCUMENTS = 2_000_000


def backup(store: Store, schema: Schema, *, at: float) -> Iterator[str]:
    """The lines of a backup. Documents change while it is made: each is whole, and the tree is checked by restore."""
    check_schema(store, schema)
    yield _line({"format": FORMAT, "version": FORMAT_VERSION, "schema": SCHEMA_VERSION, "at": at})
    count, digest = 0, hashlib.sha256()
    for path, data in _documents(store, schema):
        if is_below(path, schema.reports) or is_below(path, schema.manager):
            continue
        line = _line(_entry(schema.relative(path), data))
        digest.update(line.encode())
        count += 1
        yield line
    yield _line({"documents": count, "sha256": digest.hexdigest()})


def restore(
    session: Session,
    lines: Iterable[str],
    *,
    force: bool = False,
    confirm: Callable[[int], None] = lambda _documents: None,
) -> Result:
    """Make the cluster's tree of a backup's lines.

    Refused where a cluster lives: with daemons alive always, and otherwise unless `force` says to replace it. Raises
    `Invalid` for what is no whole backup, before anything is written. confirm: is told how many documents there are
    once nothing speaks against it, and raises where a person says no.
    """
    store, schema = session.store, session.schema
    entries = parsed(schema, lines)
    makings = _makings(schema, entries)
    check_no_pvc_1(store, schema)
    if store.read([schema.version])[0] is not None:
        _check_replaceable(store, schema, force=force)
    confirm(len(entries))
    _remove(store, schema)
    _make(store, schema, makings)
    session.commit(Change(writes=(), what="cluster restored from a backup", why=f"{len(entries)} documents"))
    return Result(text=f"{len(entries)} documents are restored")


def parsed(schema: Schema, lines: Iterable[str]) -> list[tuple[str, bytes]]:
    """Path below the root and bytes of every document, parents first; raises `Invalid` naming the line."""
    found: dict[str, bytes] = {}
    digest, head, tail = hashlib.sha256(), None, None
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_CHARACTERS or number > MAX_DOCUMENTS:
            raise Invalid("backup", f"line {number}", "is too large")
        if tail is not None:
            raise Invalid("backup", f"line {number}", "comes after the end")
        document = _object(line, number)
        if head is None:
            head = _checked_head(document)
        elif "documents" in document:
            tail = document
        else:
            path, data = _parsed_entry(schema, document, number)
            found[path] = data
            digest.update((line.rstrip("\n") + "\n").encode())
    if tail is None or tail.get("documents") != len(found) or tail.get("sha256") != digest.hexdigest():
        raise Invalid("backup", "its end", "does not fit what comes before: the file is damaged or not whole")
    return sorted(found.items())


def _documents(store: Store, schema: Schema) -> Iterator[tuple[str, bytes]]:
    """Every persistent node of the tree below its root, parents first."""
    folders = [schema.root]
    while folders:
        names = store.children(folders)
        paths = [join(folder, name) for folder, found in zip(folders, names, strict=True) for name in found or ()]
        if folders == [schema.root]:
            paths = [path for path in paths if base_name(path) in TOP]
        kept = [
            (path, znode.data)
            for path, znode in zip(paths, store.read(paths) if paths else [], strict=True)
            if znode is not None and not znode.owner
        ]
        yield from kept
        folders = [path for path, _ in kept]


def _entry(path: str, data: bytes) -> dict[str, str]:
    try:
        return {"path": path, "text": data.decode()}
    except UnicodeDecodeError:
        return {"path": path, "base64": base64.b64encode(data).decode()}


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Invalid("backup", f"line {number}", "is no JSON object")
    return document


def _checked_head(document: dict[str, Any]) -> dict[str, Any]:
    if document.get("format") != FORMAT or document.get("version") != FORMAT_VERSION:
        raise Invalid("backup", "line 1", f"does not begin a {FORMAT} of version {FORMAT_VERSION}")
    if document.get("schema") != SCHEMA_VERSION:
        raise Invalid("backup", document.get("schema"), f"is not the schema version {SCHEMA_VERSION} of this program")
    return document


def _parsed_entry(schema: Schema, document: dict[str, Any], number: int) -> tuple[str, bytes]:
    path, text, coded = document.get("path"), document.get("text"), document.get("base64")
    try:
        schema.absolute(str(path))
        if isinstance(text, str):
            return str(path), text.encode()
        if isinstance(coded, str):
            return str(path), base64.b64decode(coded, validate=True)
    except (ValueError, Invalid):
        pass
    raise Invalid("backup", f"line {number}", "has no document with its path")


def _check_replaceable(store: Store, schema: Schema, *, force: bool) -> None:
    cluster = load_cluster(store, schema, journal_shown=1)
    alive = [name for name, node in natural_items(cluster.nodes) if node.is_alive]
    if alive or cluster.leases:
        raise Refused(f"the cluster lives: daemons of {', '.join(alive) or 'a manager'} run; stop them first")
    if not force:
        raise Refused(
            f"there is a cluster already, with {len(cluster.nodes)} nodes and {len(cluster.vms)} VMs; "
            "--force replaces it"
        )


def _makings(schema: Schema, entries: Sequence[tuple[str, bytes]]) -> list[Create]:
    """What makes the tree: its folders and documents, last the schema version, without which it is no cluster yet."""
    given = {schema.absolute(path): data for path, data in entries}
    for folder in schema.folders():
        given.setdefault(folder, b"")
    if schema.version not in given or schema.settings not in given:
        raise Invalid("backup", "its documents", "are not those of a cluster")
    version = given.pop(schema.version)
    makings = [_making(schema, path, data) for path, data in sorted(given.items())]
    return [*makings, Create(schema.version, version)]


def _making(schema: Schema, path: str, data: bytes) -> Create:
    """A document's creation. The journal is numbered anew: ZooKeeper counts on from what it has seen made itself."""
    if is_below(path, schema.journal):
        return Create(schema.journal_prefix, data, sequential=True)
    return Create(path, data)


def _remove(store: Store, schema: Schema) -> None:
    """What is there of a tree, its schema version first: half a tree is no cluster."""
    paths = [path for path, _ in _documents(store, schema)]
    paths.sort(key=lambda path: (path != schema.version, _depth(path)))
    for batch in _batches([Delete(path) for path in paths]):
        store.commit(batch)


def _depth(path: str) -> int:
    """The deepest first."""
    return -len(ancestors_and_self(path))


def _make(store: Store, schema: Schema, makings: Sequence[Create]) -> None:
    there = store.read(schema.ancestors())
    folders = [Create(path) for path, znode in zip(schema.ancestors(), there, strict=True) if znode is None]
    try:
        for batch in _batches([*folders, *makings]):
            store.commit(batch)
    except Conflict as conflict:
        raise Refused(f"somebody else makes this tree: {base_name(conflict.subject)} {conflict.reason}") from None


def _batches(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """As many at a time as ZooKeeper takes in one request."""
    batch: list[Operation] = []
    size = 0
    for one in operations:
        weight = len(one.path) + len(one.data if isinstance(one, Create) else b"") + 64
        if batch and (len(batch) >= BATCH_OPERATIONS or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += weight
    if batch:
        yield batch
