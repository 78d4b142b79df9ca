from __future__ import annotations

from pvctui.widgets.selection import Marks

ORDER = ["a", "b", "c", "d", "e"]


def test_a_mark_is_set_and_taken_away() -> None:
    assert Marks().toggled("a").keys == {"a"}
    assert Marks().toggled("a").toggled("a").keys == frozenset()


def test_all_shown_are_marked_and_then_none_of_them() -> None:
    marks = Marks(keys=frozenset({"hidden", "a"}))
    assert marks.all_or_none(["a", "b"]).keys == {"hidden", "a", "b"}
    assert marks.all_or_none(["a", "b"]).all_or_none(["a", "b"]).keys == {"hidden"}


def test_a_range_reaches_from_its_anchor_either_way_and_shrinks_again() -> None:
    marks = Marks(keys=frozenset({"e"})).range_begun("c")
    assert marks.range_moved(ORDER, 2, 3).keys == {"c", "d", "e"}
    assert marks.range_moved(ORDER, 2, 3).range_moved(ORDER, 2, 1).keys == {"b", "c", "e"}


def test_a_range_ends_when_its_anchor_is_gone() -> None:
    marks = Marks().range_begun("c").range_moved(ORDER, None, 1)
    assert marks.open_range is None
    assert marks.keys == {"c"}


def test_without_a_range_movement_marks_nothing() -> None:
    assert Marks().range_moved(ORDER, 0, 3) == Marks()


def test_rows_that_are_no_more_are_not_marked() -> None:
    marks = Marks(keys=frozenset({"a", "b"})).range_begun("b").without(["a", "x"])
    assert marks.keys == {"b"}
    assert marks.range_moved(ORDER, 1, 2).keys == {"b", "c"}


def test_nothing_gone_leaves_the_very_same_marks() -> None:
    marks = Marks(keys=frozenset({"a"}))
    assert marks.without(["b"]) is marks
    assert marks.range_ended() is marks


def test_clearing_takes_all_marks() -> None:
    assert Marks(keys=frozenset({"a"})).cleared() == Marks()
