"""Screen 4: Ceph's health, and its OSDs, pools, volumes and snapshots, one tab each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from pvccore.model.cluster import Cluster
from pvccore.model.struct import Struct, replace
from pvctui.commands import STORAGE
from pvctui.rows.storage_detail import osd_tabs, pool_tabs, snapshot_tabs, volume_tabs
from pvctui.rows.storage_lines import status_lines
from pvctui.rows.storage_rows import OSD_COLUMNS, POOL_COLUMNS, rows_of_osds, rows_of_pools
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.rows.volume_rows import SNAPSHOT_COLUMNS, VOLUME_COLUMNS, snapshot_rows, users_by_volume, volume_rows
from pvctui.screens.history import Seen
from pvctui.screens.list_place import ListPlace
from pvctui.screens.place import Place
from pvctui.widgets.detail import Words
from pvctui.widgets.line import OneLine
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder
from pvctui.widgets.rows import Cell, Column, Row

EVERYTHING = frozenset({"*"})


class StorageList(Struct, frozen=True, kw_only=True):
    """One tab: what it is a list of. kind: of a row's subject. rows: makes what makes them, for each screen its own."""

    kind: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[], Callable[[Cluster], list[Row]]]
    tabs: Callable[[str, View], Sequence[Tab]]
    empty: str


LISTS: Mapping[str, StorageList] = {
    one.kind: one
    for one in (
        StorageList(
            kind="osd",
            title="OSDs",
            columns=OSD_COLUMNS,
            rows=lambda: rows_of_osds,
            tabs=osd_tabs,
            empty="no OSD is known",
        ),
        StorageList(
            kind="pool",
            title="Pools",
            columns=POOL_COLUMNS,
            rows=lambda: rows_of_pools,
            tabs=pool_tabs,
            empty="no pool is known",
        ),
        StorageList(
            kind="volume",
            title="Volumes",
            columns=VOLUME_COLUMNS,
            rows=volume_rows,
            tabs=volume_tabs,
            empty="no volume is known",
        ),
        StorageList(
            kind="snapshot",
            title="Snapshots",
            columns=SNAPSHOT_COLUMNS,
            rows=snapshot_rows,
            tabs=snapshot_tabs,
            empty="no snapshot is known",
        ),
    )
}


class StorageListPlace(ListPlace):
    """One tab's list with its detail."""

    def __init__(self, of: StorageList) -> None:
        self._of = of
        self._make_rows = of.rows()
        super().__init__(id=f"storage-{of.kind}")
        self._users: Mapping[str, Sequence[str]] = {}

    def make_table(self) -> LiveTable:
        """By the first column."""
        of = self._of
        return LiveTable(
            of.columns, order=SortOrder(column=of.columns[0].key), empty_text=of.empty, id=f"{of.kind}-table"
        )

    def changed_by(self, view: View) -> frozenset[str]:
        """All of it when the reporter has looked again: that is every few seconds at most."""
        return EVERYTHING if view.delta.storage or view.delta.volumes else frozenset()

    def put_rows(self, view: View, changed: set[str], *, everything: bool) -> None:
        """All rows; those that read as before cost nothing more."""
        if everything or changed:
            self.table.set_rows(self._make_rows(view.cluster))
            self.call_after_refresh(self.show_detail)

    def tick(self, view: View) -> None:
        """VMs may have other disks now."""
        super().tick(view)
        if self._of.kind == "volume" and (users := users_by_volume(view.cluster)) != self._users:
            self._users = users
            self.put_rows(view, set(), everything=True)

    def tabs_of(self, key: str, view: View) -> tuple[str, Sequence[Tab]]:
        """The tabs of a row's detail."""
        return (f"osd.{key}" if self._of.kind == "osd" else key), self._of.tabs(key, view)

    def subject_of(self, key: str) -> str:
        """An OSD, a pool, a volume or a snapshot."""
        return f"{self._of.kind} {key}"

    @property
    def subject(self) -> str:
        """What an action is about; the kind alone where the list is empty."""
        return super().subject or f"{self._of.kind} "


class StoragePlace(Place):
    """How the storage is, over the list of one tab; `,` and `.` go from one to the next."""

    PLACE: ClassVar[str] = STORAGE

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self._lists = [StorageListPlace(of) for of in LISTS.values()]
        self._shown = 0
        self._status = Words(markup=False, id="storage-status")
        self._tabs = OneLine(id="storage-tabs")
        self._view: View | None = None

    def compose(self) -> ComposeResult:
        """Status, tabs, one list."""
        yield self._status
        yield self._tabs
        with ContentSwitcher(initial=self._lists[0].id, id="storage-lists"):
            yield from self._lists

    @property
    def current(self) -> StorageListPlace:
        """The list that is shown."""
        return self._lists[self._shown]

    def take(self, view: View) -> None:
        """The status, and the list that is shown; the others remember."""
        self._view = view
        self._tell(view)
        for one in self._lists:
            if one is self.current:
                one.take(view)
            else:
                one.note(view)

    def note(self, view: View) -> None:
        """Each list remembers by itself: the console tells them, too."""

    def tick(self, view: View) -> None:
        """The age of the figures goes on."""
        self._view = view
        self._tell(view)
        self.current.tick(view)

    def fit(self) -> None:
        """The status fits another width."""
        if self._view is not None:
            self._tell(self._view)

    def _tell(self, view: View) -> None:
        self.set_class(not view.link.is_live, "-stale")
        self._status.show_lines(status_lines(view, max(40, self.size.width - 2)))
        pieces: list[Cell] = [" "]
        for index, of in enumerate(LISTS.values()):
            pieces += [(of.title, "accent" if index == self._shown else "dim"), "   "]
        self._tabs.show((*pieces, (", .", "key"), (" tab", "dim")))

    def step_tab(self, steps: int) -> None:
        """Another list."""
        self.leave_full()
        self._shown = (self._shown + steps) % len(self._lists)
        self.query_one("#storage-lists", ContentSwitcher).current = self.current.id
        if self._view is not None:
            self._tell(self._view)
            self.current.take(self._view)
        self.current.enter()

    def back(self) -> bool:
        """One level back within the list, then within the place."""
        return self.current.back() or super().back()

    def filter(self) -> None:
        """Filter the list that is shown."""
        self.current.filter()

    def point_at(self, subject: str) -> None:
        """Show the tab of this kind of subject, with the cursor on it."""
        self._show_list(subject.partition(" ")[0])
        self.current.point_at(subject)

    def _show_list(self, kind: str) -> None:
        kinds = list(LISTS)
        if kind in kinds:
            self.step_tab(kinds.index(kind) - self._shown)

    def seen(self) -> Seen:
        """The list, and what is looked at in it; a detail's tab is kept from list to list."""
        return replace(self.current.seen(), place=self.PLACE, tab=list(LISTS)[self._shown])

    def look_at(self, seen: Seen) -> None:
        """The same list, and the same row in it."""
        self._show_list(seen.tab)
        self.current.look_at(replace(seen, tab=self.current.seen().tab))

    @property
    def list_shown(self) -> LiveTable | None:
        """The list of the tab."""
        return self.current.table

    @property
    def subject(self) -> str:
        """The row under the cursor."""
        return self.current.subject

    @property
    def subjects(self) -> Sequence[str]:
        """The marked rows of the list, else the one under the cursor."""
        return self.current.subjects

    def unmark(self, subject: str) -> None:
        """Done: the mark goes."""
        self.current.unmark(subject)

    def enter(self) -> None:
        """The list has the keyboard."""
        self.current.enter()
