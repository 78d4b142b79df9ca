"""The journal as `pvc journal` shows it: the last entries, then new ones as they come."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event

from pvccli.output import Format, as_json, moment
from pvccli.seat import Seat
from pvccore.model.journal import JournalEntry
from pvccore.model.printable import printable
from pvccore.operations.reading import load_journal
from pvccore.operations.records import journal_record
from pvccore.state.live import LiveCluster

LOOK_AGAIN_S = 5.0
READ_FOR_A_FILTER = 10000
"""How many entries are looked through when only some are wanted."""


class Journal:
    """The entries that meet every given condition: about a VM, about a node, by somebody."""

    def __init__(self, seat: Seat, conditions: Mapping[str, str | None]) -> None:
        self._seat = seat
        self._conditions = {name: value for name, value in conditions.items() if value is not None}
        self._seen = ""

    def show(self, lines: int) -> None:
        """Print the newest entries, the newest last."""
        session = self._seat.operator.session
        read = max(lines, READ_FOR_A_FILTER) if self._conditions else lines
        newest = load_journal(session.store, session.schema, read)
        self._seen = newest[-1].key if newest else ""
        entries = [one for one in newest if self._meets(one)][-lines:]
        self._seat.show([journal_record(one) for one in entries], lambda: "\n".join(map(line, entries)))

    def follow(self) -> None:
        """Print new entries until interrupted."""
        self._seat.check_looks_on("--follow")
        woken = Event()
        session = self._seat.operator.session
        live = LiveCluster(session.store, session.schema, clock=time.monotonic, wake=woken.set)
        live.start()
        with suppress(KeyboardInterrupt):
            while True:
                self._say_new(live.refresh()[1].journal)
                woken.wait(LOOK_AGAIN_S)
                woken.clear()

    def _say_new(self, entries: Sequence[JournalEntry]) -> None:
        new = [entry for entry in entries if entry.key > self._seen]
        self._seen = new[-1].key if new else self._seen
        for entry in new:
            if self._meets(entry):
                self._seat.say(printable(self._one(entry)))

    def _meets(self, entry: JournalEntry) -> bool:
        return all(getattr(entry, name) == value for name, value in self._conditions.items())

    def _one(self, entry: JournalEntry) -> str:
        is_json = self._seat.format in (Format.JSON, Format.JSON_PRETTY)
        return as_json(journal_record(entry), Format.JSON) if is_json else line(entry)


def line(entry: JournalEntry) -> str:
    """One entry for a person."""
    why = f"  ({entry.why})" if entry.why else ""
    return f"{moment(entry.at)}  {entry.who:<20}  {entry.what}{why}"
