"""Reading what is not in the snapshot, when somebody looks at it: off the screen's thread, each once at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from pvccore.model.cluster import Cluster
from pvccore.model.errors import PvcError, Refused
from pvccore.model.struct import replace
from pvctui.rows.fetched import LOGS, Fetched

if TYPE_CHECKING:
    from pvctui.app import Console
    from pvctui.requests import Requests

SETTLE_S = 0.5
"""For how long somebody looks at a log before its node is asked: a cursor that passes by asks for nothing."""


class Read(Message):
    """It is being read, was read, or could not be."""

    def __init__(self, by: Fetching, key: str, fetched: Fetched) -> None:
        super().__init__()
        self.by = by
        self.key = key
        self.fetched = fetched


class Fetching:
    """Reads from one cluster by key: `xml UUID VERSION`, `vm-log UUID`, `node-log NAME`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._under_way: set[str] = set()
        self._looked_at = ""

    def want(self, key: str, *, at_once: bool = False) -> None:
        """Read it, unless that is under way; of a log what came since the last time.

        at_once: somebody asked for it, and does not only look at where it would stand.
        """
        if key in self._under_way:
            return
        if at_once or _kind(key) not in LOGS:
            self._begin(key)
        elif self._looked_at != key:
            self._looked_at = key
            self._console.set_timer(SETTLE_S, lambda: self._settled(key))

    def _settled(self, key: str) -> None:
        if self._looked_at == key:
            self._looked_at = ""
            self.want(key, at_once=True)

    def _begin(self, key: str) -> None:
        self._under_way.add(key)
        console = self._console
        view, requests = console.view, console.requests
        begun, refusal = view.fetched.get(key, Fetched()), ""
        if _kind(key) in LOGS:
            begun, refusal = replace(begun, asked_s=view.now_s), view.refusal
            console.post_message(Read(self, key, begun))

        def read() -> None:
            try:
                if refusal:
                    raise Refused(f"{refusal.partition(':')[0]}: a log is asked for by a task")
                fetched = _read(key, begun, requests, view.cluster)
            except PvcError as error:
                fetched = replace(begun, error=str(error))
            console.post_message(Read(self, key, replace(fetched, asked_s=0.0)))

        console.run_worker(read, thread=True, exit_on_error=False, name=f"reading {key}")

    def have(self, key: str, fetched: Fetched) -> None:
        """What is known of it by now."""
        if not fetched.asked_s:
            self._under_way.discard(key)


def _kind(key: str) -> str:
    return key.partition(" ")[0]


def _read(key: str, known: Fetched, requests: Requests, newest: Cluster) -> Fetched:
    """On a worker's thread; raises one of the five errors."""
    if _kind(key) in LOGS:
        return replace(known, log=known.log.with_part(requests.log_of(key, known.log.place, newest)), error="")
    return replace(known, text=requests.xml_of(key.split(" ")[1], newest), error="")
