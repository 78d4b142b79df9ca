from __future__ import annotations

import math

from pvctui.widgets.ordering import SortOrder, SortThrottle, in_order, next_sort
from pvctui.widgets.rows import Column, Row, Value


def rows(*values: Value) -> list[Row]:
    return [Row(key=str(number), cells=(str(value),), values=(value,)) for number, value in enumerate(values)]


def values(ordered: list[Row]) -> list[Value]:
    return [row.value(0) for row in ordered]


def test_what_is_not_known_comes_last_both_ways() -> None:
    assert values(in_order(rows(3, None, 1, math.nan, 2), 0, descending=False))[:3] == [1, 2, 3]
    assert values(in_order(rows(3, None, 1, math.nan, 2), 0, descending=True))[:3] == [3, 2, 1]


def test_words_and_numbers_in_one_column_still_sort() -> None:
    assert values(in_order(rows("b", 2, "a", 1.5), 0, descending=False)) == [1.5, 2, "a", "b"]


def test_equals_stay_as_they_came_both_ways() -> None:
    assert [row.key for row in in_order(rows(1, 1, 1), 0, descending=False)] == ["0", "1", "2"]
    assert [row.key for row in in_order(rows(1, 1, 1), 0, descending=True)] == ["0", "1", "2"]


def test_the_next_sort_column_goes_round_and_skips_what_cannot_be_sorted() -> None:
    columns = [
        Column(key="a", title="A", width=3),
        Column(key="b", title="B", width=3, sortable=False),
        Column(key="c", title="C", width=3),
    ]
    assert next_sort(columns, SortOrder(column="a"), 1) == SortOrder(column="c")
    assert next_sort(columns, SortOrder(column="c"), 1) == SortOrder(column="a")
    assert next_sort(columns, SortOrder(column="a"), -1) == SortOrder(column="c")
    assert next_sort(columns, None, 1) == SortOrder(column="a")
    assert next_sort([], None, 1) is None


def test_a_list_is_sorted_at_most_once_a_second() -> None:
    throttle = SortThrottle()
    assert throttle.due_in_s(10.0) == 0.0
    throttle.note_sorted(10.0)
    assert throttle.due_in_s(10.25) == 0.75
    assert throttle.due_in_s(11.0) == 0.0


def test_a_list_is_not_sorted_within_three_seconds_of_a_key() -> None:
    throttle = SortThrottle()
    throttle.note_sorted(10.0)
    throttle.note_key(12.0)
    assert throttle.due_in_s(14.0) == 1.0
    assert throttle.due_in_s(15.0) == 0.0
