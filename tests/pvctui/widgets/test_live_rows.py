from __future__ import annotations

from pvctui.widgets.live_rows import LiveRows, Update, hidden_field
from pvctui.widgets.ordering import SortOrder
from pvctui.widgets.rows import Row
from tests.pvctui.widgets.canned import COLUMNS, vm, vms


def loaded(count: int, order: SortOrder | None = None) -> LiveRows:
    rows = LiveRows(COLUMNS, order=order or SortOrder(column="name"), extra_fields={"tag": hidden_field("tag")})
    rows.replace(vms(count))
    rows.sort()
    return rows


def test_rows_stand_in_natural_order_of_their_names() -> None:
    assert loaded(12).shown[:3] == ["key0", "key1", "key2"]
    assert loaded(12).shown[-1] == "key11"


def test_the_same_rows_again_change_nothing() -> None:
    assert loaded(5).replace(vms(5)).nothing


def test_a_row_of_the_same_version_is_not_even_compared() -> None:
    rows = LiveRows(COLUMNS, order=None)
    rows.replace([Row(key="a", cells=("one",), version=7)])
    assert rows.apply([Row(key="a", cells=("other",), version=7)], ()).nothing


def test_a_changed_value_repaints_its_row_alone() -> None:
    update = loaded(5).apply([vm(3, status="failed")], ())
    assert update == Update(repaint=frozenset({"key3"}))


def test_a_change_of_the_sort_column_leaves_the_order_for_later() -> None:
    rows = loaded(3, SortOrder(column="memory", descending=True))
    assert rows.shown == ["key2", "key1", "key0"]
    rows.apply([vm(0, memory=99)], ())
    assert rows.shown == ["key2", "key1", "key0"]
    assert rows.order_is_stale
    assert rows.sort()
    assert rows.shown == ["key0", "key2", "key1"]


def test_a_change_of_another_column_does_not_ask_for_sorting() -> None:
    rows = loaded(3)
    rows.apply([vm(0, memory=99)], ())
    assert not rows.order_is_stale


def test_new_rows_come_last_until_sorted_and_removed_ones_go_at_once() -> None:
    rows = loaded(3)
    update = rows.apply([vm(7, name="aaa")], ["key1", "nobody"])
    assert rows.shown == ["key0", "key2", "key7"]
    assert update == Update(moved=True, removed=frozenset({"key1"}))
    rows.sort()
    assert rows.shown == ["key7", "key0", "key2"]


def test_a_row_given_twice_in_one_change_is_shown_once() -> None:
    rows = loaded(1)
    rows.apply([vm(5), vm(5, memory=9)], ["key5"])
    assert rows.shown == ["key0", "key5"]
    assert rows["key5"].value(2) == 9


def test_replacing_drops_what_is_not_given() -> None:
    rows = loaded(4)
    assert rows.replace(vms(2)).removed == {"key2", "key3"}
    assert rows.shown == ["key0", "key1"]


def test_equal_values_stand_in_order_of_their_names() -> None:
    rows = loaded(4, SortOrder(column="status", descending=True))
    assert rows.shown == ["key0", "key1", "key2", "key3"]


def test_without_an_order_rows_stand_as_given() -> None:
    rows = LiveRows(COLUMNS, order=None)
    rows.replace([vm(2), vm(1)])
    rows.replace([vm(3), vm(2), vm(1)])
    rows.sort()
    assert rows.shown == ["key3", "key2", "key1"]


def test_an_order_by_a_column_that_is_not_there_is_no_order() -> None:
    assert LiveRows(COLUMNS, order=SortOrder(column="nobody")).order is None


def test_a_filter_hides_and_shows_rows_as_their_values_change() -> None:
    rows = loaded(4)
    assert rows.set_filter("status:failed") is None
    assert rows.shown == []
    update = rows.apply([vm(2, status="failed")], ())
    assert rows.shown == ["key2"]
    assert update.moved
    assert rows.apply([vm(2)], ()).moved
    assert rows.shown == []


def test_a_hidden_row_that_changes_and_stays_hidden_costs_nothing() -> None:
    rows = loaded(4)
    rows.set_filter("status:failed")
    assert rows.apply([vm(2, memory=77)], ()).nothing


def test_a_bad_filter_leaves_the_old_one_standing() -> None:
    rows = loaded(4)
    rows.set_filter("web2")
    assert rows.set_filter("~(") == "~ '(': missing ), unterminated subpattern at position 0"
    assert rows.shown == ["key2"]
    assert rows.filter.text == "web2"


def test_a_field_without_a_column_can_be_filtered_by() -> None:
    rows = loaded(4)
    rows.set_filter("tag:prod")
    assert rows.shown == ["key1", "key3"]


def test_a_filter_that_goes_leaves_the_order_that_all_rows_had() -> None:
    rows = loaded(30, SortOrder(column="memory", descending=True))
    before = list(rows.shown)
    rows.set_filter("web7")
    rows.set_filter("")
    assert rows.shown == before


def test_what_changed_under_a_filter_stands_where_it_belongs_when_the_filter_goes() -> None:
    rows = loaded(5, SortOrder(column="memory"))
    rows.set_filter("web3")
    rows.apply([vm(0, memory=99), vm(7, memory=1), vm(8, name="aaa", memory=1)], ["key2"])
    rows.set_filter("")
    fresh = LiveRows(COLUMNS, order=SortOrder(column="memory"))
    fresh.replace([vm(0, memory=99), vm(1), vm(3), vm(4), vm(7, memory=1), vm(8, name="aaa", memory=1)])
    fresh.sort()
    assert rows.shown == fresh.shown


def test_a_renamed_row_goes_to_its_place_among_equals() -> None:
    rows = loaded(3, SortOrder(column="status"))
    rows.apply([vm(0, name="zzz")], ())
    rows.set_filter("web1|zzz")
    assert rows.shown == ["key1", "key0"]
    rows.set_filter("")
    assert rows.shown == ["key1", "key2", "key0"]


def test_rows_without_an_order_are_filtered_as_they_came() -> None:
    rows = LiveRows(COLUMNS, order=None)
    rows.replace([vm(2), vm(0), vm(1)])
    rows.sort()
    rows.replace([vm(1), vm(0), vm(2)])
    rows.set_filter("web1|web2")
    assert rows.shown == ["key1", "key2"]
