"""The daemon's log: one line per event for people, or one JSON object per line for collectors."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from contextlib import nullcontext
from enum import StrEnum

from pvccore.model.change import Change
from pvccore.model.log import LINES_MAX, LogPart, place_in, printable_lines

NAMED = ("vm", "node", "reason")
"""What a record may name beside its message."""


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


def named(change: Change) -> dict[str, str]:
    """The `extra` of a record about a change: which VM, which node, and why."""
    return {"vm": change.vm, "node": change.node, "reason": change.why}


class JsonFormatter(logging.Formatter):
    """A record as one JSON object; what it doesn't name is left out."""

    def format(self, record: logging.LogRecord) -> str:
        """Times are UTC."""
        line: dict[str, object] = {
            "at": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in NAMED if (value := getattr(record, name, ""))}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """A record as one line; control characters from a guest's or a person's words do not reach the terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Escape all but what can be printed."""
        return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in super().formatMessage(record))


class KeptLog(logging.Handler):
    """The newest lines of this run of the daemon, for who asks from elsewhere; places in it are counts of lines.

    run: another one after every start. What is older, or of an earlier run, the service manager has.
    """

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run
        self._lines: deque[str] = deque(maxlen=LINES_MAX)
        self._written = 0

    def emit(self, record: logging.LogRecord) -> None:
        lines = printable_lines(self.format(record))
        self._lines.extend(lines)
        self._written += len(lines)

    def part(self, lines: int, after: str) -> LogPart:
        """See `nodedaemon.log_tasks.Log`."""
        with self.lock or nullcontext():
            kept, end = list(self._lines), self._written
        place = place_in(self._run, after)
        told = kept if place is None else kept[max(0, len(kept) - max(0, end - place)) :]
        return LogPart(log=self._run, end=end, lines=tuple(told[-lines:]))


def set_up_logging(log_format: LogFormat, level: str, *kept: logging.Handler) -> None:
    """Send the log to standard error, where the service manager collects it, and to what keeps it here."""
    handlers = (logging.StreamHandler(), *kept)
    for handler in handlers:
        handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=handlers, force=True)
    for name in ("kazoo", "pvccore.state.zookeeper"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
