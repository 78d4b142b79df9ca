"""The one file that runs `ceph`, `rbd` and their kin: words in, values out, always with a limit, never by a shell."""

from __future__ import annotations

import json
import math
import os
import re
import selectors
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from pvccore.ceph import osd_home
from pvccore.model.errors import NotFound, Refused, Unavailable
from pvccore.model.struct import Struct, replace

LIMIT_S = 10.0
"""How long a command may take before it is ended: a hanging Ceph must not hang us."""
SILENCE_LIMIT_S = 60.0
"""How long a command that tells its progress may say nothing."""
LOOK_EVERY_S = 0.5
SEVERAL = 3.0
"""Several commands in one process may take so many times as long as one."""
NO_SUCH_THING = 2
"""Exit code of `ceph` and `rbd` for ENOENT."""
ROLLS_BACK = b"--> Was unable to complete a new OSD"
"""What `ceph-volume` says before it tells at length how it takes back what it did; the reason stands above it."""
NO_IMAGE = "error opening image"
"""What `rbd` says of an image that is not there, with ENOENT."""
MAX_OUTPUT_BYTES = 64 * 1024 * 1024
MAX_SAID_BYTES = 8192
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
"""`ceph` is Python: so each answer is there as soon as it is given, though the next question hangs."""
NO_ENVIRONMENT: Mapping[str, str] = {}
_NO_CONNECTION = ("error connecting to the cluster", "couldn't connect", "timed out")
_TEXT_OR_NO_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|-?\b(?:inf|nan)\b')
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)(?:/100)?%")

Tell = Callable[[float, str], bool]
"""Told of progress, 0 to 1, with words; answers whether to go on."""


def go_on(_progress: float, _text: str) -> bool:
    """Tell nobody, and never stop."""
    return True


class NotThere(NotFound):
    """What a tool was asked about and did not find: an image by its path, else in the tool's own words."""

    def __init__(self, words: Sequence[str], asked: str, said: str) -> None:
        """words: those of the command. asked: what it was, in short. said: the tool's last line, without its name."""
        path = next((word.partition("@")[0] for word in words if "/" in word.strip("/-")), "")
        if path and NO_IMAGE in said:
            super().__init__("volume", path)
        else:
            super().__init__(asked, said)
            self.args = (f"{asked}: {said}",)


class Commands(Protocol):
    """The tools of one Ceph cluster. Errors: `Unavailable` without an answer in time, `NotFound`, else `Refused`."""

    def within(self, limit_s: float) -> Commands:
        """The same tools, none of whose commands takes longer than that."""

    def ceph(self, *words: str) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
        """What `ceph WORDS --format json` says; None when it prints nothing."""

    def ceph_all(self, *commands: str, may_hang: int = 0) -> list[Any]:
        """What several `ceph` commands say, asked one after another by one process: starting it is most of the cost.

        may_hang: so many of the last may go without an answer, which is None then.
        """

    def rados(self, *words: str) -> str:
        """What `rados WORDS` prints: the cheapest way to ask whether the cluster answers, a tenth of `ceph`."""

    def rbd(self, *words: str, limit_s: float = 0.0) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
        """What `rbd WORDS --format json` says. limit_s: another limit than the usual one."""

    def rbd_plain(self, *words: str) -> str:
        """What `rbd WORDS` prints, for the commands that know no format."""

    def rbd_followed(self, *words: str, tell: Tell) -> None:
        """Carry out `rbd WORDS`, which takes long and tells how far it is; `Refused` when `tell` stopped it."""

    def image_facts(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON qemu-img prints
        """What `qemu-img info` says of an image file on this machine."""

    def image_written(self, path: str, image_format: str, volume: str, *, tell: Tell) -> None:
        """Write an image file of this machine, of that format, into an existing volume."""

    def ceph_volume(self, *words: str) -> str:
        """What `ceph-volume WORDS` prints; it prepares and activates OSDs on this machine."""

    def osd_started(self, osd: int, device: str) -> None:
        """Have this machine run an OSD that has just been made of that device of it, now and after every boot."""

    def osd_halted(self, osd: int) -> None:
        """Have this machine run an OSD no more, neither now nor after a boot."""

    def osd_ended(self, osd: int) -> None:
        """The same, and forget what it had beside its device."""


class CephCommands(Struct, frozen=True, kw_only=True):
    """The command line of one Ceph cluster; see `Commands`.

    configuration: path of a ceph.conf other than the default. user: without "client.". limit_s: per command.
    Every call raises `Unavailable` when Ceph does not answer in time, `NotFound` for ENOENT, else `Refused` with the
    tool's own last line.
    """

    configuration: str = ""
    user: str = ""
    limit_s: float = LIMIT_S

    def within(self, limit_s: float) -> CephCommands:
        return replace(self, limit_s=min(limit_s, self.limit_s))

    def ceph(self, *words: str) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
        return _json(self._run([*self._ceph(), *words]))

    def ceph_all(self, *commands: str, may_hang: int = 0) -> list[Any]:
        limit_s = self.limit_s * SEVERAL
        try:
            done = _done(self._ceph(), typed="\n".join((*commands, "")), limit_s=limit_s, environment=UNBUFFERED)
        except subprocess.TimeoutExpired as expired:
            found = list(_documents(_text(expired.stdout or b""), cut_off=True))
            if len(found) < max(1, len(commands) - may_hang):
                raise _silence("ceph", limit_s) from None
            return [*found, *[None] * (len(commands) - len(found))]
        found = list(_documents(_text(done.stdout)))
        if len(found) != len(commands):
            said = _last_line(done.stderr)
            why = f": {said}" if said else ""
            raise Unavailable(f"Ceph answered {len(found)} of {len(commands)} questions{why}")
        return found

    def rados(self, *words: str) -> str:
        return self._run(["rados", *self._options(), *words])

    def rbd(self, *words: str, limit_s: float = 0.0) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
        return _json(self._run(["rbd", *self._options(), *words, "--format", "json"], limit_s=limit_s))

    def rbd_plain(self, *words: str) -> str:
        return self._run(["rbd", *self._options(), *words])

    def rbd_followed(self, *words: str, tell: Tell) -> None:
        _follow(["rbd", *self._options(), *words], tell)

    def image_facts(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON qemu-img prints
        return _json(self._run(["qemu-img", "info", "--output", "json", path]))

    def image_written(self, path: str, image_format: str, volume: str, *, tell: Tell) -> None:
        conf = f":conf={self.configuration}" if self.configuration else ""
        target = f"rbd:{volume}" + (f":id={self.user}" if self.user else "") + conf
        _follow(["qemu-img", "convert", "-p", "-n", "-f", image_format, "-O", "raw", path, target], tell)

    def ceph_volume(self, *words: str) -> str:
        return self._run(["ceph-volume", *words], limit_s=SILENCE_LIMIT_S)

    def osd_started(self, osd: int, device: str) -> None:
        osd_home.settle(osd, device)
        self._run(["systemctl", "enable", "--now", osd_home.unit_of(osd)], limit_s=SILENCE_LIMIT_S)

    def osd_halted(self, osd: int) -> None:
        self._run(["systemctl", "disable", "--now", osd_home.unit_of(osd)], limit_s=SILENCE_LIMIT_S)

    def osd_ended(self, osd: int) -> None:
        self.osd_halted(osd)
        osd_home.clear(osd)

    def _ceph(self) -> list[str]:
        connect_s = str(max(1, math.ceil(self.limit_s)))  # it counts the tool's own start as well
        return ["ceph", *self._options(), "--connect-timeout", connect_s, "--format", "json"]

    def _options(self) -> list[str]:
        configuration = ["--conf", self.configuration] if self.configuration else []
        return [*configuration, *(["--id", self.user] if self.user else [])]

    def _run(self, argv: Sequence[str], *, limit_s: float = 0.0) -> str:
        limit_s = limit_s or self.limit_s
        try:
            return _text(_done(argv, limit_s=limit_s).stdout)
        except subprocess.TimeoutExpired:
            raise _silence(argv[0], limit_s) from None


def _done(
    argv: Sequence[str], *, limit_s: float, typed: str = "", environment: Mapping[str, str] = NO_ENVIRONMENT
) -> subprocess.CompletedProcess[bytes]:
    """A command that has ended well; raises one of the errors for any other, and TimeoutExpired."""
    try:
        done = subprocess.run(
            argv,
            input=typed.encode(),
            capture_output=True,
            timeout=limit_s,
            check=False,
            env={**os.environ, **environment},
        )
    except OSError as error:
        raise Unavailable(f"{argv[0]} can't be run: {error.strerror}") from None
    if done.returncode:
        raise _failure(argv, done.returncode, done.stderr)
    return done


def _silence(name: str, limit_s: float) -> Unavailable:
    return Unavailable(f"{name} did not answer within {limit_s:g} s", in_doubt=True)


def _text(output: bytes) -> str:
    return output[:MAX_OUTPUT_BYTES].decode(errors="replace")


def _follow(argv: Sequence[str], tell: Tell) -> None:
    """Run a command that prints how far it is; it is ended when `tell` says so, or when it falls silent."""
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Unavailable(f"{argv[0]} can't be run: {error.strerror}") from None
    try:
        said = _listen(process, argv[0], tell)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode:
        raise _failure(argv, process.returncode, said)


def _listen(process: subprocess.Popen[bytes], name: str, tell: Tell) -> bytes:
    """What it printed last, once it has ended; raises `Refused` when stopped and `Unavailable` when it is silent."""
    output = process.stdout
    assert output is not None  # noqa: S101 - asked for a pipe
    said, silent_s, progress = b"", 0.0, 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            if not tell(progress, ""):
                raise Refused("cancelled")
            if not selector.select(LOOK_EVERY_S):
                silent_s += LOOK_EVERY_S
                if silent_s >= SILENCE_LIMIT_S:
                    raise Unavailable(f"{name} did not move for {SILENCE_LIMIT_S:g} s", in_doubt=True)
                continue
            part = os.read(output.fileno(), MAX_SAID_BYTES)
            if not part:
                process.wait(LIMIT_S)
                return said
            silent_s = 0.0
            said = (said + part)[-MAX_SAID_BYTES:]
            shares = _PERCENT.findall(said.decode(errors="replace"))
            progress = min(1.0, float(shares[-1]) / 100) if shares else progress


def _failure(argv: Sequence[str], code: int, stderr: bytes) -> NotFound | Refused | Unavailable:
    said = _last_line(stderr.partition(ROLLS_BACK)[0]) or f"exit code {code}"
    words = " ".join(word for word in _after_options(argv)[:3] if not word.startswith("-"))
    if any(sign in said for sign in _NO_CONNECTION):
        return Unavailable(f"{argv[0]}: {said}")
    if code == NO_SUCH_THING:
        return NotThere(_after_options(argv), f"{argv[0]} {words}", said.removeprefix(f"{argv[0]}: "))
    return Refused(f"{argv[0]} {words}: {said}")


def _last_line(stderr: bytes) -> str:
    """What a tool said last; what it only warned of comes before that."""
    text = stderr.decode(errors="replace").replace("\r", "\n")
    lines = (line.strip().removeprefix("stderr: ").removeprefix("-->").strip() for line in text.splitlines())
    return next((line for line in reversed([*lines]) if line), "")


def _after_options(argv: Sequence[str]) -> Sequence[str]:
    """The words of a command without the options, in pairs, that come before them."""
    start = 1
    while start < len(argv) and argv[start].startswith("--"):
        start += 2
    return argv[start:]


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
    """The first document: `osd blocklist ls` of Ceph 16 prints an empty list of ranges behind its list."""
    return next(_documents(text), None)


def _documents(text: str, *, cut_off: bool = False) -> Iterator[Any]:
    """The documents in what was printed, one after another; the last may be cut off."""
    decoder, text = json.JSONDecoder(), text.strip()
    while text:
        try:
            found, end = decoder.raw_decode(text)
        except ValueError:
            mended = _without_infinities(text)
            if mended != text:
                text = mended
                continue
            if cut_off:
                return
            raise Unavailable(f"Ceph answered with something that is not JSON: {text[:60]!r}") from None
        yield found
        text = text[end:].lstrip()


def _without_infinities(text: str) -> str:
    """What was printed with null for the words that are no JSON: Ceph 18 prints `inf` for a pool's read balance.

    Source: Ceph's tracker, issue 66215; `osd df` of an empty OSD printed `-nan` in its time.
    """
    return _TEXT_OR_NO_NUMBER.sub(lambda found: found[0] if found[0][0] == '"' else "null", text)
