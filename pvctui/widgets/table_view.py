"""What is seen of a live list: keyed rows in, and as few painted lines as the change needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import ClassVar

from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from pvccore.model.struct import Struct
from pvctui.widgets.columns import ColumnLayout, lay_out
from pvctui.widgets.live_rows import LiveRows, Update, hidden_field
from pvctui.widgets.ordering import SortOrder, SortThrottle
from pvctui.widgets.painting import paint_header, paint_message, paint_row
from pvctui.widgets.palette import TABLE_COMPONENTS, TABLE_CSS, Look, Palette, mix_palette
from pvctui.widgets.rows import Column, Row
from pvctui.widgets.selection import Marks
from pvctui.widgets.table_messages import MarksChanged, RowHighlighted, TableStatus, ViewChanged

HEADER_HEIGHT = 1
MOST_LINES_PAINTED_SINGLY = 8
MOST_STRIPS_KEPT = 2000


class Standpoint(Struct, frozen=True, kw_only=True):
    """Where a person's eyes are before the rows change: kept through the change."""

    place: int
    top: int
    top_key: str | None

    def line_in_sight(self, height: int) -> int | None:
        """The cursor's line in the window; None when it has been scrolled out."""
        line = self.place - self.top
        return line if 0 <= line < height else None


class TableView(ScrollView, can_focus=True, inherit_bindings=False):
    """A list of keyed rows that changes under one's eyes without jumping.

    Nothing here is clear-and-refill: rows are taken in by key, off-screen changes paint
    nothing, and the cursor stays on its row.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(TABLE_COMPONENTS)
    DEFAULT_CSS = TABLE_CSS

    virtual_size = Reactive(Size(0, 0))
    """Without layout: the style sheet says how high a table is, not how many rows there are."""

    def __init__(  # noqa: PLR0913 (each is a choice of the screen, given by name)
        self,
        columns: Sequence[Column],
        *,
        order: SortOrder | None = None,
        extra_fields: Iterable[str] = (),
        empty_text: str = "",
        follow_top: bool = False,
        header: bool = True,
        clock: Callable[[], float] = monotonic,
        id: str | None = None,  # noqa: A002 (Textual's word)
        classes: str | None = None,
    ) -> None:
        """`follow_top`: a cursor on the first row stays there, as in a journal. `header`: columns have titles."""
        super().__init__(id=id, classes=classes)
        fields = {name: hidden_field(name) for name in extra_fields}
        self.live_rows = LiveRows(columns, order=order, extra_fields=fields)
        self.marks = Marks()
        self.empty_text = empty_text
        self.header_height = HEADER_HEIGHT if header else 0
        self.cursor_key: str | None = None
        self._follow_top = follow_top
        self._clock = clock
        self._throttle = SortThrottle()
        self._sort_timer: Timer | None = None
        self._order_is_frozen = False
        self._held: dict[str, Row | None] | None = None
        self._is_stale = False
        self._is_wide = False
        self._scrolled_columns = 0
        self._chosen_columns: Sequence[str] = ()
        self._palette: Palette | None = None
        self._palette_is_right = False
        self._column_layout: ColumnLayout | None = None
        self._strips: dict[str, tuple[Row, Look, Strip]] = {}
        self._told_status = self.status

    # What the screen gives and asks.

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Make these all the rows there are; what is the same as before costs no painting."""
        if self._held is None:
            self._change(lambda: self.live_rows.replace(rows))
            return
        given = {row.key: row for row in rows}
        known = [*self.live_rows.keys(), *self._held]
        self._held.update({key: None for key in known if key not in given})
        self._held.update(given)

    def apply(self, changed: Iterable[Row], removed: Iterable[str] = ()) -> None:
        """Take in rows that are new or say something else, and drop those that are gone."""
        if self._held is None:
            self._change(lambda: self.live_rows.apply(changed, removed))
            return
        self._held.update(dict.fromkeys(removed))
        self._held.update({row.key: row for row in changed})

    def choose_columns(self, keys: Sequence[str]) -> None:
        """Show these columns alone, in this order; all can still be sorted and filtered by."""
        self._chosen_columns = keys
        self._columns_changed()

    def set_filter(self, text: str) -> str | None:
        """Show only what this filter lets through; an error in words, and all stays as it was."""
        if text == self.live_rows.filter.text:
            return None
        errors: list[str | None] = []
        self._rearrange(lambda: errors.append(self.live_rows.set_filter(text)))
        return errors[0]

    def set_order(self, order: SortOrder) -> None:
        """Sort by a column now, whatever the throttle says."""
        self._rearrange(lambda: self.live_rows.set_order(order))

    def sort_if_due(self) -> None:
        """Bring the rows in order if values moved meanwhile and the hand is at rest."""
        self._change(Update)

    def note_key(self) -> None:
        """A person is at work: the order stays for a moment."""
        self._throttle.note_key(self._clock())

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor."""
        return None if self.cursor_key is None else self.live_rows.get(self.cursor_key)

    @property
    def marked_keys(self) -> tuple[str, ...]:
        """The marked rows: those shown in their order, then those that the filter hides."""
        shown = [key for key in self.live_rows.shown if key in self.marks]
        return (*shown, *sorted(self.marks.keys.difference(shown)))

    @property
    def subject_keys(self) -> tuple[str, ...]:
        """What an action is about: the marked rows, else the one under the cursor."""
        return self.marked_keys or (() if self.cursor_key is None else (self.cursor_key,))

    @property
    def shown_rows(self) -> list[Row]:
        """The rows that pass the filter in their order, e.g. for an export."""
        return [row for row in map(self.live_rows.get, self.live_rows.shown) if row is not None]

    @property
    def stale(self) -> bool:
        """Whether the connection is lost, so that all rows are dimmed."""
        return self._is_stale

    @stale.setter
    def stale(self, value: bool) -> None:
        if value != self._is_stale:
            self._is_stale = value
            self.refresh()

    @property
    def status(self) -> TableStatus:
        """What is shown of what there is."""
        rows, hidden = self.live_rows, 0
        if self.marks.keys and rows.filter.predicate is not None:
            hidden = sum(rows.place_of(key) is None for key in self.marks.keys)
        return TableStatus(
            shown=len(rows.shown),
            total=len(rows),
            filter_text=rows.filter.text,
            sorted_by=rows.sorted_by,
            marked=len(self.marks),
            marked_hidden=hidden,
            range_is_open=self.marks.open_range is not None and not self.marks.open_range.held,
            order_frozen=self._order_is_frozen,
            paused=self._held is not None,
        )

    # Change without jumping.

    def _change(self, change: Callable[[], Update]) -> None:
        before = self._standpoint()
        was_empty = not self.live_rows.shown
        update = change()
        moved = self._sort_when_allowed(at_once=was_empty) or update.moved
        self._set_marks(self.marks.without(update.removed))
        if moved:
            self._settle(before)
        else:
            self._repaint(update.repaint)
        self._tell_status()

    def _rearrange(self, change: Callable[[], object]) -> None:
        """Do what a person asked of the order or the filter."""
        before = self._standpoint()
        change()
        self._throttle.note_sorted(self._clock())
        self._settle(before)
        self._tell_status()

    def _sort_when_allowed(self, *, at_once: bool) -> bool:
        held_still = self._order_is_frozen or self._held is not None
        if held_still or not self.live_rows.order_is_stale:
            return False
        now_s = self._clock()
        wait_s = self._throttle.due_in_s(now_s)
        if wait_s > 0 and not at_once:
            self._wake_in(wait_s)
            return False
        self._throttle.note_sorted(now_s)
        return self.live_rows.sort()

    def _wake_in(self, wait_s: float) -> None:
        if self._sort_timer is None and self.is_running:
            self._sort_timer = self.set_timer(wait_s, self._wake)

    def _wake(self) -> None:
        self._sort_timer = None
        self.sort_if_due()

    def _standpoint(self) -> Standpoint:
        top = self.scroll_offset.y
        shown = self.live_rows.shown
        return Standpoint(
            place=self.live_rows.place_of(self.cursor_key) or 0,
            top=top,
            top_key=shown[top] if top < len(shown) else None,
        )

    def _settle(self, before: Standpoint) -> None:
        """After rows moved: the cursor on its row, and that row on its line of the screen."""
        self.virtual_size = Size(self.window_width, self.header_height + len(self.live_rows.shown))
        place = self._place_after(before)
        line = before.line_in_sight(self.window_height)
        if line is not None:
            self._scroll_top_to(place - line)
        else:
            top = self.live_rows.place_of(before.top_key)
            self._scroll_top_to(before.top if top is None else top)
        self.refresh()

    def _place_after(self, before: Standpoint) -> int:
        """The cursor's new place: its row's, or its neighbour's when the row went."""
        place = self.live_rows.place_of(self.cursor_key)
        if self._follow_top and before.place == 0 and before.top == 0:
            place = None
        if place is None:
            shown = self.live_rows.shown
            place = max(0, min(before.place, len(shown) - 1))
            self._put_cursor_on(shown[place] if shown else None)
        return place

    def _put_cursor_on(self, key: str | None) -> None:
        if key != self.cursor_key:
            self.cursor_key = key
            self.post_message(RowHighlighted(self, key))

    def _set_marks(self, marks: Marks) -> None:
        if marks is self.marks:
            return
        before, self.marks = self.marks, marks
        changed = before.keys ^ marks.keys
        if changed:
            self._repaint(changed)
            self.post_message(MarksChanged(self, self.marked_keys))

    def _tell_status(self) -> None:
        status = self.status
        if status != self._told_status:
            self._told_status = status
            self.post_message(ViewChanged(self, status))

    # The window.

    @property
    def window_width(self) -> int:
        """How many cells a line has, the scrollbar's left out."""
        return self.scrollable_content_region.width

    @property
    def window_height(self) -> int:
        """How many rows are in sight."""
        return max(1, self.size.height - self.header_height)

    def _scroll_top_to(self, top: int) -> None:
        top = max(0, min(top, len(self.live_rows.shown) - self.window_height))
        if self.is_mounted and top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def _show_place(self, place: int) -> None:
        """Scroll just as far as needed to have this place in sight."""
        top = self.scroll_offset.y
        self._scroll_top_to(min(max(top, place - self.window_height + 1), place))

    def _repaint(self, keys: Iterable[str | None]) -> None:
        """Paint these rows where they are in sight: few by line, many by painting all once."""
        top, height = self.scroll_offset.y, self.window_height
        places = [self.live_rows.place_of(key) for key in keys]
        lines = [place - top for place in places if place is not None and 0 <= place - top < height]
        if len(lines) > MOST_LINES_PAINTED_SINGLY:
            self.refresh()
        elif lines:
            width = self.window_width
            self.refresh(*(Region(0, self.header_height + line, width, 1) for line in lines))

    # Painting.

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lay the columns out once for all lines of this painting."""
        width = self.window_width
        if self._column_layout is None or self._column_layout.width != width:
            self._column_layout = self._lay_out(width)
            self._strips.clear()
        if not self._palette_is_right:
            self._mix_palette()
        if len(self._strips) > MOST_STRIPS_KEPT:
            self._strips.clear()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of the window: the header, a row, or air."""
        layout, palette = self._column_layout, self._palette
        if layout is None or palette is None:
            return Strip.blank(self.window_width)
        if y < self.header_height:
            return paint_header(layout, self.live_rows.order, palette)
        shown = self.live_rows.shown
        place = y - self.header_height + self.scroll_offset.y
        if place < len(shown):
            return self._row_strip(shown[place], layout, palette)
        if not shown and y == (self.header_height + 1 if self.header_height else 0):
            text = "nothing matches the filter" if len(self.live_rows) else self.empty_text
            return paint_message(text, layout.width, palette.line + palette.states["dim"])
        return Strip.blank(layout.width, palette.line)

    def _row_strip(self, key: str, layout: ColumnLayout, palette: Palette) -> Strip:
        row = self.live_rows[key]
        look = Look(
            cursor=key == self.cursor_key,
            focused=self.has_focus,
            marked=key in self.marks,
            stale=self._is_stale,
        )
        kept = self._strips.get(key)
        if kept is not None and kept[0] is row and kept[1] == look:
            return kept[2]
        strip = paint_row(row, layout, look, palette)
        self._strips[key] = (row, look, strip)
        return strip

    def _lay_out(self, width: int) -> ColumnLayout:
        scrolled, chosen = self._scrolled_columns, self._chosen_columns
        return lay_out(self.live_rows.columns, width, scrolled=scrolled, wide=self._is_wide, chosen=chosen)

    def _columns_changed(self) -> None:
        self._column_layout = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Another theme, or only the keyboard."""
        super().notify_style_update()
        self._palette_is_right = False

    def _mix_palette(self) -> None:
        """Under another theme nothing painted before is right any more."""
        palette, self._palette_is_right = mix_palette(self), True
        if palette != self._palette:
            self._palette = palette
            self._strips.clear()

    def watch_virtual_size(self, size: Size) -> None:
        """More rows or fewer: the scrollbar follows, and comes or goes."""
        if self.container_size:
            self._scroll_update(size)

    def on_resize(self) -> None:
        """Another window: keep the cursor in sight."""
        self.virtual_size = Size(self.window_width, self.header_height + len(self.live_rows.shown))
        place = self.live_rows.place_of(self.cursor_key)
        if place is not None:
            self._show_place(place)
