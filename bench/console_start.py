"""How long the console takes from its start to its frame, beside a bare Textual app of one widget, and to its table."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Sequence

from bench.figures import Figure, milliseconds
from bench.terminal import COLUMNS, LINES, terminal_with

RUNS = 7
BARE = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("Resilience")

Bare().run()
"""
NOBODY = "127.0.0.1:1/pvc"
SIGN = "Resilience"
"""The last word of the line of tabs: the frame is there, whatever the cluster says."""


def console_on(cluster: str) -> tuple[str, ...]:
    """The words that start the console on a cluster."""
    return (sys.executable, "-m", "pvctui", "--default-looks", "-c", cluster)


def measure() -> Iterator[Figure]:
    """Both in turn, so that a busy moment of the machine is in both."""
    programs = {"bare": (sys.executable, "-c", BARE), "console": console_on(NOBODY)}
    took_s: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(RUNS + 1):  # the first time loads them from the disk
        for name, words in programs.items():
            took_s[name].append(_frame_s(words))
    bare, console = (statistics.median(took_s[name][1:]) for name in programs)
    yield Figure(what="a bare Textual app of one widget, its frame", measured=milliseconds(bare))
    yield Figure(
        what=f"`pvc-tui`, its frame ({COLUMNS}×{LINES}, in a terminal, median of {RUNS})",
        measured=f"{milliseconds(console)}: {milliseconds(console - bare)} more, {console / bare:.2f} times",
        target="≤ 250 ms more",
    )


def _frame_s(words: Sequence[str]) -> float:
    """From the start of the process to its frame on the terminal."""
    with terminal_with(words) as terminal:
        return terminal.until(SIGN) - terminal.started_s
