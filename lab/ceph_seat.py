"""A seat at Ceph's own library: answers one line of JSON on its output to each on its input, until that is closed.

Run by the system's Python, for which Debian has `rados` and `rbd`. Starting `ceph` costs a third of a second of
processor a time, a question asked here a few milliseconds: tests that look all the time leave the machine to what they
look at.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import rados
import rbd
from ceph_argparse import json_command, parse_json_funcsigs, validate_command

LIMITS = ("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout")
"""Ceph's names of the time limits of a connection, of a question to a monitor, and of one to an OSD."""
FORMAT = "--format"


class Seat:
    """One connection; a question is `[verb, *words]`."""

    def __init__(self, cluster: rados.Rados, pool: str) -> None:
        self._cluster = cluster
        self._pool = pool
        self._signatures: dict[str, Any] = {}

    def ceph(self, *words: str) -> str:
        """What `ceph WORDS` prints."""
        plain, style = self._split(words)
        self._signatures = self._signatures or parse_json_funcsigs(self._ask("get_command_descriptions"), "cli")
        command = validate_command(self._signatures, plain)
        if not command:
            raise ValueError(f"no such command: ceph {' '.join(words)}")
        return self._ask(command.pop("prefix"), **command, **style)

    def watchers(self, image: str) -> list[str]:
        """The client addresses, `10.99.K.N:port/nonce`, that have an image open."""
        with self._image(image) as one:
            return [watcher["addr"] for watcher in one.watchers_list()]

    def head(self, image: str, size_bytes: int) -> str:
        """The first bytes of an image, a character each."""
        with self._image(image) as one:
            return str(one.read(0, size_bytes).decode("latin-1"))

    @contextlib.contextmanager
    def _image(self, name: str) -> Any:  # noqa: ANN401 - rbd has no types
        with self._cluster.open_ioctx(self._pool) as pool, rbd.Image(pool, name, read_only=True) as image:
            yield image

    def _split(self, words: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
        if FORMAT not in words:
            return list(words), {}
        at = words.index(FORMAT)
        return [*words[:at], *words[at + 2 :]], {"format": words[at + 1]}

    def _ask(self, prefix: str, **arguments: object) -> str:
        code, out, said = json_command(self._cluster, prefix=prefix, argdict=arguments)
        if code:
            raise ValueError(f"ceph {prefix}: {said} ({code})")
        return str(out.decode())


def answered(question: Callable[[], object]) -> dict[str, object]:
    """The answer, or the error in words."""
    try:
        return {"answer": question()}
    except (rados.Error, rbd.Error, ValueError, TimeoutError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main(configuration: str, pool: str, limit_s: str) -> None:
    """Answer until nobody asks any more."""
    cluster = rados.Rados(conffile=configuration, conf=dict.fromkeys(LIMITS, limit_s))
    seat = Seat(cluster, pool)
    verbs: dict[str, Callable[..., object]] = {"ceph": seat.ceph, "watchers": seat.watchers, "head": seat.head}
    for line in sys.stdin:
        verb, *words = json.loads(line)
        said = {} if cluster.state == "connected" else answered(cluster.connect)
        if "error" not in said:
            said = answered(partial(verbs[verb], *words))
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
