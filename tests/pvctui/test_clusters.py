from functools import partial

from pvccore.model.struct import replace
from pvctui.app import Console
from pvctui.bridge import LiveFeed, Opened
from pvctui.clusters import KnownCluster
from pvctui.requests import Requests
from tests.pvctui.canned import NOW_S, CannedFeed, night, well
from tests.pvctui.console import Shown

NAME = next(iter(well().vms.values())).name


def console_of_two() -> tuple[Console, CannedFeed, CannedFeed]:
    first, second = CannedFeed(well()), CannedFeed()
    clusters = [
        KnownCluster(name=name, where=f"{name}:2181/pvc", way=partial(Requests, feed=feed, who="anna@ops1"))
        for name, feed in (("prod", first), ("lab", second))
    ]
    app = Console(clusters[0].way(), clusters=clusters, cluster="prod", wall_clock=lambda: NOW_S)
    return app, first, second


async def test_another_cluster_is_shown_empty_until_its_data_comes() -> None:
    app, first, second = console_of_two()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        shown = Shown(app, pilot, second)
        assert NAME in await shown.press("3")
        await shown.press("colon", *"cluster lab", "enter")
        await shown.until(lambda: first.stopped)
        await shown.until(lambda: "◌ connecting" in shown.line(0))
        assert NAME not in shown.text()
        cluster = night()
        settings = replace(cluster.settings, cluster_name="the-lab")
        second._link = CannedFeed(cluster).link()
        await shown.put(replace(cluster, settings=settings))
        assert "the-lab" in shown.line(0)
        assert "app1 " in shown.text()
        assert app.cluster == "lab"


async def test_the_cluster_that_is_shown_is_not_opened_again() -> None:
    app, first, second = console_of_two()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        shown = Shown(app, pilot, second)
        assert "is the one that is shown" in await shown.press("colon", *"cluster prod", "enter")
        assert not first.stopped


def test_a_cluster_has_its_configured_name_until_it_says_its_own() -> None:
    def never() -> Opened:
        raise AssertionError

    assert LiveFeed(never, name="lab").take().cluster.settings.cluster_name == "lab"
