import pytest

from pvctui.screens.full_pane import HINT
from tests.pvctui.canned import night
from tests.pvctui.console import console

WIDE = (160, 50)


def borders(text: str) -> list[str]:
    """Where the panes stand, whatever the seconds have changed in them."""
    return [line for line in text.splitlines() if line[:1] in "╭╰"]


async def test_the_list_has_all_the_room_and_gives_it_back() -> None:
    async with console(night(), size=WIDE) as shown:
        both = await shown.press("3")
        full = await shown.press("f")
        assert HINT in full
        assert "Summary" not in full
        assert len(max(full.splitlines(), key=len)) == WIDE[0]
        assert await shown.press("f") == both
        await shown.press("f")
        assert await shown.press("escape") == both


async def test_the_detail_has_all_the_room_when_the_keyboard_is_there() -> None:
    async with console(night(), size=WIDE) as shown:
        await shown.press("3", "tab")
        full = await shown.press("f")
        assert "Summary" in full
        assert "STATUS" not in full
        assert full.splitlines()[0].startswith(" prod-ams")
        back = await shown.press("escape")
        assert "STATUS" in back
        assert "Summary" in back


async def test_esc_leaves_the_filter_first_and_then_the_full_screen() -> None:
    async with console(night(), size=WIDE) as shown:
        await shown.press("3", "f", "slash", *"web")
        assert HINT in await shown.press("escape")
        assert HINT not in await shown.press("escape")


@pytest.mark.parametrize("place", ["1", "4", "5", "6", "7"])
@pytest.mark.parametrize("size", [(80, 24), WIDE])
async def test_every_place_has_a_pane_that_can_have_it_and_others_are_as_they_were(
    place: str, size: tuple[int, int]
) -> None:
    async with console(night(), size=size) as shown:
        before = await shown.press(place)
        assert HINT in await shown.press("f")
        assert HINT not in await shown.press("2" if place != "2" else "3")
        await shown.press(place)
        assert borders(await shown.press("f")) == borders(before)


async def test_another_list_of_the_storage_has_only_its_own_room() -> None:
    async with console(night(), size=WIDE) as shown:
        await shown.press("4", "f")
        assert HINT not in await shown.press("full_stop")
