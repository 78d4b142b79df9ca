"""The screens that are one live list with a detail beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.screens.history import Seen
from pvctui.screens.place import DetailWanted, Place
from pvctui.widgets.detail import Detail
from pvctui.widgets.filter_line import FilterLine
from pvctui.widgets.line import OneLine
from pvctui.widgets.live_table import LiveTable


class ListPlace(Place):
    """A live list with its line of filter and counts, and the detail of the row under the cursor."""

    LIST_TITLE: ClassVar[str] = ""
    HAS_DETAIL: ClassVar[bool] = True

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self.table = self.make_table()
        self.filter_line = FilterLine(self.table)
        self.detail = Detail(classes="pane") if self.HAS_DETAIL else None
        self.view: View | None = None
        self._is_new = True
        self._changed: set[str] = set()

    def make_table(self) -> LiveTable:
        """The list of this place."""
        raise NotImplementedError

    def put_rows(self, view: View, changed: set[str], *, everything: bool) -> None:
        """Give the table what is new."""
        raise NotImplementedError

    def changed_by(self, view: View) -> frozenset[str]:
        """The keys of rows that may read otherwise."""
        raise NotImplementedError

    def tabs_of(self, key: str, view: View) -> tuple[str, Sequence[Tab]]:
        """The name of a row's subject and the tabs of its detail."""
        raise NotImplementedError

    def subject_of(self, key: str) -> str:
        """A row's subject as `Opened` names it."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The list, and beside it the detail where there is room."""
        with Horizontal():
            with Vertical(classes="list-pane pane") as pane:
                pane.border_title = self.LIST_TITLE
                yield self.filter_line
                yield self.table
                if self.detail is not None:
                    yield OneLine(classes="why-line")
            if self.detail is not None:
                yield self.detail

    def note(self, view: View) -> None:
        """Collect the keys whose rows are to be made anew."""
        self._changed |= self.changed_by(view)
        self._is_new = self._is_new or view.delta.full

    def take(self, view: View) -> None:
        """Only rows that changed are made; only those that read otherwise are painted."""
        self.note(view)
        changed, self._changed = self._changed, set()
        everything, self._is_new = self._is_new, False
        self.view = view
        self.put_rows(view, changed, everything=everything)
        self._show_age(view)
        if everything or self.table.cursor_key in changed:
            self.show_detail()

    def tick(self, view: View) -> None:
        """Ages in the detail go on."""
        self.view = view
        self._show_age(view)
        self.show_detail()

    def _show_age(self, view: View) -> None:
        """What may be wrong by now is dim."""
        self.table.stale = not view.link.is_live
        self.set_class(not view.link.is_live, "-stale")

    def show_detail(self) -> None:
        """Say what is known of the row under the cursor."""
        if self.detail is None or self.view is None:
            return
        key = self.table.cursor_key
        if not self.detail.display:
            self._show_why()
            return
        if key is None:
            self.detail.about("", [])
        else:
            self.detail.about(*self.tabs_of(key, self.view))

    def _show_why(self) -> None:
        """Without a detail, the whole of the reason that the column has no room for."""
        row = self.table.cursor_row
        why = str(row.value(len(row.cells) - 1) or "") if row is not None else ""
        self.query_one(".why-line", OneLine).show(((f"{row.text(0)}: " if why and row else "", "dim"), why))

    @on(LiveTable.RowHighlighted)
    def _highlighted(self, message: LiveTable.RowHighlighted) -> None:
        """The cursor is painted first, then what is known of its row."""
        message.stop()
        self.call_after_refresh(self.show_detail)

    @on(LiveTable.RowSelected)
    def _selected(self, message: LiveTable.RowSelected) -> None:
        message.stop()
        if self.detail is not None and self.detail.display:
            self.detail.focus_lines()
        else:
            self.post_message(DetailWanted(self.subject_of(message.key)))

    @on(LiveTable.ViewChanged)
    def _view_changed(self, message: LiveTable.ViewChanged) -> None:
        message.stop()
        self.filter_line.tell(message.status)

    def fit(self) -> None:
        """There may be room for the detail now."""
        self.show_detail()

    def back(self) -> bool:
        """Out of the filter, then out of the detail."""
        if self.filter_line.close():
            self.screen.set_focus(self.table)
            return True
        if self.leave_full():
            return True
        if self.detail is not None and self.detail.has_pseudo_class("focus-within"):
            self.screen.set_focus(self.table)
            return True
        return False

    def filter(self) -> None:
        """Open the filter's line."""
        self.filter_line.open()

    def step_tab(self, steps: int) -> None:
        """Another tab of the detail."""
        if self.detail is not None:
            self.detail.step(steps)

    def point_at(self, subject: str) -> None:
        """Find the row of the subject; a filter that hides it goes."""
        key = subject.partition(" ")[2]
        if not self.table.move_to(key) and self.table.live_rows.get(key) is not None:
            self.filter_line.close()
            self.table.move_to(key)

    def seen(self) -> Seen:
        """The filter, the row under the cursor and the tab of its detail."""
        chosen = self.detail.chosen if self.detail is not None else ""
        filter_text, key = self.table.live_rows.filter.text, self.table.cursor_key or ""
        return Seen(place=self.PLACE, filter_text=filter_text, key=key, tab=chosen)

    def look_at(self, seen: Seen) -> None:
        """The same filter, and the cursor on the same row where it is still there."""
        self.filter_line.put(seen.filter_text)
        if self.detail is not None:
            self.detail.choose(seen.tab)
        self.table.move_to(seen.key)
        self.show_detail()

    @property
    def list_shown(self) -> LiveTable | None:
        """Its one list."""
        return self.table

    @property
    def subject(self) -> str:
        """The row under the cursor."""
        key = self.table.cursor_key
        return "" if key is None else self.subject_of(key)

    @property
    def subjects(self) -> Sequence[str]:
        """The marked rows in their order, those that a filter hides too; else the row under the cursor."""
        return [self.subject_of(key) for key in self.table.marked_keys] or super().subjects

    def unmark(self, subject: str) -> None:
        """Done: the mark goes."""
        self.table.unmark(subject.partition(" ")[2])

    def enter(self) -> None:
        """The list has the keyboard."""
        self.screen.set_focus(self.table)
