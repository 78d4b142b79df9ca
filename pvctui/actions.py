"""What each key of the console does: the actions that the table of commands names, and what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on

from pvccore.model.errors import PvcError
from pvctui.clusters import KnownCluster
from pvctui.commands import Command, command_of_action
from pvctui.demo_actions import DemoActions
from pvctui.frame import Frame
from pvctui.look import Looks
from pvctui.rows.view import View
from pvctui.screens import PLACES
from pvctui.screens.place import CopyWanted, OverPlace, Place
from pvctui.typed_ahead import TypedAhead
from pvctui.verbs import VERBS

if TYPE_CHECKING:
    from pvctui.ways import Ways
    from pvctui.widgets.live_table import LiveTable

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


class Actions(TypedAhead):
    """The console as its keys see it; whatever changes the cluster opens a dialog first."""

    frame: Frame
    looks: Looks
    ways: Ways
    demo: DemoActions | None
    clusters: Sequence[KnownCluster]
    cluster: str

    @property
    def view(self) -> View:
        """What is known at this moment."""
        raise NotImplementedError

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

    # What they are about.

    @property
    def place(self) -> Place | None:
        """The screen that is shown."""
        return self.frame.place

    @property
    def place_name(self) -> str:
        """Its name in the table of screens."""
        return self.frame.place_name

    async def show_place(self, name: str) -> None:
        """Go to a screen, and show there what is known by then."""
        await self.frame.show_place(name, self._commands_at(name))
        if self.place is not None:
            self.frame.take_lines(self.view)
            self.place.take(self.view)
            self.place.enter()

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

    def tell(self, words: str, *, bad: bool = False) -> None:
        """Say something that has no better place."""
        self.notify(words, severity="error" if bad else "information", markup=False)
