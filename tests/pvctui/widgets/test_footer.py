from pvctui.commands import commands_at
from pvctui.rows.lines import text_of
from pvctui.widgets.footer import Hint, footer_line, hints_of
from pvctui.widgets.table_bindings import TABLE_BINDINGS

WAY_OUT = [Hint(key="q", word="quit")]


def told(place: str, width: int, refusal: str = "") -> str:
    hints = hints_of(commands_at(place, demo=False), TABLE_BINDINGS)
    return text_of(footer_line(hints, WAY_OUT, width, refusal))


def test_on_a_narrow_terminal_it_tells_how_to_open_a_row_and_where_all_actions_are() -> None:
    assert told("vms", 80).startswith(" ? help  / filter  : command  Enter open  e edit  x actions")
    assert "x actions" in told("nodes", 80)


def test_on_a_narrow_terminal_it_tells_of_the_log_which_no_menu_has() -> None:
    assert "l log" in told("vms", 80)
    assert "l log" in told("nodes", 80)


def test_it_is_as_wide_as_the_terminal_and_ends_in_the_way_out() -> None:
    for width in (60, 80, 120, 200):
        line = told("vms", width)
        assert (len(line), line[-6:]) == (width - 1, "q quit")  # one of air to the edge


def test_while_nothing_can_be_changed_the_reason_stands_beside_the_way_out() -> None:
    assert told("vms", 80, "read-only: a viewer").endswith("✗ read-only  q quit")
