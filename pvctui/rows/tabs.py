"""One tab of a detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pvccore.model.struct import Struct
from pvctui.rows.lines import Line


class Tab(Struct, frozen=True, kw_only=True):
    """A title and what stands under it; the lines are made only when somebody looks.

    wants: the key of what must be read for it first, "" for nothing. is_text: long lines are not wrapped.
    from_end: its end is what matters.
    """

    title: str
    lines: Callable[[], Sequence[Line]]
    wants: str = ""
    is_text: bool = False
    from_end: bool = False
