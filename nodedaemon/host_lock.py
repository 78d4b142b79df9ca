"""The host lock: one daemon per host, for two would both act for the same node."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from pvccore.model.errors import Refused


@contextlib.contextmanager
def host_lock(path: Path) -> Iterator[None]:
    """Held for as long as this process lives, however it ends. Raises `Refused` while another daemon holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never deleted: whoever had opened a deleted file would hold a lock that nobody else sees.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"another pvcnoded runs on this host: it holds {path}") from None
        yield
    finally:
        os.close(descriptor)
