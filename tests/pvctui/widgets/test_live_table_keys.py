from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.ordering import SortOrder
from pvctui.widgets.painting import MORE_LEFT, MORE_RIGHT
from pvctui.widgets.table_bindings import TABLE_BINDINGS, TableBinding
from tests.pvctui.widgets.canned import TableApp, vm, vms

SIZE = (80, 11)  # ten rows in sight


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.parametrize(
    "keys, number",
    [
        (["j"], 1),
        (["down", "down"], 2),
        (["k"], 0),
        (["j", "j", "k"], 1),
        (["j", "up"], 0),
        (["end"], 99),
        (["end", "j"], 99),
        (["end", "g"], 0),
        (["end", "home"], 0),
        (["ctrl+d"], 5),
        (["ctrl+d", "ctrl+u"], 0),
        (["ctrl+f"], 9),
        (["pagedown", "pagedown"], 18),
        (["pagedown", "pagedown", "ctrl+b"], 9),
        (["pagedown", "pageup"], 0),
        (["pageup"], 0),
    ],
)
async def test_a_key_moves_the_cursor(keys: list[str], number: int) -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, *keys)
        assert app.table.cursor_key == f"key{number}"
        assert f"web{number}" in app.names()
        assert app.heard(LiveTable.RowHighlighted)[-1].key == f"key{number}"


async def test_moving_within_the_window_paints_two_lines() -> None:
    app = TableApp(vms(100))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.table.painted.clear()
        await press(pilot, "j")
        assert sorted(app.table.painted) == [1, 2]


async def test_enter_opens_the_row() -> None:
    app = TableApp(vms(3))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "j", "enter")
        assert [message.key for message in app.heard(LiveTable.RowSelected)] == ["key1"]


async def test_space_marks_and_goes_on() -> None:
    app = TableApp(vms(5))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "space", "space", "j", "space")
        assert app.marked() == ("key0", "key1", "key3")
        assert [line[1] for line in app.lines()[1:5]] == ["✓", "✓", " ", "✓"]
        await press(pilot, "g", "space")
        assert app.marked() == ("key1", "key3")
        assert app.heard(LiveTable.MarksChanged)[-1].keys == ("key1", "key3")
        assert app.table.subject_keys == ("key1", "key3")


async def test_without_marks_the_subject_is_the_row_under_the_cursor() -> None:
    app = TableApp(vms(5))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "j")
        assert app.table.subject_keys == ("key1",)


async def test_m_and_moving_marks_a_range_until_m_again() -> None:
    app = TableApp(vms(9))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "j", "m", "j", "j", "j", "k")
        assert app.marked() == ("key1", "key2", "key3")
        assert "3 marked, moving marks: m ends" in app.table.status.text()
        await press(pilot, "m", "j", "j")
        assert app.marked() == ("key1", "key2", "key3")


async def test_esc_ends_a_range_first_and_is_the_screens_after_that() -> None:
    app = TableApp(vms(9))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "m", "j", "escape")
        assert app.escaped == 0
        assert "moving" not in app.heard(LiveTable.ViewChanged)[-1].status.text()
        await press(pilot, "j", "escape")
        assert app.marked() == ("key0", "key1")
        assert app.escaped == 1


async def test_shift_and_arrows_mark_until_one_moves_without() -> None:
    app = TableApp(vms(9))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "j", "shift+down")
        assert "moving" not in app.table.status.text()
        await press(pilot, "shift+down", "shift+up", "j", "j")
        assert app.marked() == ("key1", "key2")
        await press(pilot, "shift+up")
        assert app.marked() == ("key1", "key2", "key3", "key4")


async def test_star_marks_all_that_the_filter_shows_or_none() -> None:
    app = TableApp(vms(6))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "space")
        app.table.set_filter("tag:prod")
        await press(pilot, "*")
        assert app.marked() == ("key1", "key3", "key5", "key0")
        assert "4 marked, 1 not shown" in app.table.status.text()
        await press(pilot, "*")
        assert app.marked() == ("key0",)
        app.table.clear_marks()
        assert app.marked() == ()


async def test_the_order_follows_the_keys() -> None:
    app = TableApp([vm(1, memory=9, status="b"), vm(2, memory=5, status="c"), vm(3, memory=7, status="a")])
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, ">")
        assert app.table.live_rows.order == SortOrder(column="status")
        assert app.names() == ["web3", "web1", "web2"]
        await press(pilot, ">")
        assert app.names() == ["web2", "web3", "web1"]
        assert "MEMORY ↑" in app.lines()[0]
        await press(pilot, "s")
        assert app.names() == ["web1", "web3", "web2"]
        assert "MEMORY ↓" in app.lines()[0]
        assert app.table.status.text() == "3     sort: memory ↓"
        await press(pilot, "<", "<")
        assert app.names() == ["web1", "web2", "web3"]


async def test_p_keeps_the_order_while_values_go_on() -> None:
    app = TableApp([vm(1, memory=1), vm(2, memory=2)], order=SortOrder(column="memory"))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "p")
        app.clock.now_s += 60
        app.table.apply([vm(1, memory=77)])
        await pilot.pause()
        assert app.names() == ["web1", "web2"]
        assert "77 M" in app.lines()[1]
        assert app.table.status.text().endswith("order frozen")
        await press(pilot, "p")
        assert app.names() == ["web2", "web1"]


async def test_z_keeps_everything_and_shows_all_of_it_afterwards() -> None:
    app = TableApp(vms(4))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "z")
        app.table.apply([vm(0, memory=77), vm(8)], ["key1"])
        app.table.set_rows([vm(0, memory=78), vm(3), vm(8)])
        await pilot.pause()
        assert app.names() == ["web0", "web1", "web2", "web3"]
        assert "0 M" in app.lines()[1]
        assert app.table.status.text().endswith("PAUSED")
        await press(pilot, "z")
        assert app.names() == ["web0", "web3", "web8"]
        assert "78 M" in app.lines()[1]


async def test_arrows_scroll_the_columns_and_the_name_stays() -> None:
    app = TableApp(vms(3))
    async with app.run_test(size=(34, 11)) as pilot:
        assert app.lines()[0].startswith("   NAME ↑      STATUS")
        assert app.lines()[0].endswith(MORE_RIGHT)
        await press(pilot, "right")
        assert app.lines()[0].startswith(f"  {MORE_LEFT}NAME ↑        MEMORY")
        await press(pilot, "left", "left")
        assert app.lines()[0].startswith("   NAME ↑      STATUS")


async def test_w_widens_and_narrows() -> None:
    app = TableApp(vms(3))
    async with app.run_test(size=(30, 11)) as pilot:
        await press(pilot, "w")
        assert app.lines()[0].endswith(MORE_RIGHT)
        await press(pilot, "right", "right", "right", "right", "right")
        assert "WHY" in app.lines()[0]
        await press(pilot, "w")
        assert app.lines()[0].startswith("   NAME")


@pytest.mark.parametrize("one", TABLE_BINDINGS, ids=lambda one: one.id)
async def test_no_key_harms_an_empty_table(one: TableBinding) -> None:
    app = TableApp()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, *one.keys.split(","))
        assert app.table.cursor_key is None
        assert "no VMs yet" in app.lines()[2]


@pytest.mark.parametrize("one", TABLE_BINDINGS, ids=lambda one: one.id)
async def test_every_binding_has_its_action_and_can_be_bound_anew_by_id(
    one: TableBinding, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = TableApp(vms(30))
    called: list[str] = []
    monkeypatch.setattr(app.table, f"action_{one.action}", lambda: called.append(one.action))
    monkeypatch.setattr(app.table, "check_action", lambda _action, _parameters: True)
    async with app.run_test(size=SIZE) as pilot:
        app.set_keymap({one.id: "f9"})
        await press(pilot, "f9")
        assert called == [one.action]


def test_no_key_is_bound_twice_and_none_is_a_letter_that_changes_the_cluster() -> None:
    keys = [key for entry in TABLE_BINDINGS for key in entry.keys.split(",")]
    assert len(keys) == len(set(keys))
    assert not [key for key in keys if len(key) == 1 and (key.isupper() or key in "exyolvqf")]
