"""The journal as rows of a list, the newest first."""

from __future__ import annotations

from collections.abc import Iterable

from pvccore.model.journal import JournalEntry
from pvctui.rows.moments import iso, moment
from pvctui.widgets.rows import Column, Row

JOURNAL_COLUMNS = (
    Column(key="when", title="WHEN", width=12, pinned=True),
    Column(key="who", title="WHO", width=14, max_width=24, weight=1),
    Column(key="what", title="WHAT", width=30, min_width=20, max_width=60, weight=2),
    Column(key="why", title="WHY", width=20, min_width=12, weight=3),
    Column(key="vm", title="VM", width=12, from_width=130),
    Column(key="node", title="NODE", width=10, from_width=130),
)


def rows_of_journal(entries: Iterable[JournalEntry], now_s: float) -> list[Row]:
    """The rows of these entries, newest first."""
    return [_row(entry, now_s) for entry in sorted(entries, key=lambda entry: entry.key, reverse=True)]


def _row(entry: JournalEntry, now_s: float) -> Row:
    return Row(
        key=entry.key,
        cells=((moment(entry.at, now_s), "dim"), entry.who, entry.what, entry.why, entry.vm, entry.node),
        values=(entry.key, entry.who, entry.what, entry.why, entry.vm, entry.node),
        fields={"when": iso(entry.at)},
    )
