import pytest
from textual.keys import Keys

from pvctui.app import Console
from pvctui.commands import COMMANDS, Command, clashes, commands_at, shown_key
from pvctui.screens import PLACES
from pvctui.widgets.table_bindings import TABLE_BINDINGS


def test_no_id_is_used_twice_and_no_key_means_two_things() -> None:
    assert clashes(COMMANDS) == []


def test_a_clash_is_named() -> None:
    twice = [
        Command(id="a", keys="x", description="", action="a"),
        Command(id="a", keys="x", description="", action="b"),
    ]
    assert "the id a is used 2 times" in clashes(twice)
    assert "x means 2 things in vms" in clashes(twice)


def test_every_command_has_its_action() -> None:
    for command in COMMANDS:
        name = command.action.partition("(")[0].removeprefix("app.")
        assert hasattr(Console, f"action_{name}"), command.id


def test_no_key_of_the_console_is_a_key_of_its_lists() -> None:
    of_lists = {key for entry in TABLE_BINDINGS for key in entry.keys.split(",")} - {"escape"}
    of_console = {key for command in COMMANDS for key in command.keys.split(",")}
    assert of_lists & of_console == set()


def test_no_control_key_asks_for_a_change() -> None:
    changing = [key for command in COMMANDS if command.changes for key in command.keys.split(",")]
    assert changing
    assert not [key for key in changing if key.startswith("ctrl+")]
    assert Keys.ControlK.value not in changing


@pytest.mark.parametrize("place", PLACES)
def test_every_place_offers_help_and_the_way_out(place: str) -> None:
    ids = {command.id for command in commands_at(place, demo=False)}
    assert {"open.help", "quit"} <= ids
    assert "demo.menu" not in ids


def test_keys_are_named_as_a_person_would() -> None:
    assert [shown_key(key) for key in ("question_mark", "ctrl+p", "M", "full_stop")] == ["?", "Ctrl-P", "M", "."]
