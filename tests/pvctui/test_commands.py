import pytest
from textual.keys import Keys

from pvctui.app import Console
from pvctui.commands import COMMANDS, commands_at, shown_key
from pvctui.screens import PLACES


def test_every_command_has_its_action() -> None:
    for command in COMMANDS:
        name = command.action.partition("(")[0].removeprefix("app.")
        assert hasattr(Console, f"action_{name}"), command.id


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
