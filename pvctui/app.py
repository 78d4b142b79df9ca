"""The console: wires the feed to the screens, and routes what they ask for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from time import monotonic, time

from textual import on
from textual.app import ComposeResult
from textual.driver import Driver
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker

from pvccore.model.cluster import Delta
from pvccore.model.struct import replace
from pvctui.actions import Actions
from pvctui.bridge import Newest
from pvctui.clusters import KnownCluster
from pvctui.collector import Collector
from pvctui.commands import OVERVIEW, PLACE_OF_KIND
from pvctui.demo_actions import DemoActions
from pvctui.dialogs.messages import Asked, AskedForMany, Chosen
from pvctui.errands import Errands, Finished
from pvctui.fetching import Fetching, Read
from pvctui.frame import HEIGHTS, LOWEST, NARROWEST, WIDTHS, Frame, MainScreen
from pvctui.lens import Lens
from pvctui.look import PLAIN, THEMES, Looks
from pvctui.requests import Requests
from pvctui.rows.view import View
from pvctui.screens.place import DetailWanted, Opened, OverPlace
from pvctui.ways import Ways
from pvctui.widgets.banners import FenceLine
from pvctui.widgets.detail import TextWanted
from pvctui.widgets.line import OneLine
from pvctui.widgets.tab_line import TabLine

TICK_S = 1.0


class ClusterChanged(Message):
    """There is a newer snapshot, or the connection stands otherwise: at most one of these waits at a time."""


class Console(Actions):
    """The operations console of one cluster."""

    TITLE = "pvc-tui"
    CSS_PATH = "pvctui.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        requests: Requests,
        *,
        looks: Looks = PLAIN,
        clusters: Sequence[KnownCluster] = (),
        cluster: str = "",
        demo: DemoActions | None = None,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """`requests`: the way to the cluster, with the feed of its snapshots. `demo`: the simulated world.

        `clusters`: all that there are to choose from, and the name of the one that `requests` leads to.
        """
        super().__init__()
        self._put_on(looks)
        self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS = WIDTHS, HEIGHTS
        self.feed = requests.feed
        self.requests = requests
        self.demo = demo
        self.clusters = clusters
        self.cluster = cluster
        self.frame = Frame(looks)
        self.errands = Errands(self)
        self.ways = Ways(self)
        self._fetching = Fetching(self)
        self._collector = Collector()
        self._wall_clock = wall_clock
        self._lens = Lens(wall_clock=wall_clock, read_only=requests.read_only)

    def _put_on(self, looks: Looks) -> None:
        """Themes and keys."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = looks.theme or THEMES[0].name
        self.looks = looks
        for command in looks.keys.commands:
            self.bind(command.keys, command.action, description=command.description, show=False)
        self.set_keymap(looks.keys.changed())

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, but for a terminal."""
        textuals = super().get_driver_class()
        if textuals.__name__ != "LinuxDriver":
            return textuals
        from pvctui.keyboard import PromptDriver

        return PromptDriver

    # The frame.

    def get_default_screen(self) -> MainScreen:
        """The one under all dialogs."""
        return MainScreen(id="_default")

    def compose(self) -> ComposeResult:
        """The frame, and what stands in its place where there is no room for it."""
        yield self.frame
        yield OneLine((f"terminal too small: {NARROWEST}×{LOWEST} is the least",), id="too-small")

    def on_mount(self) -> None:
        """The frame is painted before anything is loaded, made or read that does not belong to it."""
        self.frame.point_at(OVERVIEW, self._commands_at(OVERVIEW))
        self.frame.take(self.view)
        self._collector.start(monotonic())
        self.set_interval(TICK_S, self._tick)
        # Back from the shell, nothing that was painted before is on the terminal any more.
        self.app_resume_signal.subscribe(self, lambda _app: self.refresh(layout=True))
        self.call_after_refresh(self._fill_frame)

    async def _fill_frame(self) -> None:
        """The frame is painted: now the first screen, unless a key asked for another, and the way to the cluster."""
        self.feed.start(self._wake)
        if self.place is None:
            await self.show_place(self.place_name)

    def on_unmount(self) -> None:
        """Nothing wakes a console that is gone, and the collector may have what it held."""
        self.feed.stop()
        self._collector.stop()

    def _show_cluster(self, known: KnownCluster) -> None:
        """Leave this cluster for another: nothing of it stays, and what was asked of it goes on."""
        self.run_worker(self.feed.stop, thread=True, exit_on_error=False, name=f"leaving {self.cluster}")
        self.cluster, self.requests = known.name, known.way()
        self.feed = self.requests.feed
        self.ways = Ways(self)
        self._fetching = Fetching(self)
        self._lens = Lens(wall_clock=self._wall_clock, read_only=self.requests.read_only)
        self._lens.take_in(replace(self.feed.take(), delta=Delta(full=True)))
        self._spread()
        self.feed.start(self._wake)

    def _wake(self) -> None:
        self.post_message(ClusterChanged())

    @property
    def view(self) -> View:
        """What is known at this moment."""
        return self._lens.view

    @property
    def main_screen(self) -> Screen[object]:
        """The one under all dialogs."""
        return self.screen_stack[0]

    # Data.

    @on(ClusterChanged)
    def _changed(self) -> None:
        newest = self.feed.take()
        if not newest.delta.full:
            self._show(newest)
            return
        from pvccore.state.live import collection_paused

        with collection_paused():
            self._show(newest)
        # What was just loaded stays for hours: the collector need not look at it again and again.
        gc.freeze()

    def _show(self, newest: Newest) -> None:
        self._lens.take_in(newest)
        self._spread()

    def _spread(self) -> None:
        """Give the view to the frame and to what lies over it; a message may still come when all is closing."""
        if self.frame.is_up:
            self.frame.take(self.view)
            self._tell_dialogs()

    def _tell_dialogs(self) -> None:
        for screen in self.screen_stack[1:]:
            if isinstance(screen, OverPlace) and screen.is_mounted:
                screen.take(self.view)

    def _tick(self) -> None:
        """Ages go on, and the connection may stand otherwise."""
        self._collector.tick(monotonic(), self.keyed_at_s)
        if self.frame.is_up:
            self.frame.tick(self._lens.beat(self.feed.link()))
            self._tell_dialogs()

    @on(TextWanted)
    def _text_wanted(self, message: TextWanted) -> None:
        self._fetching.want(message.key, at_once=message.at_once)

    @on(Read)
    def _read(self, message: Read) -> None:
        message.by.have(message.key, message.fetched)
        if message.by is self._fetching:
            self._lens.put_fetched(message.key, replace(message.fetched, at_s=self._wall_clock()))
            self._spread()

    # Requests.

    @on(Asked)
    @on(AskedForMany)
    def _asked(self, message: Asked | AskedForMany) -> None:
        self.errands.send(message)

    @on(Finished)
    def _finished(self, message: Finished) -> None:
        self.errands.finished(message)

    @on(Worker.StateChanged)
    def _worker_changed(self, message: Worker.StateChanged) -> None:
        self.errands.worker_changed(message.worker)

    def show_on_way(self, words: str, *subjects: str) -> None:
        """These rows show the command that is on its way; "" = none is any more."""
        if self._lens.put_on_way(words, subjects):
            self._spread()

    # Ways from one place to another.

    @on(Chosen)
    async def _chosen(self, message: Chosen) -> None:
        from pvctui.menus import dialog_behind

        dialog = dialog_behind(message.choice, self.view)
        command, binding = self.looks.keys.command(message.choice), self.looks.keys.binding(message.choice)
        kind, _, name = message.choice.partition(" ")
        known = next((one for one in self.clusters if kind == "cluster" and one.name == name), None)
        if dialog is not None:
            await self.push_screen(dialog)
        elif known is not None:
            self._show_cluster(known)
        elif kind == "theme":
            self.theme = name
        elif binding is not None and self.list_shown is not None:
            await self.run_action(binding.action, self.list_shown)
        elif command is None:
            self.post_message(Opened(message.choice))
        else:
            if not command.fits(self.place_name):
                await self.action_go(min(command.places))
            await self.run_action(command.action)

    @on(TabLine.Chosen)
    async def _tab_clicked(self, message: TabLine.Chosen) -> None:
        await self.action_go(message.place)

    @on(FenceLine.Opened)
    async def _fence_opened(self, message: FenceLine.Opened) -> None:
        await self._show_fence(message.node)

    async def _show_fence(self, node: str) -> None:
        from pvctui.dialogs.fence_steps import FenceStepsDialog

        await self.push_screen(FenceStepsDialog(self.view, node))

    @on(DetailWanted)
    async def _detail_wanted(self, message: DetailWanted) -> None:
        from pvctui.screens.detail_screen import DetailScreen

        self.ways.leave()
        await self.push_screen(DetailScreen(self.view, message.subject, self.looks.keys))

    @on(Opened)
    async def _opened(self, message: Opened) -> None:
        """Go to a subject: a fenced node's fence, else to the list that it stands in."""
        kind, _, key = message.subject.partition(" ")
        node = self.view.cluster.nodes.get(key) if kind == "node" else None
        if node is not None and node.fence.under_way:
            await self._show_fence(key)
            return
        target = PLACE_OF_KIND.get(kind)
        if target is not None:
            self.ways.leave()
            await self.show_place(target)
            if self.place is not None:
                self.place.point_at(message.subject)
