"""A text in the person's own editor, with the screen handed over meanwhile; and what they changed."""

from __future__ import annotations

import difflib
import os
import shlex
import tempfile
from pathlib import Path

from textual.app import App

from pvctui.outside import run_outside
from pvctui.rows.lines import Line

USUAL_EDITOR = "vi"
MOST_LINES = 200
STATES = {"+": "ok", "-": "bad", "@": "dim"}


def edited(app: App[None], text: str) -> tuple[str, str]:
    """The text as it was left, and what went wrong in words; the file is the person's alone, and goes afterwards."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or USUAL_EDITOR)
    with tempfile.TemporaryDirectory(prefix="pvc-") as folder:
        path = Path(folder) / "domain.xml"
        path.write_text(text, encoding="utf-8")
        trouble = run_outside(app, [*editor, str(path)])
        if trouble:
            return text, trouble
        try:
            return path.read_text(encoding="utf-8"), ""
        except (OSError, UnicodeDecodeError) as error:
            return text, f"{path.name}: {error}"


def difference_lines(before: str, after: str) -> list[Line]:
    """The changed lines with a little around them; empty when there are none."""
    told = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    lines: list[Line] = [((line, STATES.get(line[:1], "")) if line[:1] in STATES else line,) for line in told]
    left = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], ((f"… and {left} more lines", "dim"),)] if left > 0 else lines
