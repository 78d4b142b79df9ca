"""The line over a list: what it is filtered by, how much of it is shown, and how it is sorted."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from pvctui.widgets.line import OneLine
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.table_messages import TableStatus


class FilterLine(Horizontal):
    """Always there, so that nothing jumps when a person begins to filter."""

    DEFAULT_CSS = """
    FilterLine {
        height: 1; padding: 0 1;
        & > #filter-sign { width: 2; display: none; }
        & > Input { display: none; width: 1fr; }
        & > #list-status { width: 2fr; }
        &.-open > #list-status { margin-left: 2; }
        &.-open > Input, &.-open > #filter-sign { display: block; }
    }
    """

    def __init__(self, table: LiveTable) -> None:
        """`table`: the list beneath."""
        super().__init__()
        self._table = table
        self._input = Input(
            compact=True, placeholder="words  a|b  !word  field:value  field>80  ~regex", select_on_focus=False
        )
        self._status = OneLine(id="list-status")

    def compose(self) -> ComposeResult:
        """What is typed, then what is shown."""
        yield OneLine((("/ ", "accent"),), id="filter-sign")
        yield self._input
        yield self._status

    def tell(self, status: TableStatus) -> None:
        """The list shows this much now."""
        self._status.show(((status.text(), "warn" if status.paused else "dim"),))

    def on_mount(self) -> None:
        """Say what is there."""
        self.tell(self._table.status)

    def open(self) -> None:
        """Type here from now on, with the very next key."""
        self.add_class("-open")
        self.screen.set_focus(self._input)

    def put(self, text: str) -> None:
        """Filter by this, as if it had been typed."""
        if not text:
            self.close()
            return
        self.add_class("-open")
        self._input.value = text
        self._table.set_filter(text)
        self.tell(self._table.status)

    def close(self) -> bool:
        """Show all rows again; whether it was open."""
        if not self.has_class("-open"):
            return False
        self._input.value = ""
        self._table.set_filter("")
        self.remove_class("-open")
        self.tell(self._table.status)
        return True

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        error = self._table.set_filter(message.value)
        if error is None:
            self.tell(self._table.status)
        else:
            self._status.show(((error, "bad"),))

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        """Into the list; an empty line closes."""
        message.stop()
        if not message.value.strip():
            self.close()
        self.screen.set_focus(self._table)
