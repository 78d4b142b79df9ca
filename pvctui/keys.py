"""The keys in force: the table of commands and that of lists, bound anew by what a person configured."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from pvccore.model.errors import Invalid
from pvccore.model.struct import Struct, replace
from pvctui.commands import (
    COMMANDS,
    JOURNAL,
    KEY_NAMES,
    NODES,
    OVERVIEW,
    RESILIENCE,
    STORAGE,
    TASKS,
    VMS,
    Command,
    commands_at,
    shown_key,
)
from pvctui.widgets.table_bindings import TABLE_BINDINGS, TableBinding

PLACE_NAMES = (OVERVIEW, NODES, VMS, STORAGE, TASKS, JOURNAL, RESILIENCE)

NEVER_DESTROY = frozenset({"ctrl+d", "ctrl+k"})
"""Keys that a hand finds by itself: whatever is configured, they ask for no change."""
MAY_CHANGE = frozenset({"e", "x"})
SHARED = {"table.end_range": "back"}
"""Keys of a list that go on to the console when the list has no use for them."""
_BY_NAME = {shown.lower(): key for key, shown in KEY_NAMES.items()}
_Bound = TypeVar("_Bound", Command, TableBinding)


def key_of(text: str) -> str:
    """Textual's name of a key written as on the screen (`Ctrl-F`, `?`, `F5`) or by that very name; "" for none."""
    if text.lower() in _BY_NAME:
        return _BY_NAME[text.lower()]
    if len(text) == 1:
        return _key_of_character(text)
    name = text.lower().replace("ctrl-", "ctrl+").replace("shift-", "shift+")
    return name if name in _known() else ""


def _key_of_character(character: str) -> str:
    """As Textual names what is typed: a letter or digit itself, anything else by its name in Unicode."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _known() -> set[str]:
    return {key.value for key in Keys} | KEY_NAMES.keys()


class KeyTable(Struct, frozen=True, kw_only=True):
    """The commands and the bindings of lists, with the keys in force."""

    commands: Sequence[Command] = COMMANDS
    table: Sequence[TableBinding] = TABLE_BINDINGS

    def at(self, place: str, *, demo: bool) -> list[Command]:
        """The commands that make sense on a screen, in the table's order."""
        return commands_at(place, demo=demo, commands=self.commands)

    def command(self, name: str) -> Command | None:
        """The command of this id."""
        return next((command for command in self.commands if command.id == name), None)

    def binding(self, name: str) -> TableBinding | None:
        """What a list does under this id."""
        return next((entry for entry in self.table if entry.id == name), None)

    def labelled(self, labels: Mapping[str, str]) -> list[Command]:
        """These commands in this order, each with another word for the footer."""
        found = ((self.command(name), label) for name, label in labels.items())
        return [replace(command, label=label) for command, label in found if command is not None]

    def ids(self) -> list[str]:
        """Whatever can be bound anew."""
        return [*(command.id for command in self.commands), *(entry.id for entry in self.table)]

    def changed(self) -> dict[str, str]:
        """The keys that are not the program's own, by id, as Textual's keymap wants them."""
        usual = _keys_by_id(COMMANDS) | _keys_by_id(TABLE_BINDINGS)
        now = _keys_by_id(self.commands) | _keys_by_id(self.table)
        return {name: keys for name, keys in now.items() if keys != usual[name]}

    def rebound(self, keys: Mapping[str, str]) -> KeyTable:
        """The same table with other keys for some ids; raises `Invalid` where that can't be."""
        found = KeyTable(commands=_rebind(self.commands, keys), table=_rebind(self.table, keys))
        for command in found.commands:
            _check_change(command, is_own=command.id not in keys)
        for trouble in found.clashes():
            raise Invalid("keys", trouble.keys, trouble.words)
        return found

    def clashes(self) -> Iterator[Clash]:
        """Every key that means two things in one place."""
        for place in PLACE_NAMES:
            taken: dict[str, Command | TableBinding] = {}
            entries: list[Command | TableBinding] = [*self.table, *self.at(place, demo=True)]
            for entry in entries:
                for key in entry.keys.split(","):
                    first = taken.setdefault(key, entry)
                    if first is not entry and SHARED.get(first.id) != entry.id:
                        yield Clash(key=key, place=place, ids=(first.id, entry.id))


class Clash(Struct, frozen=True, kw_only=True):
    """One key with two meanings in one place."""

    key: str
    place: str
    ids: tuple[str, str]

    @property
    def keys(self) -> str:
        """The key as a person would name it."""
        return shown_key(self.key)

    @property
    def words(self) -> str:
        """What is wrong with it."""
        return f"means {self.ids[0]} and {self.ids[1]} in {self.place}"


def _keys_by_id(entries: Sequence[Command] | Sequence[TableBinding]) -> dict[str, str]:
    return {entry.id: entry.keys for entry in entries}


def _rebind(entries: Sequence[_Bound], keys: Mapping[str, str]) -> tuple[_Bound, ...]:
    return tuple(replace(entry, keys=keys[entry.id]) if entry.id in keys else entry for entry in entries)


def _check_change(command: Command, *, is_own: bool) -> None:
    """A key that asks for a change is one that nobody presses by chance."""
    if not command.changes or is_own:
        return
    for key in command.keys.split(","):
        is_deliberate = key in MAY_CHANGE or (len(key) == 1 and key.isupper()) or key[1:].isdigit()
        if key in NEVER_DESTROY or not is_deliberate:
            raise Invalid(
                "keys",
                shown_key(key),
                f"{command.id} asks for a change of the cluster: only an upper-case letter, e, x or F1…F24 may",
            )
