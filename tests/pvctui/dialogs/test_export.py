import json
from pathlib import Path

import pytest

from pvctui.dialogs.export import ExportDialog, written
from tests.pvctui.canned import night, well
from tests.pvctui.console import Shown, console


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files(folder: Path, pattern: str = "*") -> list[Path]:
    return list(folder.glob(pattern))


async def write_it(shown: Shown) -> None:
    while shown.app.focused is None or shown.app.focused.id != "act":
        await shown.pilot.press("tab")
    await shown.press("enter")
    await shown.until(lambda: "→ writing" not in shown.text())


async def test_the_filtered_list_is_written_in_its_order(tmp_path: Path) -> None:
    async with console(night()) as shown:
        await shown.press("3", "slash", *"app1", "enter", "s", "o")
        assert "11 rows as filtered and sorted now" in shown.text()
        await write_it(shown)
        assert not isinstance(shown.app.screen, ExportDialog)
        (path,) = files(tmp_path)
        assert path.name.startswith("prod-ams-vm-2026")
        names = [line.split(",")[0] for line in path.read_text().splitlines()]
        assert names == ["name", *sorted((f"app{n}" for n in (1, *range(10, 20))), key=lambda n: -int(n[3:]))]


async def test_json_changes_the_ending_of_the_proposed_file_and_the_other_lists_are_written_too(tmp_path: Path) -> None:
    async with console(night()) as shown:
        for place, name in (("1", "attention"), ("2", "node"), ("6", "journal"), ("7", "resilience")):
            await shown.press(place, "o", "tab", "right")
            await write_it(shown)
            (path,) = files(tmp_path, f"*-{name}-*.json")
            assert json.loads(path.read_text())


async def test_a_file_that_is_there_is_replaced_only_when_that_is_ticked(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("mine")
    async with console(well()) as shown:
        await shown.press("2", "o")
        shown.app.screen.query_one("#field-path").value = str(path)  # type: ignore[attr-defined] # an Input
        await write_it(shown)
        assert "is there already" in shown.text()
        assert path.read_text() == "mine"
        shown.app.screen.query_one("#field-overwrite").focus()
        await shown.press("space")
        await write_it(shown)
        assert path.read_text().startswith("name,")


async def test_a_path_that_can_not_be_written_is_said_and_the_dialog_stays(tmp_path: Path) -> None:
    async with console(well()) as shown:
        await shown.press("2", "o")
        for value, said in ((str(tmp_path / "no" / "list.csv"), "No such file"), ("  ", "path: must not be empty")):
            shown.app.screen.query_one("#field-path").value = value  # type: ignore[attr-defined] # an Input
            await write_it(shown)
            await shown.until(lambda: said in shown.text())  # noqa: B023 - waited for within the loop
        assert isinstance(shown.app.screen, ExportDialog)


def test_a_path_with_a_nul_is_refused_in_words() -> None:
    assert "null" in written(Path("a\0b"), "", replaces=False)
