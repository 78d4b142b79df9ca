"""News of the cluster on the server's own loop: who waits for something, and who follows everything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pvcapi.link import Source
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.errors import Unavailable
from pvccore.model.struct import replace
from pvccore.plan.outcome import Goal, Progress, progress

LOOK_AGAIN_S = 1.0
"""How often somebody who waits looks, even if nothing was heard."""
JOURNAL_KEPT = 500
"""Of the journal, who follows too slowly gets the newest of this many entries."""


class Follower:
    """One who hears of every snapshot; what comes faster than it is taken is gathered into one difference."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._delta = Delta()

    def note(self, delta: Delta) -> None:
        """A snapshot differs by `delta` from the one before."""
        gathered = self._delta | delta
        self._delta = replace(gathered, journal=gathered.journal[-JOURNAL_KEPT:])
        self._heard.set()

    def take(self) -> Delta:
        """What was heard since the last time."""
        delta, self._delta = self._delta, Delta()
        self._heard.clear()
        return delta

    async def wait(self, limit_s: float) -> None:
        """Until something is heard, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), limit_s)


class Hub:
    """Hands the source's news on to followers; `open` on the loop that they live on."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._followers: set[Follower] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """From now on news is heard."""
        self._loop = asyncio.get_running_loop()
        self._source.listen(self._on_news)

    def close(self) -> None:
        """The loop ends: news comes to nobody."""
        self._loop = None

    @property
    def following(self) -> int:
        """How many hear."""
        return len(self._followers)

    @contextmanager
    def follow(self) -> Iterator[Follower]:
        """Hear of everything, as long as the context lasts."""
        follower = Follower()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def until(self, holds: Callable[[Cluster], bool], limit_s: float) -> bool:
        """Wait until something holds of the snapshot, at most so long; whether it does."""
        loop = asyncio.get_running_loop()
        ends_at_s = loop.time() + limit_s
        with self.follow() as follower:
            while True:
                follower.take()
                with suppress(Unavailable):
                    if holds(self._source.cluster()):
                        return True
                left_s = ends_at_s - loop.time()
                if left_s <= 0:
                    return False
                await follower.wait(min(left_s, LOOK_AGAIN_S))

    async def outcome(self, goal: Goal, limit_s: float) -> Progress:
        """Wait until a request has ended, at most so long; how it stands then."""
        last = Progress(text="not known: ZooKeeper is away")

        def ended(cluster: Cluster) -> bool:
            nonlocal last
            last = progress(cluster, goal)
            return last.ended

        await self.until(ended, limit_s)
        return last

    def _on_news(self, _cluster: Cluster, delta: Delta) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(self._tell, delta)

    def _tell(self, delta: Delta) -> None:
        for follower in self._followers:
            follower.note(delta)
