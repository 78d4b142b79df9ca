"""Menus' entries about the verbs on VMs and nodes, and the dialog that each of them opens."""

from __future__ import annotations

from collections.abc import Sequence

from pvctui.dialogs.define import DefineDialog
from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.modify import ModifyDialog
from pvctui.dialogs.palette import Entry
from pvctui.dialogs.verb import VerbDialog
from pvctui.rows.verb_plan import refusal_of
from pvctui.rows.view import View
from pvctui.verbs import VERBS, Verb, verbs_on

CHOICE = "verb "
MODIFY = "modify "
DEFINE = "define"


def verb_dialog(choice: str, view: View) -> Dialog | None:
    """The dialog behind an entry, `verb vm.start UUID …`; None for an entry of another kind."""
    if choice == DEFINE:
        return DefineDialog(view)
    if choice.startswith(MODIFY):
        return ModifyDialog(view, choice.removeprefix(MODIFY))
    if not choice.startswith(CHOICE):
        return None
    name, *keys = choice.removeprefix(CHOICE).split()
    return VerbDialog(view, VERBS[name], keys) if keys else None


def verb_entries(subjects: Sequence[str], view: View, refusal: str, *, keyless_only: bool = False) -> list[Entry]:
    """Every verb on these subjects; what is not allowed on any of them, with the reason."""
    kind, keys = keys_of(subjects, view)
    verbs = [verb for verb in verbs_on(kind) if keys and not (keyless_only and verb.key)]
    entries = [_entry(verb, keys, view, refusal) for verb in verbs]
    if kind == "vm" and keys:
        why = refusal or ("only one at a time" if len(keys) > 1 else "")
        entries.append(Entry(choice=f"{MODIFY}{keys[0]}", name="Modify its XML", hint="in $EDITOR", refusal=why))
    if kind == "vm" or keyless_only:
        entries.append(Entry(choice=DEFINE, name="Define a new VM", hint="from its XML", refusal=refusal))
    return entries


def keys_of(subjects: Sequence[str], view: View) -> tuple[str, list[str]]:
    """Of which kind the subjects are, and the keys of those that exist; a fence is its node's."""
    kinds = {kind for kind in (_kind(subject) for subject in subjects) if kind}
    if len(kinds) != 1:
        return "", []
    kind = kinds.pop()
    known = view.cluster.vms if kind == "vm" else view.cluster.nodes
    return kind, [key for subject in subjects if (key := subject.partition(" ")[2]) in known]


def _kind(subject: str) -> str:
    return {"vm": "vm", "node": "node", "fence": "node"}.get(subject.partition(" ")[0], "")


def _entry(verb: Verb, keys: Sequence[str], view: View, refusal: str) -> Entry:
    why = refusal or refusal_of(verb, keys, view.cluster)
    choice = f"{CHOICE}{verb.id} {' '.join(keys)}"
    return Entry(choice=choice, name=verb.title, hint=verb.key, refusal=why)
