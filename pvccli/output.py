"""What a command prints: tables that fit the terminal, JSON, or bare names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from pvccore.model.printable import printable

GAP = "  "
ELLIPSIS = "…"
READABLE = 12
"""Columns are cut to this at first; what then finds no place is left out, from the right."""
FEWEST = 2
"""So many columns stay, however narrow the terminal is: these are cut further."""
NARROWEST = 6
"""No column is cut below this."""
COLOURED = frozenset({"status", "state", "alive", "readiness", "power", "healthy", "up", "in"})
"""Columns whose states have colours on a terminal."""
_GREEN, _YELLOW, _RED = 32, 33, 31
_COLOURS = {
    **dict.fromkeys(("running", "ready", "yes", "on", "done"), _GREEN),
    **dict.fromkeys(("parked", "disabled", "flushing", "flushed", "readying", "migrating", "waiting"), _YELLOW),
    **dict.fromkeys(("failed", "unknown", "no", "off"), _RED),
}


class Format(StrEnum):
    """How a result is printed."""

    PRETTY = "pretty"
    JSON = "json"
    JSON_PRETTY = "json-pretty"
    RAW = "raw"


def as_json(value: object, output_format: Format) -> str:
    """A value as JSON, on one line or indented."""
    indent = 2 if output_format is Format.JSON_PRETTY else None
    return json.dumps(value, ensure_ascii=False, indent=indent)


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    coloured: Sequence[bool] | None = None,
) -> str:
    """Rows under their headers, `width` cells wide: wide columns are cut, and the last ones left out for a mark.

    coloured: for each column, whether its states are told apart by colour.
    """
    lines = [[header.upper() for header in headers], *([_in_a_line(text) for text in row] for row in rows)]
    natural = [max(_cells(line[index]) for line in lines) for index in range(len(headers))]
    widths = natural if width is None else _fitted(natural, width)
    paints = [_paint if one else str for one in coloured or [False] * len(headers)]
    title, *drawn = [_line(line, widths, paints) for line in lines]
    return "\n".join([title + (GAP + ELLIPSIS if len(widths) < len(headers) else ""), *drawn])


def fields(pairs: Sequence[tuple[str, str]]) -> str:
    """Names and values below each other, as `info` shows them."""
    longest = max((len(name) for name, _ in pairs), default=0)
    return "\n".join(f"{name:<{longest}}  {value}".rstrip() for name, value in pairs)


def terminal_width(*, is_terminal: bool) -> int | None:
    """How many cells a line has; None where nothing needs to fit, as in a pipe."""
    return shutil.get_terminal_size().columns if is_terminal else None


def shown(value: object) -> str:
    """A value of a record as a person reads it."""
    if value is None or value in ("", []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(one)}" for name, one in value.items()) or "-"
    return str(value)


def record_fields(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A record's names and values as a person reads them."""
    return [(header(name), cell(record, name)) for name in record]


def moment(at: float) -> str:
    """A wall-clock time in this machine's zone."""
    from datetime import datetime

    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def memory(memory_mb: int) -> str:
    """Memory in the unit a person thinks in."""
    return f"{memory_mb / 1024:.4g} G" if memory_mb >= 1024 else f"{memory_mb} M"  # noqa: PLR2004 - MB in a GB


def header(name: str) -> str:
    """What a column of a field is called: units stand with the values."""
    for unit in ("_mb", "_bytes", "_ratio"):
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def cell(record: Mapping[str, Any], name: str) -> str:
    """One value of a record as a person reads it, in the unit that its name ends with."""
    value = record[name]
    if value is None:
        return shown(value)
    if name == "memory_mb":
        return memory(value)
    if name.endswith("_bytes"):
        from pvccore.model.storage import size_words

        return size_words(value)
    if name.endswith("_at") and isinstance(value, float):
        return moment(value)
    if name.endswith("_ratio"):
        return f"{value:.1%}"
    return f"{value:.0%}" if name == "progress" else shown(value)


def _in_a_line(text: str) -> str:
    """A cell's text, which nobody can steer a terminal by."""
    return text if text.isprintable() else printable(text).replace("\n", " ")


def _fitted(natural: list[int], width: int) -> list[int]:
    """How wide the columns are that stay; the first has the names, which a person types: it is cut last."""
    for stay in range(len(natural), FEWEST, -1):
        room = width if stay == len(natural) else width - len(GAP + ELLIPSIS)
        fitted = [natural[0], *_cut(natural[1:stay], room - natural[0] - len(GAP), READABLE)]
        if _total(fitted) <= room:
            return fitted
    return _cut(natural[:FEWEST], width - (len(GAP + ELLIPSIS) if len(natural) > FEWEST else 0), NARROWEST)


def _cut(widths: list[int], width: int, narrowest: int) -> list[int]:
    """The widest are cut, none below `narrowest`, until a line of them fits, if that is enough."""
    cut = list(widths)
    surplus = _total(cut) - width
    while surplus > 0:
        widest = max(range(len(cut)), key=lambda index: cut[index], default=None)
        if widest is None or cut[widest] <= narrowest:
            break
        others = [one for index, one in enumerate(cut) if index != widest]
        less = min(surplus, max(1, cut[widest] - max([narrowest, *others])))
        cut[widest] -= less
        surplus -= less
    return cut


def _total(widths: Sequence[int]) -> int:
    """How many cells a line of such columns takes."""
    return sum(widths) + len(GAP) * max(len(widths) - 1, 0)


def _line(cells: Sequence[str], widths: Sequence[int], paints: Sequence[Callable[[str], str]]) -> str:
    """Those cells that have a place."""
    parts = [paint(_fit(text, width)) for text, width, paint in zip(cells, widths, paints, strict=False)]
    return GAP.join(parts).rstrip()


def _paint(text: str) -> str:
    """A state in its colour, as a terminal obeys it; `click.echo` takes it out where there is none, or NO_COLOR."""
    code = _COLOURS.get(text.strip())
    return text if code is None else f"\x1b[{code}m{text}\x1b[0m"


def _fit(text: str, width: int) -> str:
    over = _cells(text) > width
    while _cells(text) > width - over:
        text = text[:-1]
    text += ELLIPSIS if over else ""
    return text + " " * (width - _cells(text))


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
