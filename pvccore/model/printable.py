"""Texts of guests, tools and people before they are shown: nothing in them steers a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with a mark for every sign that can't be seen, which a terminal might obey; lines stay lines."""
    return "".join(sign if sign == "\n" or sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
