"""The metadata that a person sets, from text."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid
from pvccore.model.metadata import METADATA, check_name, check_names, parse_metadata, split_words
from pvccore.model.selectors import Selector
from pvccore.model.vm import MigrationMethod


@pytest.mark.parametrize("name", ["a", "web1", "db-1.example", "A_b", "x" * 64])
def test_a_name_is_letters_digits_and_a_few_marks(name: str) -> None:
    assert check_name("name", name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", ".", "a b", "a/b", "é", "x" * 65, "a\n"])
def test_anything_else_is_refused_and_named(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_name("name", name)
    assert (refused.value.field, refused.value.value) == ("name", name)


def test_names_keep_their_order_without_repetition() -> None:
    assert check_names("tags", ["b", "a", "b"], 2) == ("b", "a")


def test_too_many_names_are_refused() -> None:
    with pytest.raises(Invalid, match="more than 1"):
        check_names("tags", ["a", "b"], 1)


@pytest.mark.parametrize("value, words", [("", []), (" a, b ,,c", ["a", "b", "c"]), (["a"], ["a"]), (("a",), ["a"])])
def test_words_come_as_text_or_as_a_list(value: object, words: list[str]) -> None:
    assert split_words(value) == words


@pytest.mark.parametrize("value", [3, None, [1]])
def test_words_are_nothing_else(value: object) -> None:
    with pytest.raises(Invalid, match="list of names"):
        split_words(value)


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("node_limit", "hv1,hv2", ("hv1", "hv2")),
        ("node_limit", "", ()),
        ("node_selector", "load", Selector.LOAD),
        ("node_selector", "", Selector.DEFAULT),
        ("autorestart", "no", False),
        ("autorestart", "TRUE", True),
        ("autorestart", False, False),
        ("autorestart", "", True),
        ("migration_method", "live-only", MigrationMethod.LIVE_ONLY),
        ("migration_method", "", MigrationMethod.LIVE),
        ("max_downtime_ms", "500", 500),
        ("max_downtime_ms", 10, 10),
        ("max_downtime_ms", "", 300),
        ("tags", "web", ("web",)),
        ("description", "the shop", "the shop"),
    ],
)
def test_each_field_is_read_from_text_and_cleared_by_none(name: str, text: object, value: object) -> None:
    assert parse_metadata(name, text) == value


@pytest.mark.parametrize(
    "name, text",
    [
        ("node_limit", "hv 1"),
        ("node_selector", "fastest"),
        ("autorestart", "perhaps"),
        ("migration_method", "teleport"),
        ("max_downtime_ms", "9"),
        ("max_downtime_ms", "60001"),
        ("max_downtime_ms", "1.5"),
        ("max_downtime_ms", "²"),
        ("description", "x" * 513),
        ("description", "two\nlines"),
        ("description", "\x1b[31mred"),
        ("description", "turned \u202e round"),
    ],
)
def test_a_bad_value_names_its_field(name: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_metadata(name, text)
    assert refused.value.field == name


def test_an_unknown_field_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match="known are node_limit, node_selector"):
        parse_metadata("colour", "red")


def test_every_field_of_the_table_can_be_cleared() -> None:
    for field in METADATA:
        parse_metadata(field.name, "")
