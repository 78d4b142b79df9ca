import pytest

from pvccore.model.errors import Invalid
from pvctui.commands import COMMANDS
from pvctui.keys import KeyTable, key_of


def test_no_key_of_the_program_means_two_things_in_one_place() -> None:
    assert list(KeyTable().clashes()) == []


def test_no_id_is_used_twice() -> None:
    assert len(set(KeyTable().ids())) == len(KeyTable().ids())


@pytest.mark.parametrize(
    "text, key",
    [
        ("?", "question_mark"),
        ("/", "slash"),
        ("#", "number_sign"),
        ("-", "minus"),
        ("M", "M"),
        ("Ctrl-F", "ctrl+f"),
        ("ctrl+f", "ctrl+f"),
        ("F5", "f5"),
        ("Shift-Tab", "shift+tab"),
        ("Esc", "escape"),
        ("question_mark", "question_mark"),
        ("Ctrl-Nonsense", ""),
        ("no key", ""),
        ("", ""),
    ],
)
def test_a_key_is_read_as_a_person_writes_it(text: str, key: str) -> None:
    assert key_of(text) == key


def test_a_clash_names_both_and_where() -> None:
    with pytest.raises(Invalid, match=r"'M': means vm.edit and cluster.maintenance in vms"):
        KeyTable().rebound({"vm.edit": "M"})
    with pytest.raises(Invalid, match=r"'j': means table.cursor_down and open.help in overview"):
        KeyTable().rebound({"open.help": "j"})


def test_the_same_key_may_mean_something_else_in_another_place() -> None:
    table = KeyTable().rebound({"vm.start": "F"})
    assert [command.id for command in table.commands if command.keys == "F"] == ["vm.start", "node.flush"]


def test_two_keys_may_be_swapped() -> None:
    assert KeyTable().rebound({"table.cursor_down": "k", "table.cursor_up": "j"}).changed() == {
        "table.cursor_down": "k",
        "table.cursor_up": "j",
    }


@pytest.mark.parametrize("key", ["ctrl+d", "ctrl+k", "a", "space", "enter", "ctrl+g"])
def test_a_key_that_is_hit_by_chance_never_asks_for_a_change(key: str) -> None:
    for command in COMMANDS:
        if command.changes:
            with pytest.raises(Invalid, match=f"{command.id} asks for a change"):
                KeyTable().rebound({command.id: key})


def test_a_function_key_may_ask_for_a_change() -> None:
    command = KeyTable().rebound({"cluster.maintenance": "f9"}).command("cluster.maintenance")
    assert command is not None
    assert command.shown_key == "F9"
