import pytest

from pvccore.model.errors import Refused
from pvctui.app import Console
from pvctui.clipboard import copied
from tests.pvctui.canned import night, well
from tests.pvctui.console import console


async def test_the_name_under_the_cursor_is_sent_and_told() -> None:
    async with console(night()) as shown:
        text = await shown.press("3", "y")
        assert "sent to the terminal's clipboard: app1" in text
        assert shown.app.clipboard == "app1"


async def test_of_marked_rows_all_names_are_sent_each_on_a_line() -> None:
    async with console(well(5, 4)) as shown:
        text = await shown.press("2", "asterisk", "y")
        assert "5 names" in text
        assert shown.app.clipboard == "hv1\nhv2\nhv3\nhv4\nhv5"


@pytest.mark.parametrize("place, name", [("1", "hv3"), ("6", "hv3"), ("7", "hv1")])
async def test_every_list_has_a_name_under_its_cursor(place: str, name: str) -> None:
    async with console(night()) as shown:
        await shown.press(place, "y")
        assert shown.app.clipboard == name


async def test_on_the_overview_it_is_the_cursor_of_the_pane_with_the_keyboard() -> None:
    async with console(night()) as shown:
        await shown.press("1", "tab", "right", "y")
        assert shown.app.clipboard == "hv2"
        await shown.press("tab", "down", "down", "y")
        assert shown.app.clipboard == "hv6"
        assert "Export: last-entries" in await shown.press("o")


async def test_where_there_is_no_name_that_is_said() -> None:
    async with console(well()) as shown:
        assert "there is no name here to copy" in await shown.press("1", "y")


async def test_more_than_a_terminal_takes_is_refused() -> None:
    async with console(well()) as shown:
        with pytest.raises(Refused, match="o exports the list"):
            copied(shown.app, ["x" * 100] * 1000, "name")


async def test_a_browsers_clipboard_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(well()) as shown:
        monkeypatch.setattr(Console, "is_web", True)
        assert "a browser lets no page" in await shown.press("2", "y")
        assert shown.app.clipboard == ""
