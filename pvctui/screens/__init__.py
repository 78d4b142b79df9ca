"""The console's screens: one file each, one line each here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from pvccore.model.struct import Struct
from pvctui.commands import JOURNAL, NODES, OVERVIEW, RESILIENCE, STORAGE, TASKS, VMS

if TYPE_CHECKING:
    from pvctui.screens.place import Place


class ScreenEntry(Struct, frozen=True, kw_only=True):
    """A screen in the line of tabs: the key that leads there, its title, and the class of `pvctui.screens` it is."""

    key: str
    title: str
    place: str

    def make(self, name: str) -> Place:
        """A new one of this name; its file is loaded when it is first looked at."""
        made: Place = getattr(import_module(f"pvctui.screens.{name}"), self.place)(id=f"place-{name}")
        return made


PLACES: Mapping[str, ScreenEntry] = {
    OVERVIEW: ScreenEntry(key="1", title="Overview", place="OverviewPlace"),
    NODES: ScreenEntry(key="2", title="Nodes", place="NodesPlace"),
    VMS: ScreenEntry(key="3", title="VMs", place="VmsPlace"),
    STORAGE: ScreenEntry(key="4", title="Storage", place="StoragePlace"),
    TASKS: ScreenEntry(key="5", title="Tasks", place="TasksPlace"),
    JOURNAL: ScreenEntry(key="6", title="Journal", place="JournalPlace"),
    RESILIENCE: ScreenEntry(key="7", title="Resilience", place="ResiliencePlace"),
}
"""By the name of the place, which is its file's too."""
