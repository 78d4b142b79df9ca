"""Where a person has been in the console, as in a browser: back, forward, and to the last view again."""

from __future__ import annotations

from pvccore.model.struct import Struct

MOST_KEPT = 100


class Seen(Struct, frozen=True, kw_only=True):
    """One look. place: the screen. tab: the list of it, or the detail's tab. key: the row under the cursor.

    subject: whose detail lay open over the list; "" for none.
    """

    place: str
    tab: str = ""
    filter_text: str = ""
    key: str = ""
    subject: str = ""


class History:
    """The looks before this one, and after it where one went back."""

    def __init__(self) -> None:
        """Nowhere yet."""
        self._past: list[Seen] = []
        self._future: list[Seen] = []
        self._last: Seen | None = None

    def leave(self, now: Seen) -> None:
        """Somebody goes on to something else."""
        self._past = [*self._past[-MOST_KEPT + 1 :], now]
        self._future = []
        self._last = now

    def back(self, now: Seen) -> Seen | None:
        """The look before; None where there is none."""
        return self._step(self._past, self._future, now)

    def forward(self, now: Seen) -> Seen | None:
        """The look that one went back from; None where there is none."""
        return self._step(self._future, self._past, now)

    def last(self, now: Seen) -> Seen | None:
        """The look that was left last, whichever way; again: this one."""
        target = self._last
        if target is not None:
            self.leave(now)
        return target

    def _step(self, here: list[Seen], there: list[Seen], now: Seen) -> Seen | None:
        while here and here[-1] == now:
            here.pop()
        if not here:
            return None
        there.append(now)
        self._last = now
        return here.pop()
