"""Textual's own DataTable with as many rows, changed as often: `python -m bench.data_table VMS CHANGES_PER_S`."""

from __future__ import annotations

import random
import sys

from textual.app import App, ComposeResult
from textual.coordinate import Coordinate
from textual.widgets import DataTable

COLUMNS = ("NAME", "STATUS", "NODE", "PREVIOUS", "CPU", "TREND", "MEMORY", "LIMIT", "SELECTOR", "WHY")
STATUS, CPU = 1, 4
FRAMES_PER_S = 15


class TableApp(App[None]):
    """The table; a bell tells when it is filled, and when its cursor has moved."""

    def __init__(self, vms: int, changes_per_s: int) -> None:
        super().__init__()
        self._vms = vms
        self._per_frame = changes_per_s // FRAMES_PER_S
        self._chance = random.Random(2)

    def compose(self) -> ComposeResult:
        """The table alone."""
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Fill it, and change it from then on."""
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        table.add_rows(
            (f"vm-{number + 1:05}", "● running", f"hv{number % 500 + 1}", "", "3 %", "▁", "2/2 G", "any", "mem", "")
            for number in range(self._vms)
        )
        table.focus()
        self.set_interval(1 / FRAMES_PER_S, self._change)

    def _change(self) -> None:
        """What has come since the last frame."""
        table = self.query_one(DataTable)
        for row in self._chance.sample(range(self._vms), self._per_frame):
            state = self._chance.choice(("● running", "‖ paused"))
            table.update_cell_at(Coordinate(row, STATUS), state)
            table.update_cell_at(Coordinate(row, CPU), f"{self._chance.randrange(100)} %")

    def on_data_table_row_highlighted(self, _event: DataTable.RowHighlighted) -> None:
        """The bell rings once the cursor is painted where it is now."""
        self.call_after_refresh(self.bell)


if __name__ == "__main__":
    TableApp(int(sys.argv[1]), int(sys.argv[2])).run()
