"""The one table that carries every live list: VMs, nodes, OSDs, volumes, tasks, the journal."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from textual import events
from textual.binding import BindingType

from pvctui.widgets import table_messages
from pvctui.widgets.columns import GUTTER_WIDTH
from pvctui.widgets.ordering import SortOrder, next_sort
from pvctui.widgets.table_bindings import textual_bindings
from pvctui.widgets.table_messages import RowSelected
from pvctui.widgets.table_view import TableView


class LiveTable(TableView, inherit_bindings=False):
    """A live list with its keys and its mouse; nothing in it changes the cluster."""

    BINDINGS: ClassVar[list[BindingType]] = [*textual_bindings()]

    RowHighlighted: TypeAlias = table_messages.RowHighlighted
    RowSelected: TypeAlias = table_messages.RowSelected
    MarksChanged: TypeAlias = table_messages.MarksChanged
    ViewChanged: TypeAlias = table_messages.ViewChanged

    # Moving.

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row by its key, in sight; whether that row is shown."""
        place = self.live_rows.place_of(key)
        if place is not None:
            self._move(place)
        return place is not None

    def action_cursor_down(self) -> None:
        self._move_by(1)

    def action_cursor_up(self) -> None:
        self._move_by(-1)

    def action_top(self) -> None:
        self._move(0)

    def action_bottom(self) -> None:
        self._move(len(self.live_rows.shown) - 1)

    def action_half_page_down(self) -> None:
        self._move_by(max(1, self.window_height // 2))

    def action_half_page_up(self) -> None:
        self._move_by(-max(1, self.window_height // 2))

    def action_page_down(self) -> None:
        self._move_by(max(1, self.window_height - 1))

    def action_page_up(self) -> None:
        self._move_by(-max(1, self.window_height - 1))

    def action_open(self) -> None:
        self.note_key()
        if self.cursor_key is not None:
            self.post_message(RowSelected(self, self.cursor_key))

    def _place(self) -> int:
        return self.live_rows.place_of(self.cursor_key) or 0

    def _move_by(self, rows: int) -> None:
        self._end_held_range()
        self._move(self._place() + rows)

    def _move(self, place: int) -> None:
        self.note_key()
        shown = self.live_rows.shown
        if not shown:
            return
        before, place = self.cursor_key, max(0, min(place, len(shown) - 1))
        self._put_cursor_on(shown[place])
        self._repaint({before, self.cursor_key} if before != self.cursor_key else ())
        self._show_place(place)
        self._stretch_range(place)

    # Columns and their order.

    def action_columns_left(self) -> None:
        self.note_key()
        if self._scrolled_columns > 0:
            self._scrolled_columns -= 1
            self._columns_changed()

    def action_columns_right(self) -> None:
        self.note_key()
        if self._lay_out(self.window_width).more_right:
            self._scrolled_columns += 1
            self._columns_changed()

    def action_wide(self) -> None:
        self.note_key()
        self._is_wide = not self._is_wide
        self._scrolled_columns = 0
        self._columns_changed()

    def action_sort_left(self) -> None:
        self._sort_beside(-1)

    def action_sort_right(self) -> None:
        self._sort_beside(1)

    def action_sort_reverse(self) -> None:
        order = self.live_rows.order
        if order is not None:
            self.set_order(order.reversed())

    def _sort_beside(self, step: int) -> None:
        order = next_sort(self.live_rows.columns, self.live_rows.order, step)
        if order is not None:
            self.set_order(order)

    def _sort_by(self, column_key: str) -> None:
        order = self.live_rows.order
        again = order is not None and order.column == column_key
        self.set_order(order.reversed() if again and order else SortOrder(column=column_key))

    # Stopping the movement.

    def action_freeze_order(self) -> None:
        """Rows stay where they are, values go on; again: they may move."""
        self._order_is_frozen = not self._order_is_frozen
        if not self._order_is_frozen:
            self._rearrange(self.live_rows.sort)
        self._tell_status()

    def action_pause(self) -> None:
        """Nothing changes on the screen; again: all that happened meanwhile is shown."""
        if self._held is None:
            self._held = {}
        else:
            held, self._held = self._held, None
            gone = [key for key, row in held.items() if row is None]
            self.apply([row for row in held.values() if row is not None], gone)
        self._tell_status()

    # Marking.

    def action_mark(self) -> None:
        """Mark the row and go on to the next."""
        if self.cursor_key is not None:
            self._mark(self.cursor_key)
            self._move_by(1)

    def action_mark_range(self) -> None:
        self.note_key()
        if self.marks.open_range is not None:
            self._set_marks(self.marks.range_ended())
        elif self.cursor_key is not None:
            self._set_marks(self.marks.range_begun(self.cursor_key))
        self._tell_status()

    def action_end_range(self) -> None:
        self._set_marks(self.marks.range_ended())
        self._tell_status()

    def action_extend_down(self) -> None:
        self._extend(1)

    def action_extend_up(self) -> None:
        self._extend(-1)

    def action_mark_all(self) -> None:
        self.note_key()
        self._set_marks(self.marks.all_or_none(self.live_rows.shown))
        self._tell_status()

    def clear_marks(self) -> None:
        """Take all marks away, e.g. after the action they were set for."""
        self._set_marks(self.marks.cleared())
        self._tell_status()

    def unmark(self, key: str) -> None:
        """Take one row's mark away, where it has one."""
        if key in self.marks:
            self._mark(key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc is the screen's own, but for an open range."""
        if action == "end_range":
            return self.marks.open_range is not None
        return super().check_action(action, parameters)

    def _mark(self, key: str) -> None:
        self._set_marks(self.marks.toggled(key))
        self._tell_status()

    def _extend(self, rows: int) -> None:
        if self.cursor_key is None:
            return
        if self.marks.open_range is None:
            self._set_marks(self.marks.range_begun(self.cursor_key, held=True))
        self._move(self._place() + rows)

    def _end_held_range(self) -> None:
        if self.marks.open_range is not None and self.marks.open_range.held:
            self._set_marks(self.marks.range_ended())

    def _stretch_range(self, place: int) -> None:
        if self.marks.open_range is None:
            return
        anchor = self.live_rows.place_of(self.marks.open_range.anchor)
        self._set_marks(self.marks.range_moved(self.live_rows.shown, anchor, place))
        self._tell_status()

    # The mouse.

    def on_click(self, event: events.Click) -> None:
        """Header: sort. Gutter: mark. Row: cursor, and open at the second click."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        if offset.y < self.header_height:
            self._click_header(offset.x)
            return
        place = offset.y - self.header_height + self.scroll_offset.y
        if place < len(self.live_rows.shown):
            self._click_row(place, in_gutter=offset.x < GUTTER_WIDTH, twice=event.chain == 2)  # noqa: PLR2004

    def _click_header(self, x: int) -> None:
        self.note_key()
        place = self._lay_out(self.window_width).column_at(x)
        if place is not None and place.column.sortable:
            self._sort_by(place.column.key)

    def _click_row(self, place: int, *, in_gutter: bool, twice: bool) -> None:
        self._end_held_range()
        self._move(place)
        if in_gutter:
            self._mark(self.live_rows.shown[place])
        elif twice:
            self.action_open()

    def on_mouse_scroll_down(self) -> None:
        """Somebody reads: the order stays for a moment."""
        self.note_key()

    def on_mouse_scroll_up(self) -> None:
        """Somebody reads: the order stays for a moment."""
        self.note_key()
