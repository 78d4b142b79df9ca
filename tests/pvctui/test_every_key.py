"""Every key of the table does what the table says; a command that nobody tries out fails here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pvctui.commands import COMMANDS
from pvctui.dialogs.export import ExportDialog
from pvctui.dialogs.help import HelpDialog
from pvctui.dialogs.maintenance import MaintenanceDialog
from pvctui.dialogs.metadata import MetadataDialog
from pvctui.dialogs.palette import Palette
from pvctui.dialogs.verb import VerbDialog
from pvctui.screens.full_pane import HINT
from pvctui.screens.log_screen import LogScreen
from pvctui.verbs import VERBS
from tests.pvctui.canned_states import WELL
from tests.pvctui.console import Shown, console

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Where a key is pressed, and what must be so afterwards."""

    place: str
    shows: Callable[[Shown], bool]


def opens(dialog: type) -> Callable[[Shown], bool]:
    return lambda shown: isinstance(shown.app.screen, dialog)


def goes_to(place: str) -> Callable[[Shown], bool]:
    return lambda shown: shown.app.place_name == place


def tells(tab: str) -> Callable[[Shown], bool]:
    return lambda shown: shown.app.place is not None and shown.app.place.seen().tab == tab


def focuses(kind: str) -> Callable[[Shown], bool]:
    return lambda shown: type(shown.app.focused).__name__ == kind


TRIALS: Mapping[str, Trial] = {
    "open.help": Trial(place="1", shows=opens(HelpDialog)),
    "list.filter": Trial(place="2", shows=focuses("Input")),
    "open.palette": Trial(place="1", shows=opens(Palette)),
    "open.actions": Trial(place="3", shows=opens(Palette)),
    "go.overview": Trial(place="2", shows=goes_to("overview")),
    "go.nodes": Trial(place="1", shows=goes_to("nodes")),
    "go.vms": Trial(place="1", shows=goes_to("vms")),
    "go.storage": Trial(place="1", shows=goes_to("storage")),
    "go.tasks": Trial(place="1", shows=goes_to("tasks")),
    "go.journal": Trial(place="1", shows=goes_to("journal")),
    "go.resilience": Trial(place="1", shows=goes_to("resilience")),
    "vm.edit": Trial(place="3", shows=opens(MetadataDialog)),
    "cluster.maintenance": Trial(place="1", shows=opens(MaintenanceDialog)),
    "detail.previous": Trial(place="2", shows=tells("Fence")),
    "detail.next": Trial(place="2", shows=tells("Summary")),
    "open.log": Trial(place="3", shows=opens(LogScreen)),
    "pane.full": Trial(place="3", shows=lambda shown: HINT in shown.text()),
    "names.copy": Trial(place="3", shows=lambda shown: shown.app.clipboard == "app1"),
    "list.export": Trial(place="2", shows=opens(ExportDialog)),
    "go.last": Trial(place="3", shows=lambda shown: shown.app.place_name != "vms"),
    "go.back": Trial(place="4", shows=lambda shown: shown.app.place_name != "storage"),
    "go.forward": Trial(place="4", shows=goes_to("storage")),
    "pane.next": Trial(place="3", shows=focuses("DetailScroll")),
    "pane.previous": Trial(place="3", shows=focuses("DetailScroll")),
    "back": Trial(place="3", shows=focuses("LiveTable")),
    **{
        verb.id: Trial(place="3" if verb.kind == "vm" else "2", shows=opens(VerbDialog))
        for verb in VERBS.values()
        if verb.key
    },
}
ELSEWHERE = {
    "demo.menu": "dialogs/test_demo.py",
    "quit": "test_console.py",
    "quit.how": "test_console.py",
    "open.terminal": "test_outside.py",
    "suspend": "test_terminal.py",
}
"""Commands that need another world, with the file of their tests."""


def test_every_command_of_the_table_is_tried_out() -> None:
    known = {command.id for command in COMMANDS}
    assert known - TRIALS.keys() - ELSEWHERE.keys() == set()
    assert TRIALS.keys() - known == set()
    assert all((HERE / name).exists() for name in ELSEWHERE.values())


async def test_every_key_of_every_command_does_it() -> None:
    failed = []
    async with console(WELL, size=(160, 50)) as shown:
        for command in COMMANDS:
            trial = TRIALS.get(command.id)
            for key in command.keys.split(",") if trial is not None else ():
                assert trial is not None
                await shown.press(trial.place, key)
                if not trial.shows(shown):
                    failed.append(f"{command.id} by {key}")
                await shown.press("escape")
                await shown.press("escape")
    assert failed == []
