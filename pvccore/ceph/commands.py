"""The one file that runs `ceph` and `rbd`: JSON in, values out, always with a time limit and never through a shell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pvccore.model.errors import NotFound, Refused, Unavailable

LIMIT_S = 10.0
"""How long a command may take before it is ended: a hanging Ceph must not hang us."""
NO_SUCH_THING = 2
"""Exit code of `ceph` and `rbd` for ENOENT."""
MAX_OUTPUT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CephCommands:
    """The command line of one Ceph cluster.

    configuration: path of a ceph.conf other than the default. user: without "client.". limit_s: per command.
    Every call raises `Unavailable` when Ceph does not answer in time, `NotFound` for ENOENT, else `Refused` with the
    tool's own last line.
    """

    configuration: str = ""
    user: str = ""
    limit_s: float = LIMIT_S

    def ceph(self, *words: str) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
        """What `ceph WORDS --format json` says; None when it prints nothing."""
        connect_s = str(max(1, int(self.limit_s) - 1))
        return _json(self._run(["ceph", *self._options(), "--connect-timeout", connect_s, "--format", "json", *words]))

    def rbd(self, *words: str) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
        """What `rbd WORDS --format json` says; None when it prints nothing."""
        return _json(self._run(["rbd", *self._options(), *words, "--format", "json"]))

    def rbd_plain(self, *words: str) -> str:
        """What `rbd WORDS` prints, for the commands that know no format."""
        return self._run(["rbd", *self._options(), *words])

    def _options(self) -> list[str]:
        configuration = ["--conf", self.configuration] if self.configuration else []
        return [*configuration, *(["--id", self.user] if self.user else [])]

    def _run(self, argv: Sequence[str]) -> str:
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=self.limit_s, check=False
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{argv[0]} did not answer within {self.limit_s:g} s", in_doubt=True) from None
        except OSError as error:
            raise Unavailable(f"{argv[0]} can't be run: {error.strerror}") from None
        if done.returncode:
            raise _failure(argv, done)
        return done.stdout[:MAX_OUTPUT_BYTES].decode(errors="replace")


def _failure(argv: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> NotFound | Refused | Unavailable:
    lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    said = lines[-1] if lines else f"exit code {done.returncode}"
    words = " ".join(word for word in argv[1:4] if not word.startswith("-"))
    if "error connecting to the cluster" in said or "couldn't connect" in said:
        return Unavailable(f"{argv[0]}: {said}")
    if done.returncode == NO_SUCH_THING:
        return NotFound(argv[0], said)
    return Refused(f"{argv[0]} {words}: {said}")


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON Ceph prints
    if not text.strip():
        return None
    try:
        # Only the first document: `osd blocklist ls` of Ceph 16 prints an empty list of ranges behind its list.
        return json.JSONDecoder().raw_decode(text.strip())[0]
    except ValueError:
        raise Unavailable(f"Ceph answered with something that is not JSON: {text[:60]!r}") from None
