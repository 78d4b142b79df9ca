from pvctui.rows.lines import in_column, joined_to_fit, text_of


def test_a_part_that_has_no_room_is_left_out_whole_and_a_shorter_one_after_it_may_stay() -> None:
    parts = [("FENCING hv3",), ("a long story of what it waits for",), ("round 1",)]
    assert text_of(joined_to_fit(parts, 80)) == "FENCING hv3   a long story of what it waits for   round 1"
    assert text_of(joined_to_fit(parts, 24)) == "FENCING hv3   round 1"
    assert text_of(joined_to_fit(parts, 5)) == "FENCING hv3"


def test_names_of_wide_characters_stand_in_one_column() -> None:
    column = in_column(["web1", "家族"], at_most=6)
    assert (column("web1"), column("家族"), column("a-long-name")) == ("web1", "家族", "a-l…")
