"""Golden transcripts: what `pvc` prints, verb by verb, played again before the same small cluster.

A transcript has sessions. Each begins with a line `# …` and sees the cluster as it was at first (`storage-*` sees one
that has little more than a storage); of a line `$ pvc …`
it has what was printed, `| ` before what went to standard error, and `exit N` unless N is 0. `< FILE` is standard
input, `<<< y` a person's answer; without one nobody is there to be asked. After a change that is meant,
`python -m tests.pvccli.golden` writes them anew, and git shows what became different.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

from pvccli.seat import Seat
from tests.operations.world import World
from tests.pvccli.conftest import say
from tests.pvccli.golden_world import busy_world, no_cluster, stored_world, write_files

FOLDER = Path(__file__).with_name("golden")
EMPTY = "# where no cluster is yet"
LINE = re.compile(r"^\$ pvc (?P<line>.*?)( < (?P<file>\S+))?( <<< (?P<answer>\w+))?$")
MASKED = (
    (re.compile(r"pvc_[\w-]{43}"), "pvc_TOKEN"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "TODAY"),
    (re.compile(r"^(met +)?\[ +\d+\.\d\]"), r"\1[ SECONDS]"),
    (re.compile(r'("at_s": )[\d.]+'), r"\1SECONDS"),
)
"""What differs from run to run, and what the simulated world takes, which is its own matter."""


def command_lines(text: str) -> list[str]:
    """What is typed after `pvc` in a transcript."""
    return [found["line"] for line in text.splitlines() if (found := LINE.match(line))]


def played(path: Path) -> str:
    """A transcript as it is today. Files that its lines name lie in the present folder."""
    world = stored_world if path.stem.startswith("storage") else busy_world
    return "\n\n".join("\n".join(_session(lines, world)) for lines in _sessions(path.read_text())) + "\n"


@contextlib.contextmanager
def stage() -> Iterator[None]:
    """A folder with the files that command lines name, a clock that shows UTC, no wait for a log that never comes."""
    before, zone = Path.cwd(), os.environ.get("TZ")
    with tempfile.TemporaryDirectory() as folder, patch("pvccli.logs.Event"):
        write_files(Path(folder))
        os.chdir(folder)
        _set_zone("UTC")
        try:
            yield
        finally:
            _set_zone(zone)
            os.chdir(before)


def _set_zone(name: str | None) -> None:
    os.environ.pop("TZ", None)
    if name is not None:
        os.environ["TZ"] = name
    time.tzset()


def _sessions(text: str) -> list[list[str]]:
    """The lines that were written by hand: each session's heading and command lines."""
    sessions: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("# "):
            sessions.append([line])
        elif line.startswith("$ "):
            sessions[-1].append(line)
    return sessions


def _session(lines: list[str], world: Callable[[], World]) -> Iterator[str]:
    operator = no_cluster() if lines[0].startswith(EMPTY) else world().operator
    yield lines[0]
    for line in lines[1:]:
        found = LINE.match(line)
        assert found is not None, line
        given = Path(found["file"]).read_text() if found["file"] else found["answer"] or ""
        said = say(found["line"], Seat(given=operator, can_answer=partial(bool, found["answer"])), given)
        yield line
        yield from map(_masked, said.out.splitlines())
        yield from (f"| {_masked(told)}" for told in said.err.splitlines())
        if said.code:
            yield f"exit {said.code}"


def _masked(line: str) -> str:
    for pattern, word in MASKED:
        line = pattern.sub(word, line)
    return line.rstrip()


def main() -> None:
    """Write every transcript anew."""
    with stage():
        for path in sorted(FOLDER.glob("*.txt")):
            path.write_text(played(path))


if __name__ == "__main__":
    main()
