"""Screen 1: what is wrong now, how full it is, the nodes at a glance, and what happened last."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from pvctui.commands import OVERVIEW
from pvctui.rows.attention import ATTENTION_COLUMNS, rows_of_troubles, troubles
from pvctui.rows.capacity import capacity_lines, capacity_of
from pvctui.rows.journal_rows import JOURNAL_COLUMNS, rows_of_journal, subject_of_key
from pvctui.rows.moments import clock
from pvctui.rows.node_rows import map_of_nodes
from pvctui.rows.view import View
from pvctui.screens.history import Seen
from pvctui.screens.place import Opened, Place
from pvctui.widgets.detail import Words
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.meter import age
from pvctui.widgets.node_map import NodeMap

LAST_ENTRIES = 30


class OverviewPlace(Place):
    """The screen that is read first."""

    PLACE: ClassVar[str] = OVERVIEW

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self.attention = LiveTable(ATTENTION_COLUMNS, extra_fields=("subject",), id="attention", header=False)
        self.whole_why = Words(id="whole-why", markup=False)
        self.capacity = Words(id="capacity", markup=False)
        self.map = NodeMap(id="map")
        self.last = LiveTable(
            JOURNAL_COLUMNS, empty_text="nothing has happened yet", follow_top=True, id="last-entries", header=False
        )
        self._view: View | None = None
        self._well_since_s = 0.0
        self._saw_it_mended = False

    def compose(self) -> ComposeResult:
        """Worst first, from top to bottom."""
        with Horizontal(id="upper"):
            with Vertical(id="attention-pane", classes="pane") as pane:
                pane.border_title = "Needs attention"
                yield self.attention
                yield self.whole_why
            with Vertical(id="capacity-pane") as pane:
                pane.border_title = "Capacity"
                yield self.capacity
        with Vertical(id="map-pane", classes="pane") as pane:
            pane.border_title = "Nodes"
            yield self.map
        with Vertical(id="last-pane", classes="pane") as pane:
            pane.border_title = "Journal"
            yield self.last

    def take(self, view: View) -> None:
        """Everything that the change may have touched."""
        is_first, self._view = self._view is None, view
        self._put_attention(view)
        if view.delta.nodes or view.changed_vms or view.delta.full or is_first:
            self.map.set_nodes(map_of_nodes(view))
        if view.delta.journal or view.delta.full or is_first:
            self.last.set_rows(rows_of_journal(view.cluster.journal[-LAST_ENTRIES:], view.now_s))
        if view.delta.full or is_first:
            self._put_capacity(view)
        self._show_age(view)

    def note(self, view: View) -> None:
        """Nothing is kept: all of it is made anew when shown, and nobody looked for trouble meanwhile."""
        self._view = None
        self._well_since_s = 0.0

    def tick(self, view: View) -> None:
        """Ages and the pulse go on."""
        self._show_age(view)
        self._put_attention(view)
        self._put_capacity(view)

    def _show_age(self, view: View) -> None:
        """What may be wrong by now is dim."""
        self.attention.stale = self.last.stale = not view.link.is_live
        self.set_class(not view.link.is_live, "-stale")

    def _put_attention(self, view: View) -> None:
        found = troubles(view) if view.link.age_s is not None else []
        if found or not self._well_since_s:
            self._well_since_s, self._saw_it_mended = view.now_s, bool(found)
        self.attention.empty_text = self._nothing_wrong(view)
        self.attention.set_rows(rows_of_troubles(found, view.now_s))
        self._show_why()

    def _nothing_wrong(self, view: View) -> str:
        if view.link.age_s is None:
            return view.link.trouble or "connecting …"
        if not view.cluster.nodes:
            return "no node has registered yet"
        if not view.link.is_live:
            return f"nothing was wrong {age(view.link.age_s)} ago; what is now is not known"
        at_least = "" if self._saw_it_mended else " at least"
        forecast = view.cluster.forecast
        but = "; but N−1 does not hold, see 7" if forecast.is_known and not forecast.holds else ""
        return f"✓ All well, since {clock(self._well_since_s)}{at_least}{but}"

    def _put_capacity(self, view: View) -> None:
        width = max(20, self.capacity.size.width)
        self.capacity.show_lines(capacity_lines(capacity_of(view.cluster), view.cluster, view.pulse, width))

    def fit(self) -> None:
        """Bars fit their pane."""
        if self._view is not None:
            self._put_capacity(self._view)

    @on(LiveTable.RowHighlighted, "#attention")
    def _show_why(self) -> None:
        """The whole of the reason that the column has no room for."""
        row = self.attention.cursor_row
        self.whole_why.show_lines([] if row is None else [((f"{row.value(0)}: ", "label"), row.text(1))])

    @on(LiveTable.RowSelected, "#attention")
    def _open_trouble(self, message: LiveTable.RowSelected) -> None:
        message.stop()
        subject = str(message.table.live_rows[message.key].fields.get("subject", ""))
        if subject:
            self.post_message(Opened(subject))

    @on(LiveTable.RowSelected, "#last-entries")
    def _open_entry(self, message: LiveTable.RowSelected) -> None:
        message.stop()
        self.post_message(Opened(f"entry {message.key}"))

    @on(NodeMap.NodeSelected)
    def _open_node(self, message: NodeMap.NodeSelected) -> None:
        message.stop()
        self.post_message(Opened(f"node {message.name}"))

    def seen(self) -> Seen:
        """The trouble under the cursor."""
        return Seen(place=self.PLACE, key=self.attention.cursor_key or "")

    def look_at(self, seen: Seen) -> None:
        """The same trouble, where it is still one."""
        self.attention.move_to(seen.key)

    @property
    def list_shown(self) -> LiveTable | None:
        """What happened last while the keyboard is there, else what needs attention."""
        return self.last if self.screen.focused is self.last else self.attention

    @property
    def subject(self) -> str:
        """What is under the cursor that has the keyboard: a node, what an entry is about, else a trouble's subject."""
        focused = self.screen.focused
        if focused is self.map:
            return f"node {self.map.cursor_name}" if self.map.cursor_name else ""
        if focused is self.last and self._view is not None:
            return subject_of_key(self.last.cursor_key or "", self._view.cluster)
        row = self.attention.cursor_row
        return "" if row is None else str(row.fields.get("subject", ""))

    def enter(self) -> None:
        """The list of troubles has the keyboard."""
        self.screen.set_focus(self.attention)
