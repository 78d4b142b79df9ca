"""The console on a canned or a stored cluster, and what it reads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from textual.pilot import Pilot

from pvccore.model.cluster import Cluster
from pvccore.state.schema import Schema
from pvccore.state.store import Store
from pvctui.app import Console
from pvctui.bridge import Feed
from pvctui.headless import plain_text
from pvctui.look import PLAIN, Looks
from pvctui.requests import Requests
from tests.pvctui.canned import NOW_S, CannedFeed
from tests.pvctui.stored import StoredCluster

WAIT_LIMIT_S = 10.0
SIZES = ((80, 24), (120, 40), (200, 60))


class Shown:
    """A running console: its pilot, its feed, and what stands on the screen."""

    def __init__(self, app: Console, pilot: Pilot[None], feed: Feed) -> None:
        self.app = app
        self.pilot = pilot
        self.feed = feed

    @property
    def canned(self) -> CannedFeed:
        assert isinstance(self.feed, CannedFeed)
        return self.feed

    def text(self) -> str:
        """All that is on the screen."""
        return plain_text(self.app)

    def line(self, number: int) -> str:
        """One line of it."""
        return self.text().splitlines()[number]

    async def press(self, *keys: str) -> str:
        """Press keys; what the screen reads then."""
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.text()

    async def put(self, cluster: Cluster) -> str:
        """The cluster is this from now on; what the screen reads then."""
        self.canned.put(cluster)
        await self.pilot.pause()
        return self.text()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait, within a bound, until this is so."""
        ends_at_s = monotonic() + WAIT_LIMIT_S
        while not true():
            assert monotonic() < ends_at_s, f"it did not become true in time:\n{self.text()}"
            await self.pilot.pause(0.02)


@asynccontextmanager
async def console(
    cluster: Cluster | None,
    *,
    size: tuple[int, int] = (120, 40),
    stored: StoredCluster | None = None,
    read_only: bool = False,
    waits: bool = True,
    looks: Looks = PLAIN,
    store: tuple[Store, Schema] | None = None,
) -> AsyncGenerator[Shown]:
    """A console on a canned cluster, or on a stored one, once it has loaded unless it need not.

    store: where what is in no snapshot of a canned cluster is read.
    """
    feed: Feed = CannedFeed(cluster, store) if stored is None else stored.feed()
    app = Console(Requests(feed=feed, who="anna@ops1", read_only=read_only), looks=looks, wall_clock=lambda: NOW_S)
    async with app.run_test(size=size, notifications=True) as pilot:
        shown = Shown(app, pilot, feed)
        await shown.until(lambda: app.place is not None)
        if stored is not None and waits:
            await shown.until(lambda: app.view.link.age_s is not None)
        await pilot.pause()
        yield shown
