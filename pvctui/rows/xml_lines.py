"""An XML text as lines with states: what is a tag, an attribute or a value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pvctui.rows.fetched import Fetched
from pvctui.rows.lines import Line
from pvctui.widgets.rows import Cell

MOST_LINES = 5000
LONGEST_LINE = 2000
TOKENS = re.compile(r"""(</?[\w:.-]+|/?>)|([\w:.-]+=)|("[^"]*"|'[^']*')|(<!--.*?(?:-->|$))""")
STATES = ("key", "dim", "ok", "dim")


def fetched_lines(fetched: Fetched | None) -> Sequence[Line]:
    """The text that was read, or why there is none yet."""
    if fetched is None:
        return [(("reading …", "dim"),)]
    if fetched.error:
        return [((f"✗ {fetched.error}", "bad"),)]
    return xml_lines(fetched.text)


def xml_lines(text: str) -> list[Line]:
    """Line by line, by what a line itself shows: nothing is parsed."""
    lines = text.splitlines()
    told = [_line(line[:LONGEST_LINE]) for line in lines[:MOST_LINES]]
    left = len(lines) - MOST_LINES
    return [*told, ((f"… and {left} more lines", "dim"),)] if left > 0 else told


def _line(text: str) -> Line:
    cells: list[Cell] = []
    end = 0
    for token in TOKENS.finditer(text):
        if token.start() > end:
            cells.append(text[end : token.start()])
        cells.append((token.group(), STATES[(token.lastindex or 1) - 1]))
        end = token.end()
    if end < len(text) or not cells:
        cells.append(text[end:])
    return tuple(cells)
