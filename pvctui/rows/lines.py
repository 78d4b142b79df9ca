"""Lines of words with their states: what panes that are no lists show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len

from pvctui.widgets.cell_text import fit, printable
from pvctui.widgets.rows import Cell

Line: TypeAlias = tuple[Cell, ...]
"""Pieces of text one after the other, each alone or with the name of its state."""

BLANK: Line = ("",)


GAP = "   "


def joined_to_fit(parts: Sequence[Line], width: int, gap: str = GAP) -> Line:
    """The first part, and of the others, in their order, each for which there is room whole."""
    whole, *others = parts
    for part in others:
        longer = (*whole, gap, *part)
        if cell_len(text_of(longer)) <= width:
            whole = longer
    return whole


def said(text: str, state: str = "") -> Cell:
    """A piece of text in a state; without one, the text alone."""
    return (text, state) if state else text


def text_of(line: Line) -> str:
    """The words of a line without their states."""
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in line)


def labelled(label: str, *pieces: Cell, width: int = 13) -> Line:
    """A dim label in a column of its own, and what it stands for."""
    return ((label.ljust(width), "label"), *pieces)


def in_column(names: Iterable[str], at_most: int = 28) -> Callable[[str], str]:
    """How each of these names stands in a column as wide as the longest, in cells; longer than `at_most` is cut."""
    width = min(at_most, max((cell_len(printable(name)) for name in names), default=0))
    return lambda name: fit(name, width)


def many(number: int, noun: str) -> str:
    """A number with its noun: `1 VM`, `12 VMs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
