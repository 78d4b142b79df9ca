"""Stopwatches: for how long something has been as it is, on one monotonic clock."""

from __future__ import annotations

from collections.abc import Hashable, Mapping


class Stopwatches:
    """One stopwatch per key; it starts again whenever the key's value is another one."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[Hashable, float]] = {}

    def seconds(self, values: Mapping[str, Hashable], now_s: float, *, not_before_s: float = 0.0) -> dict[str, float]:
        """Key → for how long its value has been this one; keys that are not given any more are forgotten.

        not_before_s: no time before this clock reading counts.
        """
        before = self._since
        self._since = {
            key: known if (known := before.get(key)) is not None and known[0] == value else (value, now_s)
            for key, value in values.items()
        }
        return {key: max(0.0, now_s - max(since_s, not_before_s)) for key, (_, since_s) in self._since.items()}

    def clear(self) -> None:
        """Start all of them again."""
        self._since = {}
