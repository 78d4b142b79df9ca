"""A program in tmux, as people run it over SSH: its screen as it reads, and its keyboard."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 30.0
LOOK_EVERY_S = 0.05
COLUMNS, LINES = 160, 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmux:
    """One terminal of a tmux server of its own."""

    socket: str
    folder: Path
    environment: Mapping[str, str]

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of tmux."""
        command = ["tmux", "-L", self.socket, "-f", "/dev/null", *words]
        return subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )

    def text(self) -> str:
        """What the screen reads now."""
        return self.call("capture-pane", "-p").stdout

    def press(self, *keys: str) -> None:
        """Keys by tmux' names: `Enter`, `Tab`, `M`."""
        self.call("send-keys", *keys)

    def type(self, text: str) -> None:
        """Every character as it stands."""
        self.call("send-keys", "-l", text)

    def ended(self) -> bool:
        """Whether the program is gone, and with it the terminal."""
        return self.call("has-session").returncode != 0

    def shows(self, *words: str) -> None:
        """Wait until all of this stands on the screen."""
        self.until(lambda: all(word in self.text() for word in words))

    def until(self, true: Callable[[], bool]) -> None:
        """Wait, within a bound."""
        ends_at_s = time.monotonic() + LIMIT_S
        while not true():
            assert time.monotonic() < ends_at_s, self.text()
            time.sleep(LOOK_EVERY_S)


@contextmanager
def tmux_with(words: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Iterator[Tmux]:
    """A terminal in which this program runs, in a folder; its server ends with it."""
    without = {"TMUX", "TMUX_PANE", "COLUMNS", "LINES"}
    kept = {name: value for name, value in os.environ.items() if name not in without}
    tmux = Tmux(socket=f"pvc-{os.getpid()}", folder=folder, environment={**kept, **environment})
    size = ("-x", str(COLUMNS), "-y", str(LINES))
    started = tmux.call("new-session", "-d", *size, *words)
    assert started.returncode == 0, started.stderr
    tmux.call("set-option", "-s", "escape-time", "10")
    try:
        yield tmux
    finally:
        tmux.call("kill-server")
