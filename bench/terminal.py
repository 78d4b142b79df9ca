"""A program in a terminal of 160×50 of its own: keys in, painted bytes out, and what it costs meanwhile."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.figures import as_installed
from bench.process import memory_mb, processor_s

COLUMNS, LINES = 160, 50
LIMIT_S = 60.0
READ_BYTES = 65536


class Terminal:
    """The program's screen as the bytes that it writes. started_s: when its process was begun."""

    def __init__(self, program: subprocess.Popen[bytes], master: int, started_s: float) -> None:
        self.started_s = started_s
        self._program = program
        self._master = master

    def until(self, sign: str) -> float:
        """Read until this is painted; when it was, by `time.monotonic`. Raises TimeoutError with what came instead."""
        wanted, seen = sign.encode(), b""
        ends_at_s = time.monotonic() + LIMIT_S
        while wanted not in seen:
            chunk = self._read(ends_at_s - time.monotonic())
            if not chunk:
                raise TimeoutError(f"{sign!r} was not painted: {seen[-2000:]!r}")
            seen += chunk
        return time.monotonic()

    def press(self, keys: str, sign: str) -> float:
        """Press keys; seconds until what they lead to is painted."""
        self.rest(0.0)
        pressed_at_s = time.monotonic()
        os.write(self._master, keys.encode())
        return self.until(sign) - pressed_at_s

    def rest(self, seconds: float) -> None:
        """Look at the screen for so long."""
        ends_at_s = time.monotonic() + seconds
        while self._read(max(0.0, ends_at_s - time.monotonic())) or time.monotonic() < ends_at_s:
            pass

    def processor_s(self) -> float:
        """What the program has used of the processor until now, all its threads together."""
        return processor_s(self._program.pid)

    def memory_mb(self) -> float:
        """What the program keeps in memory now."""
        return memory_mb(self._program.pid)

    def _read(self, wait_s: float) -> bytes:
        if not select.select([self._master], [], [], max(0.0, wait_s))[0]:
            return b""
        return os.read(self._master, READ_BYTES)


@contextmanager
def terminal_with(words: Sequence[str]) -> Iterator[Terminal]:
    """A terminal in which this program runs, and is ended afterwards."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = as_installed() | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    started_s = time.monotonic()
    program = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
    os.close(slave)
    try:
        yield Terminal(program, master, started_s)
    finally:
        program.kill()
        program.wait(LIMIT_S)
        os.close(master)
