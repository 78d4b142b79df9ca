from pathlib import Path

import pytest

from pvccore.model.errors import Invalid
from pvctui.__main__ import main
from pvctui.config import Choices, read_looks
from pvctui.lists import column_names
from pvctui.look import PLAIN, THEME_NAMES, Looks
from tests.pvctui.canned import night
from tests.pvctui.console import console

CHOICES = Choices(themes=THEME_NAMES, columns=column_names())
WHOLE = """
theme = "pvc-light"
read_only = true
console_command = ["ssh", "{node}", "virsh", "console", "{vm}"]
ssh_command = ["mosh", "{node}"]

[keys]
"list.filter" = "F3"
"table.mark" = ["Space", "Insert"]

[columns]
vms = ["name", "status", "node"]
"""


def read(tmp_path: Path, text: str) -> Looks:
    path = tmp_path / "tui.toml"
    path.write_text(text)
    return read_looks(path, CHOICES)


def test_everything_can_be_said(tmp_path: Path) -> None:
    looks = read(tmp_path, WHOLE)
    assert looks.theme == "pvc-light"
    assert looks.read_only
    assert looks.ssh_command == ("mosh", "{node}")
    assert looks.columns == {"vms": ("name", "status", "node")}
    assert looks.keys.changed() == {"list.filter": "f3", "table.mark": "space,insert"}


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "") == PLAIN


@pytest.mark.parametrize(
    "text, line, words",
    [
        ('\ntheem = "x"', 2, "theem = 'x': 'theem' is not known; did you mean theme?"),
        ('theme = "pvc-ligth"', 1, "theme = 'pvc-ligth': 'pvc-ligth' is not known; did you mean pvc-light?"),
        ("theme = 3", 1, "theme = 3: is not a name in quotes"),
        ('read_only = "yes"', 1, "read_only = 'yes': is not true or false"),
        (
            '[keys]\n\n"list.fliter" = "x"',
            3,
            "list.fliter = 'x': 'list.fliter' is not known; did you mean list.filter?",
        ),
        ('[keys]\n"list.filter" = "Ctrl-Foo"', 2, "list.filter = 'Ctrl-Foo': is no key"),
        ('[keys]\n"list.filter" = []', 2, "is not a list of words"),
        ('[keys]\n"list.filter" = "M"', 2, "list.filter = 'M': M means list.filter and cluster.maintenance in nodes"),
        ('[keys]\n"node.flush" = "Ctrl-D"', 2, "Ctrl-D node.flush asks for a change of the cluster"),
        ('[columns]\nvms = ["nmae"]', 2, "'nmae' is not known; did you mean name?"),
        ('[columns]\nvm = ["name"]', 2, "'vm' is not known; did you mean vms?"),
        ('console_command = "ssh {node}"', 1, "is not a list of words"),
        ('ssh_command = ["ssh", "{host}"]', 1, "'host' is not known"),
        ('keys = "none"', 1, "is not a table; write it as [keys]"),
    ],
)
def test_a_mistake_is_told_with_file_line_key_and_value(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(tmp_path, text)
    assert f"tui.toml, line {line}'" in str(caught.value)
    assert words in str(caught.value)


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"tui.toml.*at line 2"):
        read(tmp_path, 'theme = "pvc-light"\nkeys = \n')


def test_the_program_starts_with_a_mistake_only_if_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / ".config" / "pvc" / "tui.toml"
    file.parent.mkdir(parents=True)
    file.write_text('theme = "nonsense"')
    assert main(["-c", "nobody:1"]) == 2
    told = capsys.readouterr().err
    assert f"{file}, line 1" in told
    assert "--default-looks" in told
    assert main(["--default-looks", "-c", "no-such-cluster"]) == 1
    assert "no cluster 'no-such-cluster'" in capsys.readouterr().err


async def test_keys_bound_anew_work_and_are_shown_as_such(tmp_path: Path) -> None:
    looks = read(
        tmp_path,
        '[keys]\n"go.vms" = "h"\n"list.filter" = "F3"\n"vm.start" = "F"\n"table.cursor_down" = "n"\n"vm.edit" = "E"',
    )
    async with console(night(), looks=looks) as shown:
        assert "h VMs" in shown.text()
        text = await shown.press("h")
        assert shown.app.place_name == "vms"
        assert "F3 filter" in text
        before = shown.app.subject
        await shown.press("n")
        after = shown.app.subject
        assert after != before
        await shown.press("j")
        assert shown.app.subject == after
        assert "Start" in await shown.press("F")
        assert "n " in await shown.press("escape", "question_mark", "end")
        await shown.press("escape", "2", "down")
        assert "Flush" in await shown.press("F")


async def test_chosen_columns_stand_alone_in_their_order(tmp_path: Path) -> None:
    looks = read(tmp_path, '[columns]\nvms = ["name", "memory", "node"]')
    async with console(night(), looks=looks) as shown:
        heading = next(line for line in (await shown.press("3")).splitlines() if "NAME" in line)
        assert heading.index("NAME") < heading.index("MEMORY") < heading.index("NODE")
        assert "SELECTOR" not in heading


async def test_the_chosen_theme_is_worn(tmp_path: Path) -> None:
    async with console(night(), looks=read(tmp_path, 'theme = "pvc-high-contrast"')) as shown:
        assert shown.app.theme == "pvc-high-contrast"
