"""What a live list tells the screen around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from pvccore.model.struct import Struct

if TYPE_CHECKING:
    from pvctui.widgets.table_view import TableView


class TableMessage(Message):
    """Anything said by a live list; `table` is the one that says it."""

    def __init__(self, table: TableView) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> TableView:
        """The sender, so that handlers can be chosen by its id."""
        return self.table


class RowHighlighted(TableMessage, namespace="live_table"):
    """The cursor is on another row now; None when there is no row."""

    def __init__(self, table: TableView, key: str | None) -> None:
        super().__init__(table)
        self.key = key


class RowSelected(TableMessage, namespace="live_table"):
    """A person opens a row: Enter or a double click."""

    def __init__(self, table: TableView, key: str) -> None:
        super().__init__(table)
        self.key = key


class MarksChanged(TableMessage, namespace="live_table"):
    """Other rows are marked now."""

    def __init__(self, table: TableView, keys: tuple[str, ...]) -> None:
        super().__init__(table)
        self.keys = keys


class ViewChanged(TableMessage, namespace="live_table"):
    """The line that says what is shown (counts, order, filter, marks, pause) reads otherwise."""

    def __init__(self, table: TableView, status: TableStatus) -> None:
        super().__init__(table)
        self.status = status


class TableStatus(Struct, frozen=True, kw_only=True):
    """What a live list shows of what there is."""

    shown: int
    total: int
    filter_text: str = ""
    sorted_by: str = ""
    """The title of the sort column with its arrow; empty when rows stand as they came."""
    marked: int = 0
    marked_hidden: int = 0
    range_is_open: bool = False
    order_frozen: bool = False
    paused: bool = False

    def text(self) -> str:
        """The status in one line, e.g. `5 of 42     sort: memory ↓     2 marked`."""
        count = f"{self.shown} of {self.total}" if self.filter_text else f"{self.total}"
        parts = [count]
        if self.sorted_by:
            parts.append(f"sort: {self.sorted_by}")
        if self.marked:
            hidden = f", {self.marked_hidden} not shown" if self.marked_hidden else ""
            parts.append(f"{self.marked} marked{hidden}" + (", moving marks: m ends" if self.range_is_open else ""))
        if self.order_frozen:
            parts.append("order frozen")
        if self.paused:
            parts.append("PAUSED")
        return "     ".join(parts)
