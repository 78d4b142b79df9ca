"""Keys that were typed before the console got round to the ones before them."""

import pytest
from textual.events import Key
from textual.widgets import Input

from pvctui.dialogs.maintenance import MaintenanceDialog
from pvctui.dialogs.palette import Palette
from pvctui.dialogs.verb import VerbDialog
from tests.pvctui.canned import night
from tests.pvctui.console import Shown, console


def type_at_once(shown: Shown, *keys: str) -> None:
    """All of them wait before the first one is read."""
    for key in keys:
        shown.app.post_message(Key(key, key if len(key) == 1 else None))


def typed(shown: Shown) -> str:
    return shown.app.focused.value if isinstance(shown.app.focused, Input) else ""


@pytest.mark.parametrize("place, words", [("2", "XFRq"), ("3", "XSTe"), ("6", "xq19")])
async def test_what_is_typed_right_behind_the_slash_goes_into_the_filter(place: str, words: str) -> None:
    async with console(night()) as shown:
        await shown.press(place)
        before = shown.app.place_name
        type_at_once(shown, "slash", *words)
        await shown.until(lambda: typed(shown) == words)
        assert len(shown.app.screen_stack) == 1
        assert shown.app.place_name == before


@pytest.mark.parametrize("key", ["colon", "x"])
async def test_what_is_typed_right_behind_the_palettes_key_goes_into_the_palette(key: str) -> None:
    async with console(night()) as shown:
        await shown.press("3")
        type_at_once(shown, key, *"qSTe")
        await shown.until(lambda: typed(shown) == "qSTe")
        assert isinstance(shown.app.screen, Palette)
        assert len(shown.app.screen_stack) == 2


async def test_a_name_typed_right_behind_the_key_of_a_dialog_goes_into_the_dialog() -> None:
    async with console(night()) as shown:
        await shown.press("2")
        type_at_once(shown, "X", *"hv1")
        await shown.until(lambda: isinstance(shown.app.screen, VerbDialog) and typed(shown) == "hv1")
        assert shown.app.place_name == "nodes"


async def test_a_screen_a_filter_and_words_may_come_in_one_go() -> None:
    async with console(night()) as shown:
        type_at_once(shown, "3", "down", "slash", *"build7")
        await shown.until(lambda: typed(shown) == "build7" and "1 of 44" in shown.text())
        assert shown.app.place_name == "vms"


async def test_what_is_typed_behind_enter_is_for_what_enter_leads_to() -> None:
    async with console(night()) as shown:
        await shown.press("3")
        type_at_once(shown, "slash", *"db1x", "backspace", "enter", "y")
        await shown.until(lambda: shown.app.clipboard == "db1" and "1 of 44" in shown.text())
        assert "db1y" not in shown.text()


async def test_a_reason_typed_behind_the_palettes_enter_stands_in_the_dialog_that_it_opens() -> None:
    async with console(night()) as shown:
        type_at_once(shown, "colon", *"maintenance", "enter", *"v1 X", "tab")
        await shown.until(lambda: isinstance(shown.app.screen, MaintenanceDialog))
        await shown.until(lambda: "v1 X" in shown.text())
        assert shown.app.place_name == "overview"


async def test_keys_go_on_though_the_field_of_the_one_before_is_gone() -> None:
    async with console(night()) as shown:
        type_at_once(shown, "colon", *"resilience", "enter", "3")
        await shown.until(lambda: shown.app.place_name == "vms")
        assert len(shown.app.screen_stack) == 1
