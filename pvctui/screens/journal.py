"""Screen 6: who did what, when and why; live, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on

from pvctui.commands import JOURNAL
from pvctui.rows.journal_rows import JOURNAL_COLUMNS, rows_of_journal, subject_of_key
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.screens.list_place import ListPlace
from pvctui.screens.place import Opened
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder


class JournalPlace(ListPlace):
    """The part of the journal that is kept in memory."""

    PLACE: ClassVar[str] = JOURNAL
    LIST_TITLE: ClassVar[str] = "Journal"
    HAS_DETAIL: ClassVar[bool] = False

    def make_table(self) -> LiveTable:
        """The newest first; a cursor on the newest stays on the newest."""
        order = SortOrder(column="when", descending=True)
        return LiveTable(
            JOURNAL_COLUMNS, order=order, empty_text="nothing has happened yet", follow_top=True, id="journal-table"
        )

    def changed_by(self, view: View) -> frozenset[str]:
        """Entries are only ever added; the oldest fall out of what is kept."""
        return frozenset(entry.key for entry in view.delta.journal)

    def put_rows(self, view: View, changed: set[str], *, everything: bool) -> None:
        """All that is kept; rows that are the same cost nothing."""
        if everything or changed:
            self.table.set_rows(rows_of_journal(view.cluster.journal, view.now_s))

    def tabs_of(self, key: str, view: View) -> tuple[str, Sequence[Tab]]:
        """An entry has no detail of its own."""
        return key, []

    def subject_of(self, key: str) -> str:
        """What the entry is about: its task, VM, volume or OSD where that still exists, else its node."""
        return subject_of_key(key, self.view.cluster) if self.view is not None else ""

    @on(LiveTable.RowSelected)
    def _jump(self, message: LiveTable.RowSelected) -> None:
        """To the subject, where it still exists."""
        message.stop()
        message.prevent_default()
        subject = self.subject_of(message.key)
        if subject:
            self.post_message(Opened(subject))
