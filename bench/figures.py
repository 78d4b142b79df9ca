"""What benchmarks report: rows of one table, and the arithmetic of percentiles."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: what was measured, how it came out, and what it should be."""

    what: str
    measured: str
    target: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def milliseconds(seconds: float) -> str:
    """Seconds as a person compares them."""
    return f"{seconds * 1000:.1f} ms"


def as_installed() -> dict[str, str]:
    """The environment of a measured program: it may keep its bytecode, as an installed program has it.

    Else Python compiles all of ours at every start, which a developer's shell may have told it.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown, ready for docs/PERFORMANCE.md."""
    rows = [("what", "measured", "target"), ("---", "---", "---")]
    rows += [(one.what, one.measured, one.target) for one in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"| {line} |" for line in lines)
