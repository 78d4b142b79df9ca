"""Every screen at every size in every state, and every dialog, as pictures that somebody has looked at."""

import pytest
from textual.widgets import Input

from pvccore.state.schema import Schema
from pvccore.state.store import Store
from pvctui.screens import PLACES
from tests.pvctui import picture_book
from tests.pvctui.canned import CannedFeed
from tests.pvctui.canned_states import STATES
from tests.pvctui.console import SIZES, Shown, console
from tests.pvctui.picture_book import difference, words_of
from tests.pvctui.pictured import SHOTS, Shot
from tests.pvctui.stored import StoredCluster

FRAME_S, STILL_FRAMES, MOST_FRAMES = 0.02, 3, 200

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("still")]


async def _drawn(shown: Shown, place: str) -> str:
    """A screen, once all is laid out and nothing more is to be drawn."""
    await shown.pilot.press(PLACES[place].key)
    return await _as_it_stands(shown, place)


async def _as_it_stands(shown: Shown, name: str) -> str:
    """What stands once it reads the same for some frames: what follows a layout, as a scroll, comes in a later one."""
    same, read = 0, ""
    for _ in range(MOST_FRAMES):
        await shown.pilot.pause(FRAME_S)
        same, read = (same + 1 if shown.text() == read else 0), shown.text()
        if same == STILL_FRAMES:
            return shown.app.export_screenshot(title=f"pvc-tui {name}")
    raise AssertionError(f"it does not come to rest:\n{read}")


async def _opened(shown: Shown, name: str, shot: Shot) -> str:
    """What a shot's keys lead to, with a cursor that does not blink."""
    for key in shot.keys:
        await shown.pilot.press(key)
        await shown.pilot.pause()
    await shown.until(lambda: shot.shows in shown.text())
    for one in shown.app.screen.query(Input):
        one.cursor_blink = False
    return await _as_it_stands(shown, name)


def _store_with(shot: Shot) -> tuple[Store, Schema]:
    """Where every VM of a shot was defined from its XML."""
    stored = StoredCluster(shot.cluster)
    for uuid in shot.cluster.vms:
        stored.keep_xml(uuid, shot.xml)
    return stored.other, stored.schema


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


@pytest.mark.parametrize("name", SHOTS)
async def test_every_dialog_looks_as_it_did(name: str) -> None:
    shot, told = SHOTS[name], []
    for width, height in shot.sizes:
        store = _store_with(shot) if shot.xml else None
        async with console(shot.cluster, size=(width, height), read_only=shot.read_only, store=store) as shown:
            told.append(difference(f"dialogs/{name}-{width}x{height}", await _opened(shown, name, shot)))
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
