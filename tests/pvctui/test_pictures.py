"""Every screen at every size in every state, as a picture that somebody has looked at."""

import os
import time
from collections.abc import Iterator

import pytest

from pvctui.screens import PLACES
from tests.pvctui import picture_book
from tests.pvctui.canned import CannedFeed
from tests.pvctui.canned_states import STATES
from tests.pvctui.console import SIZES, Shown, console
from tests.pvctui.picture_book import difference, words_of

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No second passes, and it is the same hour everywhere."""
    monkeypatch.setattr("pvctui.app.TICK_S", 3600.0)
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


async def _drawn(shown: Shown, place: str) -> str:
    """Once all is laid out and nothing more is to be drawn."""
    await shown.pilot.press(PLACES[place].key)
    for _ in range(3):
        await shown.pilot.pause()
    return shown.app.export_screenshot(title=f"pvc-tui {place}")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_screen_looks_as_it_did(size: tuple[int, int], state: str) -> None:
    told = []
    async with console(STATES[state].cluster, size=size) as shown:
        assert isinstance(shown.feed, CannedFeed)
        shown.feed.break_off(STATES[state].link)
        for place in PLACES:
            name = f"{place}-{size[0]}x{size[1]}-{state}"
            told.append(difference(name, await _drawn(shown, place)))
    assert "".join(told) == "", "\n\n".join(filter(None, told))


async def test_a_difference_says_which_words_changed_and_how_to_accept_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(picture_book, "FOLDER", tmp_path)
    async with console(STATES["normal"].cluster, size=(80, 24)) as shown:
        drawn = await _drawn(shown, "nodes")
    assert any("hv1" in line for line in words_of(drawn))
    monkeypatch.setenv(picture_book.ACCEPT, "1")
    assert difference("one", drawn) == ""
    monkeypatch.delenv(picture_book.ACCEPT)
    assert difference("one", drawn) == ""
    told = difference("one", drawn.replace("hv1", "hv9"))
    assert "+" in told
    assert "hv9" in told
    assert picture_book.ACCEPT in told
    assert "colours or styles differ" in difference("one", drawn.replace("#", "#0", 1))
