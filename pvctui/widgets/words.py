"""Lines of words with states, as Textual shows them: never read as markup, never steering the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual.content import Content

from pvctui.rows.lines import Line
from pvctui.widgets.cell_text import fit, printable

STATE_STYLES = {
    "ok": "$text-success",
    "bad": "$text-error",
    "warn": "$text-warning",
    "busy": "$text-primary",
    "dim": "$foreground 55%",
    "label": "$foreground 55%",
    "strong": "bold",
    "accent": "bold $text-accent",
    "key": "$text-accent",
    "off": "dim $foreground 45%",
}


LEADING = ("label", "key")
"""What the rest of its line stays right of, however often that is wrapped."""


def content_of_line(line: Line) -> Content:
    """One line."""
    return Content.assemble(*(_piece(piece) for piece in line))


def content_of(lines: Iterable[Line], width: int = 0) -> Content:
    """Lines one under the other; wrapped to a width, what follows the last label or key stays right of it."""
    return Content("\n").join([part for line in lines for part in _wrapped(line, width)])


def _wrapped(line: Line, width: int) -> list[Content]:
    whole = content_of_line(line)
    if not width or whole.cell_length <= width:
        return [whole]
    labels = [place for place, piece in enumerate(line) if isinstance(piece, tuple) and piece[1] in LEADING]
    label = content_of_line(line[: labels[-1] + 1] if labels else ())
    indent = label.cell_length
    if not indent or indent >= width:
        return list(whole.wrap(width))
    rest = content_of_line(line[labels[-1] + 1 :]).wrap(width - indent)
    air = " " * indent
    return [Content.assemble(air if place else label, part) for place, part in enumerate(rest)]


def cut_to(line: Line, width: int) -> Line:
    """The line in at most this width, with an ellipsis where it was cut."""
    kept: list[str | tuple[str, str]] = []
    left = width
    for piece in line:
        text, state = piece if isinstance(piece, tuple) else (piece, "")
        length = cell_len(printable(text))
        if length > left:
            kept.append((fit(text, left), state))
            break
        kept.append((text, state))
        left -= length
    return tuple(kept)


def _piece(piece: str | tuple[str, str]) -> Content:
    text, state = piece if isinstance(piece, tuple) else (piece, "")
    return Content.styled(printable(text), STATE_STYLES.get(state, ""))


def columns_of(lines: Sequence[Line]) -> int:
    """How wide the widest line is."""
    return max((content_of_line(line).cell_length for line in lines), default=0)
