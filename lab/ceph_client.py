"""The lab's own connection to its Ceph: a child that sits at `ceph_seat.py`, started with the first question."""

import json
import select
import subprocess
import threading
from pathlib import Path
from typing import Any

from lab.commands import LabError

PYTHON = "/usr/bin/python3"
"""The system's own, for which Debian packages Ceph's library."""
SEAT = Path(__file__).with_name("ceph_seat.py")
MORE_S = 5.0
"""Ceph's own limit ends a question before the child is given up."""


class CephClient:
    """Questions of one process to one Ceph cluster, one at a time, from any thread."""

    def __init__(self, configuration: Path, *, pool: str, limit_s: float) -> None:
        self._configuration = configuration
        self._pool = pool
        self._limit_s = limit_s
        self._child: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def ask(self, verb: str, *words: object) -> Any:  # noqa: ANN401 - whatever Ceph says
        """The answer to a question of `ceph_seat.Seat`; LabError in Ceph's words when there is none."""
        with self._turn:
            said = self._said(json.dumps([verb, *words]))
        if "error" in said:
            raise LabError(f"{' '.join(map(str, (verb, *words)))}: {said['error']}")
        return said["answer"]

    def close(self) -> None:
        """End the child; a further question starts another."""
        with self._turn:
            self._end()

    def _said(self, question: str) -> dict[str, Any]:
        child = self._child = self._child or self._start()
        if child.stdin is None or child.stdout is None:
            raise TypeError("both are pipes")
        try:
            child.stdin.write(question + "\n")
            child.stdin.flush()
            readable, _, _ = select.select([child.stdout], [], [], 2 * self._limit_s + MORE_S)
            line = child.stdout.readline() if readable else ""
        except BrokenPipeError:
            line = ""
        if not line:
            self._end()
            return {"error": "Ceph's library gave no answer"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[str]:
        argv = [PYTHON, str(SEAT), str(self._configuration), self._pool, str(int(self._limit_s))]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()
