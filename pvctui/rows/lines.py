"""Lines of words with their states: what panes that are no lists show."""

from __future__ import annotations

from typing import TypeAlias

from pvctui.widgets.rows import Cell

Line: TypeAlias = tuple[Cell, ...]
"""Pieces of text one after the other, each alone or with the name of its state."""

BLANK: Line = ("",)


def said(text: str, state: str = "") -> Cell:
    """A piece of text in a state; without one, the text alone."""
    return (text, state) if state else text


def text_of(line: Line) -> str:
    """The words of a line without their states."""
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in line)


def labelled(label: str, *pieces: Cell, width: int = 13) -> Line:
    """A dim label in a column of its own, and what it stands for."""
    return ((label.ljust(width), "label"), *pieces)


def many(number: int, noun: str) -> str:
    """A number with its noun: `1 VM`, `12 VMs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
