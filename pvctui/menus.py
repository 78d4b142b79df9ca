"""The palette and the menu of actions: what stands in them, and the dialog behind an entry."""

from __future__ import annotations

from collections.abc import Sequence

from pvctui.clusters import KnownCluster
from pvctui.commands import Command
from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.palette import Entry, Palette, command_entries, list_entries, subject_entries
from pvctui.dialogs.storage_choices import all_entries, dialog_of, entries_on
from pvctui.dialogs.verb_choices import verb_dialog, verb_entries
from pvctui.keys import KeyTable
from pvctui.look import THEME_NAMES
from pvctui.rows.view import View
from pvctui.verbs import VERBS

MANY = 2


def palette(
    view: View, subjects: Sequence[str], commands: Sequence[Entry], looks: Sequence[Entry], refusal: str
) -> Palette:
    """Everything there is, by name."""
    here = verb_entries(subjects, view, refusal, keyless_only=True)
    by_name = [*subject_entries(view), *all_entries(view, refusal)]
    entries = [*commands, *looks, *here, *by_name]
    return Palette(view, "Commands, nodes and VMs", entries)


def key_entries(keys: KeyTable, refusal: str, *, demo: bool, in_list: bool) -> list[Entry]:
    """What keys do, by name. in_list: there is a list that those of lists would act on."""
    commands = [command for command in keys.commands if demo or not command.demo]
    return [*command_entries(commands, refusal), *(list_entries(keys.table) if in_list else [])]


def look_entries(clusters: Sequence[KnownCluster], cluster: str) -> list[Entry]:
    """The clusters and the themes that there are: `:cluster NAME`, `:theme NAME`."""
    others = [
        Entry(choice=f"cluster {one.name}", name=f"cluster {one.name}", hint=one.where, refusal=_already(one, cluster))
        for one in clusters
    ]
    return others + [Entry(choice=f"theme {name}", name=f"theme {name}", hint="theme") for name in THEME_NAMES]


def _already(one: KnownCluster, cluster: str) -> str:
    return "is the one that is shown" if one.name == cluster else ""


def actions_menu(
    view: View, subject: str, subjects: Sequence[str], commands: Sequence[Command], refusal: str
) -> Palette:
    """What can be changed from here; what can't, with the reason. subject: the row under the cursor."""
    changing = [one for one in commands if one.changes and one.id not in VERBS]
    here = [*verb_entries(subjects, view, refusal), *entries_on(subject, view, refusal, subjects)]
    return Palette(view, _title(view, subject, subjects), [*here, *command_entries(changing, refusal)])


def _title(view: View, subject: str, subjects: Sequence[str]) -> str:
    kind, _, key = subject.partition(" ")
    name = f"{len(subjects)} marked" if len(subjects) >= MANY else _name(kind, key, view)
    return f"Actions on {name}" if name else "Actions"


def _name(kind: str, key: str, view: View) -> str:
    """A subject as a person calls it."""
    vm, task = view.cluster.vms.get(key), view.cluster.tasks.get(key)
    if kind == "osd" and key:
        return f"osd.{key}"
    return vm.name if vm is not None else task.title if task is not None and task.title else key


def dialog_behind(choice: str, view: View) -> Dialog | None:
    """The dialog that an entry opens; None for a command or a subject."""
    return verb_dialog(choice, view) or dialog_of(choice, view)
