"""The cluster's settings, from text."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid
from pvccore.model.selectors import Selector
from pvccore.model.settings import BOUNDS, SETTING_NAMES, AfterFence, Settings, parse_setting


@pytest.mark.parametrize(
    "name, given, value",
    [
        ("cluster_name", "prod", "prod"),
        ("default_selector", "vms", Selector.VMS),
        ("after_fence", "leave-off", AfterFence.LEAVE_OFF),
        ("storage_fence_is_enough", "yes", True),
        ("storage_fence_is_enough", False, False),
        ("fence_after_s", "2.5", 2.5),
        ("fence_after_s", 0, 0.0),
        ("starts_per_node", "8", 8),
    ],
)
def test_a_setting_is_read_from_text_or_its_own_type(name: str, given: object, value: object) -> None:
    parsed = parse_setting(name, given)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    "name, given, words",
    [
        ("cluster_name", "", "1 to 64 printable"),
        ("cluster_name", "a\nb", "1 to 64 printable"),
        ("default_selector", "default", "must be one of mem, memprov"),
        ("after_fence", "explode", "must be one of power-on, leave-off"),
        ("storage_fence_is_enough", "perhaps", "true or false"),
        ("fence_after_s", "soon", "must be a number"),
        ("fence_after_s", "-1", "between 0 and 3600"),
        ("fence_after_s", "nan", "between 0 and 3600"),
        ("starts_per_node", "2.5", "whole number"),
    ],
)
def test_a_bad_value_names_its_setting_and_says_what_is_right(name: str, given: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        parse_setting(name, given)
    assert refused.value.field == name


def test_an_unknown_setting_is_refused_and_named() -> None:
    with pytest.raises(Invalid) as refused:
        parse_setting("colour", "red")
    assert refused.value.value == "colour"


def test_every_number_has_bounds_that_hold_its_default() -> None:
    defaults = {name: getattr(Settings(), name) for name in SETTING_NAMES}
    numbers = {name: value for name, value in defaults.items() if type(value) in {int, float}}
    assert numbers.keys() == BOUNDS.keys()
    assert all(low <= numbers[name] <= high for name, (low, high) in BOUNDS.items())
