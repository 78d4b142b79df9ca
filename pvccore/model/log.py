"""A part of a log that only a node has, as its daemon answers it: the newest lines, or what came after a place."""

from __future__ import annotations

import re

from pvccore.model.errors import Invalid
from pvccore.model.printable import printable
from pvccore.model.struct import Struct
from pvccore.model.task import Task

LINES, LINES_MAX = 100, 2000
"""How many lines are read unless more are wanted, and how many at most."""
MAX_LOG_BYTES = 64 * 1024
"""More of a log is never answered at once: the answer is a record in the store."""

_HEAD = re.compile(r"log (?P<log>\S+) to (?P<end>\d+)")
_CONTROL_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, the cursor
    r"|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS and the like: titles, clipboards
    r"|\x1b[ -/]*[0-~]"
)


class LogPart(Struct, frozen=True, kw_only=True):
    """Some lines of a log.

    log: which one: a log that begins anew (a rotated file, a daemon's next run) is another. end: the place in it
    where the next line begins.
    """

    log: str
    end: int
    lines: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it ends, to ask for what comes after it."""
        return f"{self.log}:{self.end}"

    @property
    def result(self) -> str:
        """As the result of a task, which `log_part` reads."""
        return "\n".join((f"log {self.log} to {self.end}", *self.lines))


def log_part(task: Task) -> LogPart:
    """The part that a task's result tells of; raises Invalid where it is none."""
    found = _HEAD.fullmatch(task.result)
    if found is None:
        raise Invalid("result", task.result[:40], "is no part of a log")
    return LogPart(log=found["log"], end=int(found["end"]), lines=tuple(task.lines))


def place_in(log: str, after: str) -> int | None:
    """The place that `after` names in this very log; None where it names another log, or no place."""
    name, _, place = after.rpartition(":")
    return int(place) if name == log and place.isascii() and place.isdigit() else None


def printable_lines(text: str) -> tuple[str, ...]:
    """A guest's words without what a terminal would obey: only signs that can be seen stay, and blanks for tabs."""
    plain = _CONTROL_SEQUENCE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").expandtabs())
    return tuple(printable(plain).splitlines())
