"""The live lists whose columns a person may choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.widget import Widget

from pvccore.model.struct import Struct
from pvctui.rows.journal_rows import JOURNAL_COLUMNS
from pvctui.rows.node_rows import NODE_COLUMNS
from pvctui.rows.resilience_rows import RESILIENCE_COLUMNS
from pvctui.rows.storage_rows import OSD_COLUMNS, POOL_COLUMNS
from pvctui.rows.task_rows import TASK_COLUMNS
from pvctui.rows.vm_rows import VM_COLUMNS
from pvctui.rows.volume_rows import SNAPSHOT_COLUMNS, VOLUME_COLUMNS
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.rows import Column


class ListColumns(Struct, frozen=True, kw_only=True):
    """One list: the id of its table, and all its columns."""

    table: str
    columns: Sequence[Column]


LISTS: Mapping[str, ListColumns] = {
    "nodes": ListColumns(table="node-table", columns=NODE_COLUMNS),
    "vms": ListColumns(table="vm-table", columns=VM_COLUMNS),
    "osds": ListColumns(table="osd-table", columns=OSD_COLUMNS),
    "pools": ListColumns(table="pool-table", columns=POOL_COLUMNS),
    "volumes": ListColumns(table="volume-table", columns=VOLUME_COLUMNS),
    "snapshots": ListColumns(table="snapshot-table", columns=SNAPSHOT_COLUMNS),
    "tasks": ListColumns(table="task-table", columns=TASK_COLUMNS),
    "journal": ListColumns(table="journal-table", columns=JOURNAL_COLUMNS),
    "resilience": ListColumns(table="resilience-table", columns=RESILIENCE_COLUMNS),
}


def column_names() -> dict[str, list[str]]:
    """Of every list the names of its columns, as the configuration knows them."""
    return {name: [column.key for column in entry.columns] for name, entry in LISTS.items()}


def choose_columns(places: Widget, chosen: Mapping[str, Sequence[str]]) -> None:
    """Let the lists of the screens show the columns that a person chose for them."""
    for name, keys in chosen.items():
        for table in places.query(f"#{LISTS[name].table}").results(LiveTable):
            table.choose_columns(keys)
