"""Showing a person what a change of a text would be."""

from __future__ import annotations

import difflib


def difference(before: str, after: str) -> str:
    """The changed lines with a little around them; "" when there are none."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), fromfile="as it is", tofile="as it will be", lineterm=""
    )
    return "\n".join(lines)
