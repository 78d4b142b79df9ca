"""The journal as rows of a list, the newest first."""

from __future__ import annotations

from collections.abc import Iterable

from pvccore.model.cluster import Cluster
from pvccore.model.journal import JournalEntry
from pvctui.rows.moments import iso, moment
from pvctui.widgets.rows import Column, Row

JOURNAL_COLUMNS = (
    Column(key="when", title="WHEN", width=12, pinned=True),
    Column(key="who", title="WHO", width=13, min_width=10, max_width=24, weight=1),
    Column(key="what", title="WHAT", width=24, min_width=16, max_width=60, weight=3),
    Column(key="why", title="WHY", width=20, min_width=10, weight=4),
    Column(key="vm", title="VM", width=12, from_width=130),
    Column(key="node", title="NODE", width=10, from_width=130),
)


def rows_of_journal(entries: Iterable[JournalEntry], now_s: float) -> list[Row]:
    """The rows of these entries, newest first."""
    return [_row(entry, now_s) for entry in sorted(entries, key=lambda entry: entry.key, reverse=True)]


def subject_of_key(key: str, cluster: Cluster) -> str:
    """What the entry of this key is about; "" where it is not shown any more, or its subject is gone."""
    entry = next((entry for entry in cluster.journal if entry.key == key), None)
    return "" if entry is None else subject_of_entry(entry, cluster)


def subject_of_entry(entry: JournalEntry, cluster: Cluster) -> str:
    """What an entry is about, as `Opened` names it; "" for nothing that is still there."""
    words = [word.strip(",;:()") for word in f"{entry.why} {entry.what}".split()]
    tasks = [f"task {word}" for word in words if word in cluster.tasks]
    uuid = cluster.names.get(entry.vm, "")
    if tasks or uuid:
        return tasks[0] if tasks else f"vm {uuid}"
    for word in words:
        kind = _storage_kind(word, cluster)
        if kind:
            return f"{kind} {word.removeprefix('osd.')}"
    return f"node {entry.node}" if entry.node in cluster.nodes else ""


def _storage_kind(word: str, cluster: Cluster) -> str:
    number = word.removeprefix("osd.")
    if number != word:
        return "osd" if number.isdigit() and int(number) in cluster.storage.osds else ""
    return "volume" if "/" in word and cluster.storage.find(word) is not None else ""


def _row(entry: JournalEntry, now_s: float) -> Row:
    return Row(
        key=entry.key,
        cells=((moment(entry.at, now_s), "dim"), entry.who, entry.what, entry.why, entry.vm, entry.node),
        values=(entry.key, entry.who, entry.what, entry.why, entry.vm, entry.node),
        fields={"when": iso(entry.at)},
    )
