"""Programs that fence agents run: each under `run_until.py`, so that it ends in time whatever becomes of the daemon."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pvccore.model.errors import Unavailable
from pvccore.model.struct import Struct

RUN_UNTIL = Path(__file__).with_name("run_until.py")
ENDED_AT_DEADLINE, NOT_STARTED, NOT_FOUND = 124, 125, 127
"""Exit codes of `run_until.py` that are its own."""
GRACE_S = 2.0
"""How long after its deadline a program may take to be gone, ourselves included."""
LONGEST_OUTPUT = 300
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Finished(Struct, frozen=True, kw_only=True):
    """A program that ended by itself: its exit code and what it printed, on one line."""

    code: int
    text: str


def run_until(argv: Sequence[str], until_s: float, environment: Mapping[str, str]) -> Finished:
    """Run a program that ends at CLOCK_BOOTTIME `until_s`; raises `Unavailable` when it did not end by itself.

    environment: all that it sees of ours, beside a PATH.
    """
    name = Path(argv[0]).name
    command = [sys.executable, "-I", "-S", str(RUN_UNTIL), repr(until_s), *argv]
    try:
        done = subprocess.run(
            command,
            env={"PATH": SEARCH_PATH, "LC_ALL": "C", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=max(0.0, until_s - time.clock_gettime(time.CLOCK_BOOTTIME)) + GRACE_S,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{name} could not be ended in time") from None
    except OSError as error:
        raise Unavailable(f"{name} could not be run: {error}") from None
    text = " ".join(done.stdout.decode(errors="replace").split())[:LONGEST_OUTPUT]
    if done.returncode in _BROKEN:
        raise Unavailable(f"{name} {_BROKEN[done.returncode]}")
    return Finished(code=done.returncode, text=text)


_BROKEN = {
    ENDED_AT_DEADLINE: "did not answer in time",
    NOT_STARTED: "was not run: it was too late",
    NOT_FOUND: "is not installed",
}
