"""Text that fits its cells exactly and cannot steer the terminal."""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells

from pvctui.widgets.rows import Align

ELLIPSIS = "…"
REPLACEMENT = "\ufffd"

# The codec strips these once for the whole cluster; a text that came another way stops here.
STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]",
)
# Terminals disagree about the width of what these join or vary, so they are left out.
JOINING = re.compile("[\u00ad\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")
MOST_CHARACTERS_PER_CELL = 4


def printable(text: str) -> str:
    """The text without anything that steers a terminal or has no certain width."""
    if text.isascii() and text.isprintable():
        return text
    return STEERING.sub(REPLACEMENT, JOINING.sub("", text))


def fit(text: str, width: int, align: Align = Align.LEFT) -> str:
    """The text in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    # Bounded first: a text of a megabyte costs no more than one that just fits.
    text = printable(text[: (width + 1) * MOST_CHARACTERS_PER_CELL])
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        text, length = _cut(text, width)
    padding = " " * (width - length)
    return padding + text if align is Align.RIGHT else text + padding


def _cut(text: str, width: int) -> tuple[str, int]:
    """The text up to an ellipsis, and how many cells that takes."""
    if text.isascii():
        return text[: width - 1] + ELLIPSIS, width
    kept = chop_cells(text, width - 1)[0] if width > 1 else ""
    if cell_len(kept) > width - 1:  # one wide character where a narrow one fits
        kept = ""
    return kept + ELLIPSIS, cell_len(kept) + 1
