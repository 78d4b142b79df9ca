"""The clipboard of the person's terminal, which a program can only send something to (OSC 52)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App

from pvccore.model.errors import Refused
from pvctui.rows.lines import many

MOST_BYTES = 48 * 1024
"""Terminals and tmux drop what is longer, and say nothing."""
MOST_NAMED = 3
NOT_IN_A_BROWSER = "a browser lets no page of ours at its clipboard"


def copied(app: App[None], texts: Sequence[str], noun: str) -> str:
    """Send them to the terminal's clipboard, each on a line of its own; what was sent, in words. Raises `Refused`."""
    if not texts:
        raise Refused(f"there is no {noun} here to copy")
    text = "\n".join(texts)
    if app.is_web:
        raise Refused(NOT_IN_A_BROWSER)
    if len(text.encode()) > MOST_BYTES:
        raise Refused(f"{many(len(texts), noun)} are more than a terminal's clipboard takes; o exports the list")
    app.copy_to_clipboard(text)
    shown = ", ".join(texts[:MOST_NAMED]) + (", …" if len(texts) > MOST_NAMED else "")
    counted = "" if len(texts) == 1 else f"{many(len(texts), noun)}: "
    return f"sent to the terminal's clipboard: {counted}{shown}"
