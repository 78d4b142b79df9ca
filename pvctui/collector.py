"""When the garbage collector looks at the memory: not while somebody is at the keys."""

from __future__ import annotations

import gc

PAUSE_S = 0.5
"""No key for so long: what is young is looked at, which takes a few milliseconds."""
LONGEST_S = 10.0
"""At the latest after so long, whatever is pressed."""
REST_S, EVERY_S = 5.0, 300.0
"""Nobody at the keys for so long: everything is looked at, as often as this."""
YOUNG = 1


class Collector:
    """Takes the garbage collector out of Python's hands.

    Looking at ten thousand rows and what they were made of stops the program for 35 ms, and Python does so whenever
    enough was made anew, in the midst of a key; looking at the young was a fifth of what the end of a filter takes.
    What is no longer needed goes at once even so; only what refers to itself, such as a dialog that was closed, waits.
    """

    def __init__(self) -> None:
        self._was_on = False
        self._looked_at_s = 0.0
        self._looked_at_all_at_s = 0.0

    def start(self, now_s: float) -> None:
        """From now on."""
        self._looked_at_s = self._looked_at_all_at_s = now_s
        self._was_on = gc.isenabled()
        gc.disable()

    def stop(self) -> None:
        """As it was, and the collector may have what was kept out of its sight."""
        if self._was_on:
            gc.enable()
        gc.unfreeze()

    def tick(self, now_s: float, keyed_at_s: float) -> None:
        """A second has passed: look, if it is time."""
        rested_s = now_s - keyed_at_s
        if rested_s >= REST_S and now_s - self._looked_at_all_at_s >= EVERY_S:
            gc.collect()
            self._looked_at_s = self._looked_at_all_at_s = now_s
        elif rested_s >= PAUSE_S or now_s - self._looked_at_s >= LONGEST_S:
            gc.collect(YOUNG)
            self._looked_at_s = now_s
