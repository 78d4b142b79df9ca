"""A small list of VMs, an app that shows nothing else, and a clock that stands until it is moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder
from pvctui.widgets.rows import Align, Column, Measure, Row
from pvctui.widgets.table_messages import TableMessage

COLUMNS = (
    Column(key="name", title="NAME", width=10, pinned=True),
    Column(key="status", title="STATUS", width=10),
    Column(key="memory", title="MEMORY", width=9, align=Align.RIGHT, measure=Measure.MEBIBYTES),
    Column(key="why", title="WHY", width=12, weight=1, sortable=False),
)

Said = TypeVar("Said", bound=TableMessage)


def vm(number: int, *, memory: int | None = None, status: str = "running", name: str | None = None) -> Row:
    name = f"web{number}" if name is None else name
    memory = number if memory is None else memory
    return Row(
        key=f"key{number}",
        cells=(name, (status, "ok"), f"{memory} M", ""),
        values=(name, status, memory, ""),
        fields={"tag": "prod" if number % 2 else "test"},
    )


def vms(count: int) -> list[Row]:
    return [vm(number) for number in range(count)]


class StandingClock:
    """Monotonic seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class CountingTable(LiveTable):
    """Notes which lines it was asked to paint."""

    painted: list[int]

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)


class TableApp(App[None]):
    """One table on the screen; every message it posts is kept."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "note_escape", "Back")]

    def __init__(
        self,
        rows: Iterable[Row] = (),
        *,
        columns: Sequence[Column] = COLUMNS,
        order: SortOrder | None = None,
        follow_top: bool = False,
    ) -> None:
        super().__init__()
        self.clock = StandingClock()
        self.table = CountingTable(
            columns,
            order=order or SortOrder(column="name"),
            extra_fields=("tag",),
            empty_text="no VMs yet",
            follow_top=follow_top,
            clock=self.clock,
        )
        self.table.painted = []
        self.said: list[Message] = []
        self._first_rows = list(rows)
        self.escaped = 0

    def action_note_escape(self) -> None:
        self.escaped += 1

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_rows(self._first_rows)
        self.table.focus()

    def lines(self) -> list[str]:
        """What the table's lines read now."""
        return [strip.text.rstrip() for strip in self.table.render_lines(self.table.size.region)]

    def names(self) -> list[str]:
        """The names in sight from top to bottom."""
        return [line[3:13].strip() for line in self.lines()[1:] if line.strip()]

    def on_live_table_row_highlighted(self, message: LiveTable.RowHighlighted) -> None:
        self.said.append(message)

    def on_live_table_row_selected(self, message: LiveTable.RowSelected) -> None:
        self.said.append(message)

    def on_live_table_marks_changed(self, message: LiveTable.MarksChanged) -> None:
        self.said.append(message)

    def on_live_table_view_changed(self, message: LiveTable.ViewChanged) -> None:
        self.said.append(message)

    def marked(self) -> tuple[str, ...]:
        """The marked rows, asked anew each time."""
        return self.table.marked_keys

    def heard(self, kind: type[Said]) -> list[Said]:
        """The messages of one kind so far."""
        return [message for message in self.said if isinstance(message, kind)]
