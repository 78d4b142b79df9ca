"""Waiting in the lab: real components need real time, so every wait is a poll with a bound and a name."""

import time
from collections.abc import Callable
from typing import TypeVar

from lab.commands import LabError

POLL_S = 0.05

Answer = TypeVar("Answer")


def wait_until(question: Callable[[], Answer | None], *, within_s: float, what: str, poll_s: float = POLL_S) -> Answer:
    """The first true answer to `question`; LabError naming `what` when there is none within `within_s` seconds.

    A LabError raised by the question counts as "not yet", and the last one is told when the time is over.
    """
    deadline = time.monotonic() + within_s
    last = "it was never so"
    while True:
        try:
            answer = question()
        except LabError as not_yet:
            last = str(not_yet)
        else:
            if answer:
                return answer
        if time.monotonic() >= deadline:
            raise LabError(f"waited {within_s:g} s for: {what} ({last})")
        time.sleep(poll_s)
