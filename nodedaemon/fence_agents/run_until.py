"""A leash for one program: it ends at a moment of CLOCK_BOOTTIME, even if the daemon that ran it is stopped or dead.

Run as `python -I -S run_until.py DEADLINE_S PROGRAM WORDS…`; depends on nothing of the project. The program is the
leader of a process group of its own, which is killed whole, and it is killed when this leash dies. A manager may send
a power-off only as long as its session surely lasts: after that another one may already act.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time

ENDED_AT_DEADLINE, NOT_STARTED, NOT_FOUND = 124, 125, 127
PR_SET_PDEATHSIG = 1
STEP_S = 0.05
"""poll() does not count the time of a suspended machine; after this long the real clock is looked at again."""


def left_s(deadline_s: float) -> float:
    """Seconds until the deadline."""
    return deadline_s - time.clock_gettime(time.CLOCK_BOOTTIME)


def run(deadline_s: float, argv: list[str]) -> int:
    """The program's exit code, or one of our own."""
    libc = ctypes.CDLL(None)
    leash = os.getpid()
    if left_s(deadline_s) <= 0:
        return NOT_STARTED
    child = os.fork()
    if child == 0:
        _become(libc, leash, deadline_s, argv)
    in_time = _ends_by_itself(child, deadline_s)
    _kill_group(child)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if not in_time:
        return ENDED_AT_DEADLINE
    return code if code >= 0 else 128 - code


def _become(libc: ctypes.CDLL, leash: int, deadline_s: float, argv: list[str]) -> None:
    """In the child: turn into the program, unless the leash is gone or it is too late by now."""
    try:
        os.setpgid(0, 0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != leash or left_s(deadline_s) <= 0:
            os._exit(NOT_STARTED)
        os.execvp(argv[0], argv)  # noqa: S606 - an argument list, never a shell
    finally:
        os._exit(NOT_FOUND)


def _ends_by_itself(child: int, deadline_s: float) -> bool:
    watch = select.poll()
    watch.register(os.pidfd_open(child), select.POLLIN)
    while (remains_s := left_s(deadline_s)) > 0:
        if watch.poll(min(remains_s, STEP_S) * 1000):
            return True
    return False


def _kill_group(leader: int) -> None:
    """The program and all that it started and left behind; before it is reaped, while its id can be nobody else's."""
    for kill, target in ((os.killpg, leader), (os.kill, leader)):
        try:
            kill(target, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]), sys.argv[2:]))
