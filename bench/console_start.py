"""How long the console takes from its start to its frame, beside a bare Textual app of one widget."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence

from bench.figures import Figure, milliseconds

RUNS = 7
LIMIT_S = 60.0
COLUMNS, LINES = 160, 50
BARE = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("Resilience")

Bare().run()
"""
PROGRAMS = {
    "bare": (sys.executable, "-c", BARE),
    "console": (sys.executable, "-m", "pvctui", "--default-looks", "-c", "127.0.0.1:1/pvc"),
}
SIGN = b"Resilience"
"""The last word of the line of tabs: the frame is there, whatever the cluster says."""


def measure() -> Iterator[Figure]:
    """Both in turn, so that a busy moment of the machine is in both."""
    took_s: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS + 1):
        for name, words in PROGRAMS.items():
            took_s[name].append(_frame_s(words))
    bare, console = (statistics.median(took_s[name][1:]) for name in PROGRAMS)
    yield Figure(what="a bare Textual app of one widget, its frame", measured=milliseconds(bare))
    yield Figure(
        what=f"`pvc-tui`, its frame ({COLUMNS}×{LINES}, in a terminal, median of {RUNS})",
        measured=f"{milliseconds(console)}: {milliseconds(console - bare)} more, {console / bare:.2f} times",
        target="≤ 250 ms more",
    )


def _frame_s(words: Sequence[str]) -> float:
    """From the start of the process to its frame on the terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    began_s = time.perf_counter()
    program = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
    os.close(slave)
    try:
        return _until_sign(master, began_s)
    finally:
        program.kill()
        program.wait(LIMIT_S)
        os.close(master)


def _until_sign(master: int, began_s: float) -> float:
    seen = b""
    while SIGN not in seen:
        left_s = began_s + LIMIT_S - time.perf_counter()
        if left_s <= 0 or not select.select([master], [], [], left_s)[0]:
            message = f"no frame came: {seen!r}"
            raise TimeoutError(message)
        seen += os.read(master, 65536)
    return time.perf_counter() - began_s
