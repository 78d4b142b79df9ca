"""The ledger of processes that a lab started, so that any later command ends exactly those and no other."""

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.commands import LabError
from lab.turns import one_at_a_time
from lab.waiting import wait_until

END_LIMIT_S = 30.0
START_LIMIT_S = 60.0
# A program begins by writing itself down, so that it is known though who started it was killed in that very moment; in
# a lab that was taken down meanwhile it does not begin at all.
WRITES_ITSELF_DOWN = 'read -r stat </proc/$$/stat && echo "$stat" >"$0" && exec "$@"'
STARTING = ".starting"
BEGAN = 19
"""Where the moment of its beginning stands, counted from its state on, see proc(5)."""
# Python ignores these and a child would inherit that.
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """A process as the kernel knows it: its id and the moment it began, since ids are used again."""

    pid: int
    began_ticks: int

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """The identity of a living process; None when there is none, or only its zombie."""
        words = _stat(pid)
        return cls(pid=pid, began_ticks=int(words[BEGAN])) if words and words[0] not in "ZX" else None

    @property
    def alive(self) -> bool:
        """Whether this very process still lives."""
        return ProcessIdentity.of(self.pid) == self

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped in its tracks, as by SIGSTOP."""
        return self.alive and _stat(self.pid)[:1] == ["T"]

    def send(self, number: signal.Signals) -> None:
        """Signal this very process; one that is gone needs no signal."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def send_to_group(self, number: signal.Signals) -> None:
        """Signal it and, if it leads a group, what it started; its id is the group's while it lives."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                leads = os.getpgid(self.pid) == self.pid
                (os.killpg if leads else os.kill)(self.pid, number)


class Ledger:
    """The one file of a lab that names every process it started: a line `name pid began` each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._children: set[int] = set()

    def start(
        self, name: str, argv: list[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> ProcessIdentity:
        """Start a program of its own session, its words going to `log`, and note it under `name`."""
        if self.find(name):
            raise LabError(f"{name} already runs")
        own = self._path.with_name(f"{name}{STARTING}")
        own.unlink(missing_ok=True)
        with log.open("ab") as output, Path(os.devnull).open() as nothing:
            ends = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 0)]
            ends += [(os.POSIX_SPAWN_DUP2, output.fileno(), number) for number in (1, 2)]
            pid = os.posix_spawnp(
                "sh",
                ["sh", "-c", WRITES_ITSELF_DOWN, str(own), *argv],
                {**os.environ, **(environment or {})},
                file_actions=ends,
                setsid=True,
                setsigdef=IGNORED_BY_PYTHON,
            )
        self._children.add(pid)
        wait_until(
            lambda: own.exists() or ProcessIdentity.of(pid) is None,
            within_s=START_LIMIT_S,
            what=f"{name} begins",
            poll_s=0.002,
        )
        identity = ProcessIdentity.of(pid)
        if identity is None:
            raise LabError(f"{name} ended at once; see {log}")
        self.note(name, identity)
        own.unlink()
        return identity

    def note(self, name: str, identity: ProcessIdentity) -> None:
        """Remember a process under a name; an older one of that name is forgotten."""
        with self._changed() as entries:
            entries[name] = identity

    def forget(self, name: str) -> None:
        """Strike out a name."""
        with self._changed() as entries:
            entries.pop(name, None)

    def find(self, name: str) -> ProcessIdentity | None:
        """The living process of that name."""
        self._reap()
        identity = self._read().get(name)
        return identity if identity and identity.alive else None

    def living(self) -> dict[str, ProcessIdentity]:
        """Every noted process that still lives."""
        return {name: identity for name, identity in self._read().items() if identity.alive}

    def end(self, name: str, *, by: signal.Signals = signal.SIGTERM, within_s: float = END_LIMIT_S) -> None:
        """End a process and wait until it is gone: by `by`, and by SIGKILL when that is not enough."""
        for number in (by, signal.SIGKILL):
            identity = self.find(name)
            if identity is None:
                break
            identity.send_to_group(number)
            identity.send_to_group(signal.SIGCONT)
            with contextlib.suppress(LabError):
                wait_until(lambda: self.find(name) is None, within_s=within_s, what=f"{name} ends", poll_s=0.01)
        if self.find(name):
            raise LabError(f"{name} does not end, not even by SIGKILL")
        self.forget(name)

    def _reap(self) -> None:
        """Let the kernel forget those of our own children that ended."""
        for pid in list(self._children):
            try:
                ended, _ = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended = pid
            if ended:
                self._children.discard(pid)

    def _read(self) -> dict[str, ProcessIdentity]:
        """What was noted, and what is just starting, or was when who started it was killed."""
        noted = _parse(self._path.read_text()) if self._path.exists() else {}
        for own in self._path.parent.glob(f"*{STARTING}"):
            with contextlib.suppress(FileNotFoundError, IndexError, ValueError):  # gone meanwhile, or not whole yet
                stat = own.read_text()
                began_ticks = int(_words_from_state(stat)[BEGAN])
                noted[own.name.removesuffix(STARTING)] = ProcessIdentity(
                    pid=int(stat.split()[0]), began_ticks=began_ticks
                )
        return noted

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, ProcessIdentity]]:
        """The entries, to be changed by one process at a time and written back whole."""
        with one_at_a_time(self._path.with_suffix(".lock")):
            entries = self._read()
            yield entries
            fresh = self._path.with_suffix(".new")
            fresh.write_text("".join(f"{name} {one.pid} {one.began_ticks}\n" for name, one in entries.items()))
            fresh.replace(self._path)


def _stat(pid: int) -> list[str]:
    """The words of /proc/PID/stat from its state on, see proc(5); none when there is no such process."""
    try:
        return _words_from_state(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return []


def _words_from_state(stat: str) -> list[str]:
    return stat.rpartition(")")[2].split()


def _parse(text: str) -> dict[str, ProcessIdentity]:
    lines = (line.split() for line in text.splitlines())
    return {name: ProcessIdentity(pid=int(pid), began_ticks=int(began)) for name, pid, began in lines}
