"""The console: wires the feed to the screens, routes keys to what they ask for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from time import time
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker

from pvccore.model.cluster import Delta
from pvccore.model.errors import PvcError
from pvccore.model.struct import replace
from pvctui.bridge import Newest
from pvctui.clusters import KnownCluster
from pvctui.commands import OVERVIEW, PLACE_OF_KIND, Command, command_of_action
from pvctui.demo_actions import DemoActions
from pvctui.dialogs.messages import Asked, AskedForMany, Chosen
from pvctui.errands import Errands, Finished
from pvctui.fetching import Fetching, Read
from pvctui.frame import HEIGHTS, LOWEST, NARROWEST, WIDTHS, Frame
from pvctui.lens import Lens
from pvctui.look import PLAIN, THEMES, Looks
from pvctui.requests import Requests
from pvctui.rows.view import View
from pvctui.screens import PLACES
from pvctui.screens.place import CopyWanted, DetailWanted, Opened, OverPlace, Place
from pvctui.typed_ahead import TypedAhead
from pvctui.verbs import VERBS
from pvctui.ways import Ways
from pvctui.widgets.banners import FenceLine
from pvctui.widgets.detail import TextWanted
from pvctui.widgets.line import OneLine
from pvctui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from pvctui.widgets.live_table import LiveTable

TICK_S = 1.0
UNDER_DIALOGS = frozenset(
    {
        "quit",
        "edit",
        "actions",
        "log",
        "copy",
        "export",
        "help",
        "focus_next",
        "focus_previous",
        "go_last",
        "history",
        "suspend_process",
    }
)
"""Actions that a dialog leaves to the console."""


class ClusterChanged(Message):
    """There is a newer snapshot, or the connection stands otherwise: at most one of these waits at a time."""


class Console(TypedAhead):
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

    # The frame.

    def compose(self) -> ComposeResult:
        """The frame, and what stands in its place where there is no room for it."""
        yield self.frame
        yield OneLine((f"terminal too small: {NARROWEST}×{LOWEST} is the least",), id="too-small")

    def on_mount(self) -> None:
        """The frame is painted before anything is loaded, made or read that does not belong to it."""
        self.frame.point_at(OVERVIEW, self._commands_at(OVERVIEW))
        self.frame.take(self.view)
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
        gc.unfreeze()

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
    def place(self) -> Place | None:
        """The screen that is shown."""
        return self.frame.place

    @property
    def place_name(self) -> str:
        """Its name in the table of screens."""
        return self.frame.place_name

    @property
    def view(self) -> View:
        """What is known at this moment."""
        return self._lens.view

    @property
    def main_screen(self) -> Screen[object]:
        """The one under all dialogs."""
        return self.screen_stack[0]

    async def show_place(self, name: str) -> None:
        """Go to a screen, and show there what is known by then."""
        await self.frame.show_place(name, self._commands_at(name))
        if self.place is not None:
            self.place.take(self.view)
            self.place.enter()

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

    def tell(self, words: str, *, bad: bool = False) -> None:
        """Say something that has no better place."""
        self.notify(words, severity="error" if bad else "information", markup=False)

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key works where the table says so, and not under a dialog."""
        command = command_of_action(action, parameters)
        if command is None:
            return True
        if command.demo and self.demo is None:
            return False
        if len(self.screen_stack) > 1 and action not in UNDER_DIALOGS:
            return False
        return command.fits(self.place_name)

    async def action_go(self, place: str) -> None:
        """Another screen."""
        if place != self.place_name:
            self.ways.leave()
        await self.show_place(place)

    async def action_go_last(self) -> None:
        """The view that was left last."""
        await self.ways.to_last()

    async def action_history(self, steps: int) -> None:
        """Back and forward through the views."""
        await self.ways.step(steps)

    def action_one_back(self) -> None:
        """One level back within the screen."""
        if self.place is not None and not self.place.back():
            self.place.enter()

    def action_filter(self) -> None:
        """Filter the list."""
        if self.place is not None:
            self.place.filter()

    def action_detail_tab(self, steps: int) -> None:
        """Another tab of the detail."""
        if self.place is not None:
            self.place.step_tab(steps)

    async def action_export(self) -> None:
        """The list that is shown, into a file."""
        from pvctui.dialogs.export import ExportDialog

        shown = self.list_shown
        if shown is not None:
            await self.push_screen(ExportDialog(self.view, shown))

    def action_copy(self) -> None:
        """The name under the cursor, or all marked ones, to the terminal's clipboard."""
        from pvctui.rows.subject_tabs import name_to_copy

        names = (name_to_copy(subject, self.view) for subject in self.subjects)
        self.post_message(CopyWanted(list(dict.fromkeys(filter(None, names))), "name"))

    @on(CopyWanted)
    def _copy_wanted(self, message: CopyWanted) -> None:
        from pvctui.clipboard import copied

        try:
            self.tell(copied(self, message.texts, message.noun))
        except PvcError as error:
            self.tell(str(error), bad=True)

    async def action_log(self) -> None:
        """The log of the VM or the node under the cursor, on a screen of its own."""
        from pvctui.rows.fetched import log_wanted
        from pvctui.screens.log_screen import LogScreen

        if log_wanted(self.subject):
            await self.push_screen(LogScreen(self.view, self.subject, self.looks.keys))
        else:
            self.tell("there is no VM and no node here that would have a log", bad=True)

    def action_full(self) -> None:
        """The pane with the keyboard over all the room, or all panes again."""
        if self.place is not None:
            self.place.toggle_full(self.focused)

    async def action_help(self) -> None:
        """The keys of this place."""
        from pvctui.dialogs.help import HelpDialog

        screen, keys = self.screen, self.looks.keys
        if isinstance(screen, OverPlace):
            commands, table = keys.labelled(screen.keys_here), keys.table if screen.list_shown is not None else ()
            await self.push_screen(HelpDialog(self.view, screen.PLACE_TITLE, commands, table))
            return
        title = PLACES[self.place_name].title
        commands = self._commands_at(self.place_name)
        await self.push_screen(HelpDialog(self.view, title, commands, keys.table))

    async def action_maintenance(self) -> None:
        """The dialog of the switch."""
        from pvctui.dialogs.maintenance import MaintenanceDialog

        if self.may_change():
            await self.push_screen(MaintenanceDialog(self.view))

    async def action_edit(self) -> None:
        """The form of the VM under the cursor."""
        from pvctui.dialogs.metadata import MetadataDialog

        kind, _, key = self.subject.partition(" ")
        if kind == "vm" and key in self.view.cluster.vms and self.may_change():
            await self.push_screen(MetadataDialog(self.view, key))

    async def action_palette(self) -> None:
        """Everything there is, by name."""
        from pvctui.menus import key_entries, look_entries, palette

        is_demo, in_list = self.demo is not None, self.list_shown is not None
        commands = key_entries(self.looks.keys, self.refusal, demo=is_demo, in_list=in_list)
        looks = look_entries(self.clusters, self.cluster)
        await self.push_screen(palette(self.view, self.subjects, commands, looks, self.refusal))

    async def action_actions(self) -> None:
        """What can be changed from here; what can't, with the reason."""
        from pvctui.menus import actions_menu

        commands = self.looks.keys.at(self.place_name, demo=False)
        await self.push_screen(actions_menu(self.view, self.subject, self.subjects, commands, self.refusal))

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

    async def action_verb(self, name: str) -> None:
        """The dialog of a verb on the marked rows, else on the row under the cursor."""
        from pvctui.dialogs.verb import VerbDialog
        from pvctui.dialogs.verb_choices import keys_of

        kind, keys = keys_of(self.subjects, self.view)
        verb = VERBS[name]
        if keys and kind == verb.kind and self.may_change():
            await self.push_screen(VerbDialog(self.view, verb, keys))

    def action_terminal(self) -> None:
        """The serial console of the VM or a shell on the node, with the screen handed over."""
        from pvctui.outside import command_for, run_outside

        try:
            trouble = run_outside(self, command_for(self.subject, self.view.cluster, self.looks))
        except PvcError as error:
            trouble = str(error)
        if trouble:
            self.tell(trouble, bad=True)

    def action_suspend_process(self) -> None:
        """Into the background of the shell, until `fg`."""
        if self.is_web:
            self.tell("a browser has no shell to go back to", bad=True)
        else:
            super().action_suspend_process()

    def action_help_quit(self) -> None:
        """Ctrl-C is what a hand does by itself: it says how one quits."""
        way_out = self.looks.keys.command("quit")
        if way_out is not None:
            self.tell(f"{way_out.shown_keys} quits the console; the cluster goes on")

    async def action_demo(self) -> None:
        """Break and mend the simulated world."""
        from pvctui.dialogs.demo import DemoDialog

        if self.demo is not None:
            await self.push_screen(DemoDialog(self.view, self.demo))

    def _commands_at(self, place: str) -> list[Command]:
        return self.looks.keys.at(place, demo=self.demo is not None)

    @property
    def list_shown(self) -> LiveTable | None:
        """The list that is looked at."""
        screen = self.screen
        shown = screen.list_shown if isinstance(screen, OverPlace) else None
        return shown or (self.place.list_shown if self.place is not None else None)

    @property
    def subject(self) -> str:
        """The row under the cursor, or what is open over it."""
        screen = self.screen
        if isinstance(screen, OverPlace) and screen.subject:
            return screen.subject
        return self.place.subject if self.place is not None else ""

    @property
    def subjects(self) -> Sequence[str]:
        """What an action is about: the marked rows, else the one under the cursor, or what is open over them."""
        screen = self.screen
        if isinstance(screen, OverPlace) and screen.subject:
            return (screen.subject,)
        return self.place.subjects if self.place is not None else ()

    @property
    def refusal(self) -> str:
        """Why nothing can be changed now; empty when it can."""
        return self.view.refusal

    def may_change(self) -> bool:
        """Whether a change can be asked for now; if not, why not is told."""
        refusal = self.refusal
        if refusal:
            self.tell(refusal, bad=True)
        return not refusal

    # Ways from one place to another.

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
