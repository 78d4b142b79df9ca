"""A program in a real terminal: its screen as bytes, and its keyboard."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

LIMIT_S = 60.0
TRUE_COLOUR = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
COLOUR = re.compile(rb"[34]8;2;(\d+);(\d+);(\d+)")
CONTROL = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")


@dataclass
class Terminal:
    """The program's screen as bytes, and its keyboard."""

    program: subprocess.Popen[bytes]
    master: int
    seen: bytearray = field(default_factory=bytearray)

    def read(self, wait_s: float) -> None:
        if select.select([self.master], [], [], wait_s)[0]:
            with contextlib.suppress(OSError):
                self.seen += os.read(self.master, 65536)

    def text(self) -> str:
        return CONTROL.sub(b"", bytes(self.seen)).decode("utf-8", "replace")

    def colours(self) -> set[tuple[int, int, int]]:
        """Every colour that was written, red, green and blue."""
        return {(int(red), int(green), int(blue)) for red, green, blue in COLOUR.findall(bytes(self.seen))}

    def wait_for(self, true: Callable[[], bool]) -> None:
        ends_at_s = time.monotonic() + LIMIT_S
        while not true():
            assert time.monotonic() < ends_at_s, self.text()[-2000:]
            self.read(0.1)

    def press(self, keys: str) -> None:
        self.seen.clear()
        os.write(self.master, keys.encode())

    def press_until(self, key: str, true: Callable[[], bool]) -> None:
        """Press it again and again, within a bound: a dialog that is closing may swallow one."""
        ends_at_s = time.monotonic() + LIMIT_S
        while not true():
            assert time.monotonic() < ends_at_s, self.text()[-2000:]
            self.press(key)
            self.read_for(1.0)

    def read_for(self, seconds: float) -> None:
        ends_at_s = time.monotonic() + seconds
        while time.monotonic() < ends_at_s:
            self.read(0.1)


@contextmanager
def terminal_with(words: Sequence[str], settings: Mapping[str, str] = TRUE_COLOUR) -> Iterator[Terminal]:
    """A terminal of 120×40 in which this program runs; `{tty}` in a word is the terminal's path.

    settings: what the terminal says of itself to the program, by its environment.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    words = [word.replace("{tty}", os.ttyname(slave)) for word in words]
    # Set by some runners: their size would win over the terminal's own, and so would what they say of colours.
    without = {"COLUMNS", "LINES", "TERM", "COLORTERM", "NO_COLOR"}
    environment = {name: value for name, value in os.environ.items() if name not in without}
    environment |= settings
    program = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
    os.close(slave)
    try:
        yield Terminal(program, master)
    finally:
        os.close(master)  # hangs up on whatever runs in the terminal, a shell's jobs too
        if program.poll() is None:
            program.kill()
        program.wait(LIMIT_S)
