from pvccore.model.naming import natural, natural_items


def test_numbers_in_names_count_as_numbers() -> None:
    assert sorted(["hv10", "hv2", "HV1"], key=natural) == ["HV1", "hv2", "hv10"]


def test_a_name_of_thousands_of_digits_does_no_harm() -> None:
    assert natural("9" * 10_000) > natural("1")


def test_what_has_names_comes_in_their_order() -> None:
    assert natural_items({"hv10": 1, "hv9": 2}) == [("hv9", 2), ("hv10", 1)]
