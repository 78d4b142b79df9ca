from pvctui.screens.detail_screen import DetailScreen
from pvctui.screens.history import MOST_KEPT, History, Seen
from tests.pvctui.canned import night, uuid
from tests.pvctui.canned_storage import on_ceph
from tests.pvctui.console import Shown, console

A, B, C = Seen(place="a"), Seen(place="b"), Seen(place="c")


def test_back_and_forward_are_each_others_opposite() -> None:
    history = History()
    history.leave(A)
    history.leave(B)
    assert history.back(C) == B
    assert history.back(B) == A
    assert history.back(A) is None
    assert history.forward(A) == B
    assert history.forward(B) == C
    assert history.forward(C) is None


def test_going_on_from_the_past_forgets_the_future() -> None:
    history = History()
    history.leave(A)
    assert history.back(B) == A
    history.leave(A)
    assert history.forward(C) is None


def test_the_last_view_and_this_one_take_turns() -> None:
    history = History()
    assert history.last(A) is None
    history.leave(A)
    assert history.last(B) == A
    assert history.last(A) == B


def test_a_look_that_is_this_one_is_no_step_back() -> None:
    history = History()
    history.leave(A)
    history.leave(B)
    assert history.back(B) == A


def test_no_more_is_kept_than_anybody_goes_back() -> None:
    history = History()
    for number in range(MOST_KEPT * 2):
        history.leave(Seen(place=str(number)))
    steps = 0
    while history.back(Seen(place="now")) is not None:
        steps += 1
    assert steps == MOST_KEPT


async def test_the_keys_bring_back_screen_filter_cursor_and_tab() -> None:
    async with console(night()) as shown:
        await shown.press("3", "slash", *"app", "enter", "j", "j", "full_stop")
        assert shown.app.place is not None
        before = shown.app.place.seen()
        await shown.press("escape", "2", "6")
        await shown.press("left_square_bracket")
        assert shown.app.place_name == "nodes"
        await shown.press("left_square_bracket")
        now = shown.app.place.seen()
        assert (now.place, now.key, now.tab) == ("vms", before.key, before.tab)
        await shown.press("right_square_bracket")
        assert shown.app.place_name == "nodes"
        await shown.press("minus")
        assert shown.app.place_name == "vms"
        await shown.press("minus")
        assert shown.app.place_name == "nodes"


async def test_a_filter_comes_back_with_its_screen() -> None:
    async with console(night()) as shown:
        await shown.press("3", "slash", *"db1", "enter", "2")
        assert shown.app.place is not None
        await shown.press("3", "escape", "2", "left_square_bracket")
        text = await shown.press("left_square_bracket", "left_square_bracket")
        assert "1 of 44" in text
        assert "db1" in text


def open_detail(shown: Shown) -> str:
    screen = shown.app.screen
    return screen.subject if isinstance(screen, DetailScreen) else ""


async def test_a_detail_that_lay_open_is_opened_again() -> None:
    async with console(night(), size=(80, 24)) as shown:
        await shown.press("3", "enter")
        assert open_detail(shown) == f"vm {uuid(1)}"
        for key, opened in (("left_square_bracket", ""), ("right_square_bracket", f"vm {uuid(1)}"), ("minus", "")):
            await shown.press(key)
            assert open_detail(shown) == opened


async def test_storage_comes_back_to_its_list() -> None:
    async with console(on_ceph(), size=(160, 50)) as shown:
        await shown.press("4", "full_stop", "full_stop", "j", "1")
        assert "vms/stray" in await shown.press("left_square_bracket")
        assert shown.app.subject == "volume vms/stray"
