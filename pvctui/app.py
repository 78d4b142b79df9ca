"""The console: wires the feed to the screens, routes keys to what they ask for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from time import time
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import PvcError, Unavailable
from pvctui.commands import COMMANDS, OVERVIEW, VMS, bindings, command_of_action, commands_at
from pvctui.demo_actions import DemoActions
from pvctui.dialogs.messages import Asked, AskedForMany, Chosen, OneOfMany
from pvctui.look import THEMES
from pvctui.requests import Request, Requests
from pvctui.rows.pulse import Pulse
from pvctui.rows.statuses import StatusBook
from pvctui.rows.view import View
from pvctui.screens import PLACES
from pvctui.screens.place import DetailWanted, Opened, OverPlace, Place
from pvctui.verbs import VERBS
from pvctui.widgets.banners import Banners, FenceLine
from pvctui.widgets.footer import Footer
from pvctui.widgets.header import Header
from pvctui.widgets.line import OneLine
from pvctui.widgets.tab_line import TabLine

TICK_S = 1.0
MANY = 2
NARROWEST, LOWEST = 60, 15
WIDTHS = [(0, "-too-narrow"), (NARROWEST, "-narrow"), (100, "-medium"), (120, "-wide")]
HEIGHTS = [(0, "-too-low"), (LOWEST, "-low"), (22, "-usual"), (34, "-tall"), (50, "-very-tall")]
"""From so many columns and lines on, the screen has this class, and the style sheet answers."""


class ClusterChanged(Message):
    """There is a newer snapshot, or the connection stands otherwise: at most one of these waits at a time."""


class Finished(Message):
    """A request was carried out, or refused."""

    def __init__(self, asked: Asked, error: PvcError | None) -> None:
        super().__init__()
        self.asked = asked
        self.error = error


class OneFinished(Message):
    """One of many requests was carried out, or refused."""

    def __init__(self, asked: AskedForMany, one: OneOfMany, error: PvcError | None) -> None:
        super().__init__()
        self.asked = asked
        self.one = one
        self.error = error


class Console(App[None]):
    """The operations console of one cluster."""

    TITLE = "pvc-tui"
    CSS_PATH = "pvctui.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self,
        requests: Requests,
        *,
        demo: DemoActions | None = None,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """`requests`: the way to the cluster, with the feed of its snapshots. `demo`: the simulated world."""
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS = WIDTHS, HEIGHTS
        self.feed = requests.feed
        self.requests = requests
        self.demo = demo
        self.place_name = OVERVIEW
        self._last_place = OVERVIEW
        self._wall_clock = wall_clock
        self._book = StatusBook()
        self._pulse = Pulse()
        self._on_way: dict[str, str] = {}
        self.view = View(cluster=Cluster(), delta=Delta(), book=self._book, pulse=self._pulse)

    # The frame.

    def compose(self) -> ComposeResult:
        """Header, banners, tabs, one screen, footer."""
        with Vertical(id="frame"):
            yield Header()
            yield Banners()
            yield TabLine([(name, entry.key, entry.title) for name, entry in PLACES.items()], id="tabs")
            yield ContentSwitcher(id="places")
            yield Footer()
        yield OneLine((f"too small: the console needs {NARROWEST}×{LOWEST}",), id="too-small")

    async def on_mount(self) -> None:
        """The frame is there before the data."""
        await self._show_place(OVERVIEW)
        self.set_interval(TICK_S, self._tick)
        self.feed.start(self._wake)

    def on_unmount(self) -> None:
        """Nothing wakes a console that is gone."""
        self.feed.stop()

    def _wake(self) -> None:
        self.post_message(ClusterChanged())

    @property
    def place(self) -> Place | None:
        """The screen that is shown."""
        found = self.main_screen.query(f"#place-{self.place_name}")
        return found.first(Place) if found else None

    @property
    def main_screen(self) -> Screen[object]:
        """The one under all dialogs."""
        return self.screen_stack[0]

    @property
    def _is_up(self) -> bool:
        """Whether there is a frame: a message may still come when the console is closing."""
        return bool(self.screen_stack) and bool(self.main_screen.query(Header))

    @property
    def places(self) -> Sequence[Place]:
        """The screens that were looked at."""
        return list(self.main_screen.query(Place))

    async def _show_place(self, name: str) -> None:
        """Go to a screen; it is made when it is first looked at."""
        switcher = self.main_screen.query_one(ContentSwitcher)
        wanted = f"place-{name}"
        if not switcher.query(f"#{wanted}"):
            await switcher.mount(PLACES[name].place(id=wanted))
        if name != self.place_name:
            self._last_place = self.place_name
        self.place_name = name
        switcher.current = wanted
        self.main_screen.query_one(TabLine).mark(name)
        self.main_screen.query_one(Footer).offer(commands_at(name, demo=self.demo is not None))
        place = self.place
        if place is not None:
            place.take(self.view)
            place.enter()

    # Data.

    @on(ClusterChanged)
    def _changed(self) -> None:
        newest = self.feed.take()
        changed = self._book.take_in(newest.cluster, newest.delta)
        self._pulse.take_in(newest.cluster, newest.delta)
        self.view = View(
            cluster=newest.cluster,
            delta=newest.delta,
            book=self._book,
            pulse=self._pulse,
            link=newest.link,
            now_s=self._wall_clock(),
            changed_vms=changed,
            on_way=dict(self._on_way),
            read_only=self.requests.read_only,
        )
        self._spread()
        if newest.delta.full:
            # What was just loaded stays for hours: the collector need not look at it again and again.
            gc.freeze()

    def _spread(self) -> None:
        """Give the view to the frame, to the screen that is shown, and to what lies over it."""
        if not self._is_up:
            return
        view = self.view
        self._tell_frame()
        for place in self.places:
            if place.id == f"place-{self.place_name}":
                place.take(view)
            else:
                place.note(view)
        self._tell_dialogs()

    def _tell_frame(self) -> None:
        self.main_screen.query_one(Header).take(self.view)
        self.main_screen.query_one(Banners).take(self.view)

    def _tell_dialogs(self) -> None:
        for screen in self.screen_stack[1:]:
            if isinstance(screen, OverPlace) and screen.is_mounted:
                screen.take(self.view)

    def _tick(self) -> None:
        """Ages go on, and the connection may stand otherwise."""
        if not self._is_up:
            return
        link = self.feed.link()
        self._pulse.beat(self.view.cluster)
        self.view = self._still(link=link)
        self._tell_frame()
        if self.place is not None:
            self.place.tick(self.view)
        self._tell_dialogs()

    def _still(self, **changes: object) -> View:
        """The same snapshot a moment later."""
        values = {name: getattr(self.view, name) for name in View.__slots__}
        values |= {"delta": Delta(), "changed_vms": frozenset(), "now_s": self._wall_clock()}
        return View(**(values | changes))

    # Requests.

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        """Carry it out on a thread of its own; the row shows it meanwhile."""
        self._set_on_way(message.words, message.subject)

        def carry_out() -> None:
            self.post_message(Finished(message, self._error_of(message.request)))

        self.run_worker(carry_out, thread=True, exit_on_error=False, name=message.words)

    @on(AskedForMany)
    def _asked_for_many(self, message: AskedForMany) -> None:
        """Carry them out one after the other; every row shows it until its own is known."""
        self._set_on_way(message.words, *(one.subject for one in message.asked))

        def carry_out() -> None:
            for one in message.asked:
                self.post_message(OneFinished(message, one, self._error_of(one.request)))

        self.run_worker(carry_out, thread=True, exit_on_error=False, name=message.words)

    def _error_of(self, request: Request) -> PvcError | None:
        """Why a request could not be carried out, on a worker's thread."""
        try:
            self.requests.carry_out(request, self.view.cluster)
        except PvcError as refused:
            return refused
        except Exception as crash:  # noqa: BLE001 - told to the person, in place of a dead dialog
            self.log(crash)
            return Unavailable(f"the console failed: {type(crash).__name__}: {crash}")
        return None

    @on(OneFinished)
    def _one_finished(self, message: OneFinished) -> None:
        self._set_on_way("", message.one.subject)
        dialog = message.asked.dialog
        if message.error is None and self.place is not None:
            self.place.unmark(message.one.subject)
        if dialog in self.screen_stack:
            dialog.one_finished(message.one, message.error)
        elif message.error is not None:
            self.tell(f"{message.asked.words} {message.one.name}: {message.error}", bad=True)

    @on(Finished)
    def _finished(self, message: Finished) -> None:
        asked = message.asked
        self._set_on_way("", asked.subject)
        is_open = asked.dialog in self.screen_stack
        if message.error is None:
            if is_open:
                asked.dialog.done()
        elif is_open:
            asked.dialog.refused(message.error)
        else:
            self.tell(f"{asked.words}: {message.error}", bad=True)

    def _set_on_way(self, words: str, *subjects: str) -> None:
        touched = frozenset(key for subject in subjects if (key := subject.partition(" ")[2]))
        if not touched:
            return
        for key in touched:
            if words:
                self._on_way[key] = words
            else:
                self._on_way.pop(key, None)
        self.view = self._still(on_way=dict(self._on_way), changed_vms=touched, delta=Delta(nodes=touched))
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
        under_dialog = len(self.screen_stack) > 1
        if under_dialog and action not in ("quit", "edit", "actions", "focus_next", "focus_previous"):
            return False
        return command.fits(self.place_name)

    async def action_go(self, place: str) -> None:
        """Another screen."""
        await self._show_place(place)

    async def action_go_last(self) -> None:
        """The screen before this one."""
        await self._show_place(self._last_place)

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

    def action_help(self) -> None:
        """The keys of this place."""
        from pvctui.dialogs.help import HelpDialog

        commands = commands_at(self.place_name, demo=self.demo is not None)
        self.push_screen(HelpDialog(self.view, self.place_name, PLACES[self.place_name].title, commands))

    def action_maintenance(self) -> None:
        """The dialog of the switch."""
        from pvctui.dialogs.maintenance import MaintenanceDialog

        if self._may_change():
            self.push_screen(MaintenanceDialog(self.view))

    def action_edit(self) -> None:
        """The form of the VM under the cursor."""
        from pvctui.dialogs.metadata import MetadataDialog

        kind, _, key = self._subject().partition(" ")
        if kind == "vm" and key in self.view.cluster.vms and self._may_change():
            self.push_screen(MetadataDialog(self.view, key))

    def action_palette(self) -> None:
        """Everything there is, by name."""
        from pvctui.dialogs.palette import Palette, command_entries, subject_entries
        from pvctui.dialogs.storage_choices import all_entries
        from pvctui.dialogs.verb_choices import verb_entries

        commands = [command for command in COMMANDS if self.demo is not None or not command.demo]
        refusal = self._refusal()
        here = verb_entries(self._subjects(), self.view, refusal, keyless_only=True)
        by_name = [*subject_entries(self.view), *all_entries(self.view, refusal)]
        entries = [*command_entries(commands, refusal), *here, *by_name]
        self.push_screen(Palette(self.view, "Commands, nodes and VMs", entries))

    def action_actions(self) -> None:
        """What can be changed from here; what can't, with the reason."""
        from pvctui.dialogs.palette import Palette, command_entries
        from pvctui.dialogs.storage_choices import entries_on
        from pvctui.dialogs.verb_choices import verb_entries

        changing = [one for one in commands_at(self.place_name, demo=False) if one.changes and one.id not in VERBS]
        subjects = self._subjects()
        subject = self._subject().partition(" ")[2] if len(subjects) < MANY else f"{len(subjects)} marked"
        found = self.view.cluster.vms.get(subject)
        name = found.name if found is not None else subject
        title = f"Actions on {name}" if name else "Actions"
        refusal = self._refusal()
        storage = entries_on(self._subject(), self.view, refusal)
        here = [*verb_entries(subjects, self.view, refusal), *storage]
        self.push_screen(Palette(self.view, title, [*here, *command_entries(changing, refusal)]))

    @on(Chosen)
    async def _chosen(self, message: Chosen) -> None:
        from pvctui.dialogs.storage_choices import dialog_of
        from pvctui.dialogs.verb_choices import verb_dialog

        dialog = verb_dialog(message.choice, self.view) or dialog_of(message.choice, self.view)
        if dialog is not None:
            self.push_screen(dialog)
            return
        command = next((command for command in COMMANDS if command.id == message.choice), None)
        if command is None:
            self.post_message(Opened(message.choice))
            return
        if not command.fits(self.place_name):
            await self._show_place(min(command.places))
        await self.run_action(command.action)

    def action_verb(self, name: str) -> None:
        """The dialog of a verb on the marked rows, else on the row under the cursor."""
        from pvctui.dialogs.verb import VerbDialog
        from pvctui.dialogs.verb_choices import keys_of

        kind, keys = keys_of(self._subjects(), self.view)
        verb = VERBS[name]
        if keys and kind == verb.kind and self._may_change():
            self.push_screen(VerbDialog(self.view, verb, keys))

    def action_demo(self) -> None:
        """Break and mend the simulated world."""
        from pvctui.dialogs.demo import DemoDialog

        if self.demo is not None:
            self.push_screen(DemoDialog(self.view, self.demo))

    def _subject(self) -> str:
        screen = self.screen
        if isinstance(screen, OverPlace) and screen.subject:
            return screen.subject
        return self.place.subject if self.place is not None else ""

    def _subjects(self) -> Sequence[str]:
        """What an action is about: the marked rows, else the one under the cursor, or what is open over them."""
        screen = self.screen
        if isinstance(screen, OverPlace) and screen.subject:
            return (screen.subject,)
        return self.place.subjects if self.place is not None else ()

    def _refusal(self) -> str:
        """Why nothing can be changed now; empty when it can."""
        if self.requests.objection:
            return self.requests.objection
        away = not self.view.link.is_live
        return "not connected: nothing can be changed until the cluster answers again" if away else ""

    def _may_change(self) -> bool:
        """Whether a change can be asked for now; if not, why not is told."""
        refusal = self._refusal()
        if refusal:
            self.tell(refusal, bad=True)
        return not refusal

    # Ways from one place to another.

    @on(TabLine.Chosen)
    async def _tab_clicked(self, message: TabLine.Chosen) -> None:
        await self._show_place(message.place)

    @on(FenceLine.Opened)
    def _fence_opened(self, message: FenceLine.Opened) -> None:
        self._show_fence(message.node)

    def _show_fence(self, node: str) -> None:
        from pvctui.dialogs.fence_steps import FenceStepsDialog

        self.push_screen(FenceStepsDialog(self.view, node))

    @on(DetailWanted)
    def _detail_wanted(self, message: DetailWanted) -> None:
        from pvctui.screens.detail_screen import DetailScreen

        self.push_screen(DetailScreen(self.view, message.subject))

    @on(Opened)
    async def _opened(self, message: Opened) -> None:
        """Go to a subject: a fenced node's fence, a node, a VM, an entry's subject."""
        kind, _, key = message.subject.partition(" ")
        node = self.view.cluster.nodes.get(key) if kind == "node" else None
        if node is not None and node.fence.under_way:
            self._show_fence(key)
            return
        target = {"node": "nodes", "vm": VMS, "entry": "journal"}.get(kind)
        if target is not None:
            await self._show_place(target)
            if self.place is not None:
                self.place.point_at(message.subject)
