"""The console's screens: one file each, one line each here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvctui.screens.journal import JournalPlace
from pvctui.screens.nodes import NodesPlace
from pvctui.screens.overview import OverviewPlace
from pvctui.screens.place import Place
from pvctui.screens.resilience import ResiliencePlace
from pvctui.screens.storage import StoragePlace
from pvctui.screens.tasks import TasksPlace
from pvctui.screens.vms import VmsPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenEntry:
    """A screen in the line of tabs: the key that leads there, its title, and what makes it."""

    key: str
    title: str
    place: type[Place]


SCREENS: tuple[ScreenEntry, ...] = (
    ScreenEntry(key="1", title="Overview", place=OverviewPlace),
    ScreenEntry(key="2", title="Nodes", place=NodesPlace),
    ScreenEntry(key="3", title="VMs", place=VmsPlace),
    ScreenEntry(key="4", title="Storage", place=StoragePlace),
    ScreenEntry(key="5", title="Tasks", place=TasksPlace),
    ScreenEntry(key="6", title="Journal", place=JournalPlace),
    ScreenEntry(key="7", title="Resilience", place=ResiliencePlace),
)
PLACES: Mapping[str, ScreenEntry] = {entry.place.PLACE: entry for entry in SCREENS}
