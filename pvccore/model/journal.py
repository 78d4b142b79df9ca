"""The journal: who did what and why, written with the change it describes."""

from __future__ import annotations

from pvccore.model.record import Record


class JournalEntry(Record, frozen=True, kw_only=True):
    """One line of the journal.

    key: its sequential name in the store ("" before it is stored); orders entries.
    at: wall-clock seconds of the writer.
    who: person@host, or manager@node, or agent@node.
    """

    key: str = ""
    at: float = 0.0
    who: str = ""
    what: str = ""
    why: str = ""
    vm: str = ""
    node: str = ""
