"""The journal of one subject, as lines."""

from __future__ import annotations

from collections.abc import Callable

from pvccore.model.journal import JournalEntry
from pvctui.rows.lines import Line
from pvctui.rows.moments import moment
from pvctui.rows.view import View

MOST_LINES = 50


def journal_lines(view: View, fits: Callable[[JournalEntry], bool]) -> list[Line]:
    """The entries that fit, the newest first."""
    found = [entry for entry in reversed(view.cluster.journal) if fits(entry)][:MOST_LINES]
    if not found:
        return [(("nothing in the part of the journal that is shown", "dim"),)]
    return [line for entry in found for line in _lines(entry, view.now_s)]


def _lines(entry: JournalEntry, now_s: float) -> list[Line]:
    told: list[Line] = [((f"{moment(entry.at, now_s)}  ", "dim"), entry.what, (f"  {entry.who}", "dim"))]
    if entry.why:
        told.append(((f"          {entry.why}", "dim"),))
    return told
