"""When the garbage collector may look at everything: not while somebody is at the keys."""

from __future__ import annotations

import gc

REST_S = 5.0
"""Nobody at the keys for so long: a pause is not noticed."""
EVERY_S = 300.0
NEVER = 2**30


class Collector:
    """Leaves what is young to Python, and takes the whole memory upon itself.

    Looking at ten thousand rows and what they were made of stops the program for 35 ms, and Python does so whenever
    enough was made anew, in the midst of a key. What is no longer needed goes at once even so; only what refers to
    itself, such as a dialog that was closed, waits.
    """

    def __init__(self) -> None:
        self._threshold = gc.get_threshold()
        self._looked_at_s = 0.0

    def start(self, now_s: float) -> None:
        """From now on."""
        self._looked_at_s = now_s
        gc.set_threshold(*self._threshold[:2], NEVER)

    def stop(self) -> None:
        """As it was, and the collector may have what was kept out of its sight."""
        gc.set_threshold(*self._threshold)
        gc.unfreeze()

    def tick(self, now_s: float, keyed_at_s: float) -> None:
        """A second has passed: look, if it is time and nobody is at the keys."""
        if now_s - self._looked_at_s >= EVERY_S and now_s - keyed_at_s >= REST_S:
            gc.collect()
            self._looked_at_s = now_s
