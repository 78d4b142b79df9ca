from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pvctui.widgets.meter import age, bar, percent, size, sparkline, usage, usage_bar


@pytest.mark.parametrize(
    "fraction, drawn",
    [
        (0, "░░░░"),
        (0.5, "██░░"),
        (0.6, "██▍░"),
        (1, "████"),
        (7, "████"),
        (-1, "░░░░"),
        (None, "░░░░"),
        (math.nan, "░░░░"),
        (0.0001, "▏░░░"),
        (0.9999, "███▉"),
    ],
)
def test_a_bar_is_filled_by_eighths(fraction: float | None, drawn: str) -> None:
    assert bar(fraction, 4) == drawn


@given(st.one_of(st.none(), st.floats()), st.integers(min_value=0, max_value=40))
def test_a_bar_is_as_wide_as_asked(fraction: float | None, width: int) -> None:
    assert cell_len(bar(fraction, width)) == width


def test_a_sparkline_shows_the_newest_on_the_right() -> None:
    assert sparkline([9, 0, 4, 8], 3) == "▁▅█"
    assert sparkline([1], 4) == "   █"


def test_a_sparkline_shows_a_gap_where_nothing_is_known() -> None:
    assert sparkline([8, None, math.nan, 0], 4, highest=8) == "█  ▁"


def test_a_sparkline_of_nothing_is_air() -> None:
    assert sparkline([], 3) == "   "
    assert sparkline([0, 0], 2) == "▁▁"
    assert sparkline([1], 0) == ""


@given(st.lists(st.one_of(st.none(), st.floats())), st.integers(min_value=0, max_value=40))
def test_a_sparkline_is_as_wide_as_asked(readings: list[float | None], width: int) -> None:
    assert cell_len(sparkline(readings, width)) == width


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "0 s"),
        (7.9, "7 s"),
        (-3, "0 s"),
        (59, "59 s"),
        (60, "1 m"),
        (3599, "59 m"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400 * 12, "12 d"),
        (None, "–"),
        (math.inf, "–"),
    ],
)
def test_an_age_is_told_in_one_unit(seconds: float | None, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    "mebibytes, text",
    [(0, "0 M"), (512, "512 M"), (3174, "3.1 G"), (4096, "4 G"), (65536, "64 G"), (48 * 1024**2, "48 T"), (None, "–")],
)
def test_a_size_is_told_in_its_own_unit(mebibytes: float | None, text: str) -> None:
    assert size(mebibytes) == text


def test_usage_is_told_in_the_unit_of_the_whole() -> None:
    assert usage(3174, 4096) == "3.1/4 G"
    assert usage(None, 8192) == "–/8 G"
    assert usage(100, None) == "–"
    assert usage(411648, 655360) == "402/640 G"


def test_a_usage_bar_keeps_its_widths() -> None:
    assert usage_bar(2048, 4096, bar_width=4, text_width=8) == "██░░    2/4 G"
    assert len(usage_bar(None, None, bar_width=4, text_width=8)) == 13


def test_a_percentage_is_rounded() -> None:
    assert percent(0.614) == "61 %"
    assert percent(None) == "–"
