from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.color import Color

from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder
from pvctui.widgets.rows import Row
from tests.pvctui.widgets.canned import COLUMNS, TableApp, vm, vms

SIZE = (80, 11)  # ten rows in sight
HOSTILE = [
    "bad[/x]",
    "[red]not red[/red]",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://x\x1b\\link",
    "abc\u202egnp.exe",
    "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂",
    "👩‍🚀 astronaut",
    "数据库服务器数据库服务器",
    "x" * 200,
    "a\nb\tc\x00d\x9b31m",
    "e\u0301" * 20,
]


def line_styles(app: TableApp, y: int) -> set[Style]:
    """The styles of a line as they reach the terminal, the scrollbar's place left out."""
    segments = [*app.table.render_lines(app.table.size.region)[y].crop(0, app.table.window_width)]
    return {segment.style for segment in segments if segment.style is not None}


async def test_rows_are_painted_with_their_columns() -> None:
    app = TableApp([vm(1, memory=512)])
    async with app.run_test(size=SIZE):
        assert app.lines()[:2] == [
            "   NAME ↑      STATUS        MEMORY  WHY",
            "▌  web1        running        512 M",
        ]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_shown_as_text_and_breaks_nothing(text: str) -> None:
    app = TableApp([Row(key="a", cells=(text, (text, text), text, text)), vm(1)])
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("*")
        await pilot.pause()
        assert app.table.set_filter(text) is None or "[" in text
        strips = app.table.render_lines(app.table.size.region)
        assert {strip.cell_length for strip in strips} == {80}
        for strip in strips:
            assert cell_len(strip.text) == 80
            assert not [character for character in strip.text if ord(character) < 32 or 127 <= ord(character) < 160]
        assert app.export_screenshot()


async def test_markup_in_a_name_is_read_as_it_stands() -> None:
    app = TableApp([vm(1, name="bad[/x]")])
    async with app.run_test(size=SIZE):
        assert app.names() == ["bad[/x]"]


async def test_of_ten_thousand_rows_only_those_in_sight_are_painted() -> None:
    app = TableApp(vms(10_000))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.table.painted.clear()
        app.table.apply([vm(number, status="failed") for number in range(100, 10_000)])
        await pilot.pause()
        assert app.table.painted == []
        app.table.apply([vm(number, status="failed") for number in range(100)])
        await pilot.pause()
        assert sorted(app.table.painted) == list(range(11))


async def test_up_to_eight_changes_paint_their_lines_alone() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.table.painted.clear()
        app.table.apply([vm(number, status="failed") for number in range(2, 10)])
        await pilot.pause()
        assert sorted(app.table.painted) == [3, 4, 5, 6, 7, 8, 9, 10]


async def test_the_same_rows_again_paint_nothing() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.table.painted.clear()
        app.table.set_rows(vms(100))
        await pilot.pause()
        assert app.table.painted == []


async def test_the_cursor_stays_on_its_row_and_its_line_when_rows_come_and_go() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        app.table.move_to("key50")
        app.clock.now_s += 10
        await pilot.pause()
        line = app.names().index("web50")
        app.table.apply([vm(200, name="aaa"), vm(201, name="aab")], [f"key{number}" for number in range(20)])
        await pilot.pause()
        assert app.table.cursor_key == "key50"
        assert app.names().index("web50") == line
        assert app.lines()[1 + line].startswith("▌")


async def test_the_cursor_stays_on_its_row_when_the_order_changes() -> None:
    app = TableApp(vms(100), order=SortOrder(column="memory"))
    async with app.run_test(size=SIZE) as pilot:
        app.table.move_to("key50")
        await pilot.pause()
        line = app.names().index("web50")
        app.clock.now_s += 10
        app.table.apply([vm(50, memory=20)])
        await pilot.pause()
        assert app.table.live_rows.place_of("key50") == 21
        assert app.names().index("web50") == line


async def test_a_removed_row_hands_the_cursor_to_its_neighbour() -> None:
    app = TableApp(vms(5))
    async with app.run_test(size=SIZE) as pilot:
        app.table.move_to("key2")
        app.table.apply([], ["key2"])
        await pilot.pause()
        assert app.table.cursor_key == "key3"
        app.table.apply([], ["key3", "key4"])
        await pilot.pause()
        assert app.table.cursor_key == "key1"
        app.table.set_rows([])
        await pilot.pause()
        assert app.heard(LiveTable.RowHighlighted)[-1].key is None


async def test_a_removed_row_loses_its_mark() -> None:
    app = TableApp(vms(5))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("space", "space")
        app.table.apply([], ["key0"])
        await pilot.pause()
        assert app.marked() == ("key1",)
        assert app.heard(LiveTable.MarksChanged)[-1].keys == ("key1",)


async def test_what_was_scrolled_to_stays_in_sight_when_the_cursor_is_elsewhere() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        app.table.scroll_to(y=60, animate=False)
        await pilot.pause()
        app.clock.now_s += 10
        app.table.apply([], ["key10", "key11", "key12"])
        await pilot.pause()
        assert app.names()[0] == "web60"
        assert app.table.cursor_key == "key0"


async def test_a_journal_keeps_its_newest_line_in_sight() -> None:
    app = TableApp(vms(50), order=SortOrder(column="name", descending=True), follow_top=True)
    async with app.run_test(size=SIZE) as pilot:
        app.table.apply([vm(50)])
        app.clock.now_s += 10
        app.table.sort_if_due()
        await pilot.pause()
        assert app.names()[0] == "web50"
        assert app.table.cursor_key == "key50"


async def test_values_that_move_are_sorted_at_most_once_a_second() -> None:
    app = TableApp(vms(3), order=SortOrder(column="memory"))
    async with app.run_test(size=SIZE) as pilot:
        app.clock.now_s += 10
        app.table.apply([vm(0, memory=50)])
        await pilot.pause()
        assert app.names() == ["web1", "web2", "web0"]
        app.clock.now_s += 0.9
        app.table.apply([vm(1, memory=60)])
        await pilot.pause()
        assert app.names() == ["web1", "web2", "web0"]
        app.clock.now_s += 0.1
        app.table.sort_if_due()
        await pilot.pause()
        assert app.names() == ["web2", "web0", "web1"]


async def test_nothing_moves_within_three_seconds_of_a_key() -> None:
    app = TableApp(vms(3), order=SortOrder(column="memory"))
    async with app.run_test(size=SIZE) as pilot:
        app.clock.now_s += 10
        await pilot.press("j")
        app.clock.now_s += 2.9
        app.table.apply([vm(0, memory=50)])
        await pilot.pause()
        assert app.names() == ["web0", "web1", "web2"]
        app.clock.now_s += 0.1
        app.table.sort_if_due()
        await pilot.pause()
        assert app.names() == ["web1", "web2", "web0"]


async def test_a_filter_is_shown_and_a_bad_one_changes_nothing() -> None:
    app = TableApp(vms(12))
    async with app.run_test(size=SIZE) as pilot:
        assert app.table.set_filter("web1") is None
        await pilot.pause()
        assert app.names() == ["web1", "web10", "web11"]
        assert app.heard(LiveTable.ViewChanged)[-1].status.text() == "3 of 12     sort: name ↑"
        assert app.table.set_filter("nobody:1") is not None
        assert app.names() == ["web1", "web10", "web11"]
        app.table.set_filter("~^nothing$")
        assert "nothing matches the filter" in app.lines()[2]
        app.table.set_filter("")
        assert len(app.table.shown_rows) == 12


async def test_old_data_is_dimmed_and_has_no_colours() -> None:
    app = TableApp(vms(2))
    async with app.run_test(size=SIZE) as pilot:
        colours = {style.color for style in line_styles(app, 2)}
        assert len(colours) == 2
        app.table.stale = True
        await pilot.pause()
        colours = {style.color for style in line_styles(app, 2)}
        assert len(colours) == 1
        assert app.table.stale


async def test_another_theme_repaints_in_its_colours() -> None:
    app = TableApp(vms(2))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.theme = "textual-light"
        await pilot.pause()
        (style,) = line_styles(app, 3)
        assert style.bgcolor is not None
        assert Color.from_rich_color(style.bgcolor).brightness > 0.5


async def test_without_colours_the_cursor_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = TableApp([vm(1, status="failed")])
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert {style.reverse for style in line_styles(app, 1)} == {True}
        colours = [Color.from_rich_color(style.color) for style in line_styles(app, 1) if style.color]
        assert colours
        assert all(colour.r == colour.g == colour.b for colour in colours)


async def test_a_smaller_window_keeps_the_cursor_in_sight() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        app.table.move_to("key9")
        await pilot.resize_terminal(60, 6)
        await pilot.pause()
        assert "web9" in app.names()
        assert {strip.cell_length for strip in app.table.render_lines(app.table.size.region)} == {60}


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (8, 3)])
async def test_a_tiny_window_does_no_harm(size: tuple[int, int]) -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=size) as pilot:
        await pilot.press("end", "pageup", "right", "w", ">")
        await pilot.pause()
        assert app.table.cursor_key is not None


async def test_moving_to_a_row_that_is_not_shown_is_told() -> None:
    app = TableApp(vms(3))
    async with app.run_test(size=SIZE):
        assert not app.table.move_to("nobody")
        assert app.table.cursor_row == vm(0)


async def test_a_click_on_a_title_sorts_and_a_second_one_reverses() -> None:
    app = TableApp([vm(1, memory=9), vm(2, memory=5)])
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click(app.table, offset=(30, 0))
        assert app.table.live_rows.order == SortOrder(column="memory")
        await pilot.click(app.table, offset=(30, 0))
        assert app.table.live_rows.order == SortOrder(column="memory", descending=True)
        await pilot.click(app.table, offset=(60, 0))
        assert app.table.live_rows.order == SortOrder(column="memory", descending=True)


async def test_a_click_puts_the_cursor_and_a_double_click_opens() -> None:
    app = TableApp(vms(5))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click(app.table, offset=(10, 3))
        assert app.table.cursor_key == "key2"
        assert not app.heard(LiveTable.RowSelected)
        await pilot.double_click(app.table, offset=(10, 4))
        await pilot.pause()
        assert [message.key for message in app.heard(LiveTable.RowSelected)] == ["key3"]


async def test_a_click_in_the_gutter_marks() -> None:
    app = TableApp(vms(5))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click(app.table, offset=(1, 3))
        assert app.marked() == ("key2",)
        await pilot.click(app.table, offset=(10, 9))
        assert app.table.cursor_key == "key2"


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        await pilot._post_mouse_events([events.MouseScrollDown], app.table, (5, 5))
        await pilot.pause()
        assert app.table.scroll_offset.y > 0
        assert app.table.cursor_key == "key0"


class BorderedApp(TableApp):
    CSS = "LiveTable { border: round $primary; padding: 0 1; }"


async def test_inside_a_border_lines_and_clicks_still_meet() -> None:
    app = BorderedApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.table.window_height == 8
        assert app.table.render_line(1).cell_length == app.table.window_width == 75
        app.table.painted.clear()
        app.table.apply([vm(7, status="failed"), vm(8, status="failed")])
        await pilot.pause()
        assert app.table.painted == [8]
        await pilot.click(app.table, offset=(10, 4))
        assert app.table.cursor_key == "key2"
        await pilot.press("end")
        assert app.table.scroll_offset.y == 92


async def test_a_sort_that_had_to_wait_comes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TableApp(vms(3), order=SortOrder(column="memory"))
    async with app.run_test(size=SIZE) as pilot:
        alarms: list[tuple[float, Callable[[], None]]] = []
        monkeypatch.setattr(app.table, "set_timer", lambda wait_s, wake: alarms.append((wait_s, wake)))
        app.clock.now_s += 10
        await pilot.press("j")
        app.table.apply([vm(0, memory=50)])
        assert [wait_s for wait_s, _wake in alarms] == [3.0]
        app.clock.now_s += 3
        alarms[0][1]()
        assert app.names() == ["web1", "web2", "web0"]


class EarlyApp(App[None]):
    """A screen that fills its table before there is anything to see."""

    def __init__(self) -> None:
        super().__init__()
        self.table = LiveTable(COLUMNS, order=SortOrder(column="name"))
        self.table.set_rows(vms(30))
        self.table.set_filter("web1")
        self.table.move_to("key11")

    def compose(self) -> ComposeResult:
        yield self.table


async def test_rows_may_come_before_the_screen_is_there() -> None:
    app = EarlyApp()
    async with app.run_test(size=(80, 4)) as pilot:
        await pilot.pause()
        assert app.table.cursor_key == "key11"
        assert app.table.render_line(3).text.startswith("▌  web11")


async def test_a_table_without_the_focus_shows_a_paler_cursor() -> None:
    app = TableApp(vms(3))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        focused = line_styles(app, 1)
        app.screen.set_focus(None)
        await pilot.pause()
        assert line_styles(app, 1) != focused
        assert app.lines()[1].startswith("▌")


async def test_a_filter_that_is_set_again_costs_nothing() -> None:
    app = TableApp(vms(20))
    async with app.run_test(size=SIZE):
        app.table.set_filter("web1")
        shown = app.table.live_rows.shown
        assert app.table.set_filter("web1") is None
        assert app.table.live_rows.shown is shown


async def test_more_rows_or_fewer_lay_the_screen_out_only_when_the_scrollbar_comes_or_goes() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        laid_out: list[bool] = []
        noted = app.screen.screen_layout_refresh_signal
        noted.subscribe(app, lambda _screen: laid_out.append(app.table.show_vertical_scrollbar), immediate=True)
        app.table.set_filter("web1|web2")
        await pilot.pause()
        assert app.table.virtual_size.height == 1 + len(app.table.live_rows.shown)
        assert app.table.show_vertical_scrollbar
        assert laid_out == []
        app.table.set_filter("web99")
        await pilot.pause()
        assert False in laid_out


async def test_another_theme_paints_all_rows_anew_and_another_focus_none_but_the_cursors() -> None:
    app = TableApp(vms(5))
    async with app.run_test(size=SIZE) as pilot:
        before = app.table.render_lines(app.table.size.region)[3]
        app.table.notify_style_update()
        assert list(app.table.render_lines(app.table.size.region)[3]) == list(before)
        app.theme = "textual-light"
        await pilot.pause()
        assert list(app.table.render_lines(app.table.size.region)[3]) != list(before)
