"""One tab of a detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pvctui.rows.lines import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A title and what stands under it; the lines are made only when somebody looks."""

    title: str
    lines: Callable[[], Sequence[Line]]
