"""The storage watch: asks Ceph now and then whether it answers, so that the report never waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

EVERY_S = 5.0

log = logging.getLogger(__name__)


class StorageWatch:
    """Remembers what `ask` last said: why the storage counts as unhealthy, "" while it answers."""

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._said = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storage watch", daemon=True)

    def start(self) -> None:
        """Ask at once, then every few seconds."""
        self._thread.start()

    def stop(self, limit_s: float = 1.0) -> None:
        """Ask no more; a command under way has its own time limit and is left behind."""
        self._ended.set()
        self._thread.join(limit_s)

    def error(self) -> str:
        """What was said last, at once."""
        return self._said

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                said = self._ask()
            except Exception:
                log.exception("the storage could not be asked")
                said = "the storage could not be asked"
            if said != self._said:
                log.warning("storage: %s", said or "answers again")
            self._said = said
            self._ended.wait(EVERY_S)
