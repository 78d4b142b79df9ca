from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pvctui.widgets.cell_text import fit, printable
from pvctui.widgets.rows import Align


def test_a_text_is_padded_to_its_width() -> None:
    assert fit("web1", 6) == "web1  "


def test_a_number_stands_on_the_right() -> None:
    assert fit("4 G", 6, Align.RIGHT) == "   4 G"


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    assert fit("database", 5) == "data…"


def test_a_wide_character_is_never_halved() -> None:
    assert fit("数据库", 4) == "数… "
    assert fit("数据库", 2) == "… "


@pytest.mark.parametrize("width", [0, -3])
def test_no_width_shows_nothing(width: int) -> None:
    assert fit("web1", width) == ""


@pytest.mark.parametrize(
    "steering", ["\x1b", "\x9b", "\x07", "\n", "\t", "\u202e", "\u2066", "\u200f", "\x7f", "\u2028"]
)
def test_what_steers_a_terminal_is_replaced(steering: str) -> None:
    assert printable(f"a{steering}b") == "a\ufffdb"


def test_what_has_no_certain_width_is_left_out() -> None:
    assert printable("a\u200db\ufe0fc") == "abc"


def test_a_text_of_a_megabyte_is_cut_before_it_is_measured() -> None:
    assert fit("x" * 1_000_000, 4) == "xxx…"


@given(st.text(max_size=60), st.integers(min_value=1, max_value=30), st.sampled_from(Align))
def test_any_text_fits_its_width_exactly(text: str, width: int, align: Align) -> None:
    fitted = fit(text, width, align)
    assert cell_len(fitted) == width
    assert "\x1b" not in fitted
