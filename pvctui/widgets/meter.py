"""Small pictures of numbers, each in exactly the cells it is given: bars, sparklines, sizes, ages."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pvctui.widgets.cell_text import fit
from pvctui.widgets.rows import Align

UNKNOWN = "–"
FULL = "█"
EMPTY = "░"
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
LEVELS = "▁▂▃▄▅▆▇█"

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
SIZE_UNITS = ("M", "G", "T", "P", "E")
BINARY = 1024


def bar(fraction: float | None, width: int) -> str:
    """A bar filled to a fraction of its width by eighths of a cell; unknown is an empty one."""
    if width <= 0:
        return ""
    filled = _bounded(fraction)
    eighths = round(filled * width * 8)
    # Neither nothing nor everything is shown unless it is so.
    if 0 < filled < 1:
        eighths = max(1, min(eighths, width * 8 - 1))
    whole, rest = divmod(eighths, 8)
    return (FULL * whole + EIGHTHS[rest]).ljust(width, EMPTY)


def sparkline(readings: Sequence[float | None], width: int, *, highest: float | None = None) -> str:
    """The newest readings, one cell each, the newest on the right; a gap where one is unknown.

    The full height is `highest`, or the highest reading in sight without one.
    """
    if width <= 0:
        return ""
    newest = readings[-width:]
    if highest is None:
        highest = max((one for one in newest if one is not None and math.isfinite(one)), default=0.0)
    return "".join([_level(reading, highest) for reading in newest]).rjust(width)


def _level(reading: float | None, top: float) -> str:
    if reading is None or not math.isfinite(reading):
        return " "
    share = max(0.0, min(1.0, reading / top)) if top > 0 else 0.0
    return LEVELS[min(len(LEVELS) - 1, int(share * len(LEVELS)))]


def percent(fraction: float | None) -> str:
    """A fraction as a person says it, e.g. `61 %`."""
    if fraction is None or not math.isfinite(fraction):
        return UNKNOWN
    return f"{round(fraction * 100)} %"


def age(seconds: float | None) -> str:
    """How long ago, in the one unit that matters: `7 s`, `12 m`, `1 h`, `12 d`.

    A clock that runs a little ahead of ours gives `0 s`, never a negative age.
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    passed_s = max(0, int(seconds))
    if passed_s < MINUTE_S:
        return f"{passed_s} s"
    if passed_s < HOUR_S:
        return f"{passed_s // MINUTE_S} m"
    if passed_s < DAY_S:
        return f"{passed_s // HOUR_S} h"
    return f"{passed_s // DAY_S} d"


def milliseconds(number: float) -> str:
    """A latency; with one decimal where it is short: `0.6 ms`, `24 ms`."""
    return f"{number:.1f} ms" if number < 10 else f"{number:.0f} ms"  # noqa: PLR2004


def size(mebibytes: float | None) -> str:
    """An amount of memory or disk in its own unit, e.g. `512 M`, `3.1 G`, `48 T`."""
    if mebibytes is None or not math.isfinite(mebibytes):
        return UNKNOWN
    number, unit = _scaled(mebibytes, mebibytes)
    return f"{number} {unit}"


def usage(used: float | None, total: float | None) -> str:
    """Used of total, both mebibytes and in the unit of the total: `3.1/4 G`, `–/8 G`."""
    if total is None or not math.isfinite(total):
        return UNKNOWN
    number, unit = _scaled(total, total)
    if used is None or not math.isfinite(used):
        return f"{UNKNOWN}/{number} {unit}"
    return f"{_scaled(used, total)[0]}/{number} {unit}"


def usage_bar(used: float | None, total: float | None, *, bar_width: int, text_width: int) -> str:
    """A bar with its figures right of it, e.g. `███▌░░   3.1/4 G`."""
    fraction = used / total if used is not None and total else None
    return f"{bar(fraction, bar_width)} {fit(usage(used, total), text_width, Align.RIGHT)}"


def _scaled(mebibytes: float, by: float) -> tuple[str, str]:
    """A number in the unit that fits another, with one decimal where it is short."""
    place = 0
    while abs(by) >= BINARY and place < len(SIZE_UNITS) - 1:
        by, mebibytes, place = by / BINARY, mebibytes / BINARY, place + 1
    text = f"{mebibytes:.1f}" if abs(mebibytes) < 10 and place else f"{mebibytes:.0f}"  # noqa: PLR2004
    return text.removesuffix(".0"), SIZE_UNITS[place]


def _bounded(fraction: float | None) -> float:
    if fraction is None or math.isnan(fraction):
        return 0.0
    return max(0.0, min(1.0, fraction))
