from collections.abc import Callable, Sequence

from pvctui.app import Console
from pvctui.dialogs.demo import FAULTS, DemoDialog
from pvctui.requests import Requests
from tests.pvctui.canned import NOW_S, CannedFeed, well


class World:
    """A simulated world that only notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, ...]] = []

    def nodes(self) -> Sequence[str]:
        return ["hv1", "hv2", "hv3"]

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *node: self.done.append((name, *node))


async def test_every_entry_of_the_menu_does_its_own_to_the_chosen_node() -> None:
    world = World()
    app = Console(Requests(feed=CannedFeed(well()), who="anna@ops1"), demo=world, wall_clock=lambda: NOW_S)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("D")
        opened = app.screen
        await pilot.press("shift+tab", "right", "tab")
        for _ in FAULTS:
            await pilot.press("enter", "j")
        await pilot.press("escape")
        assert isinstance(opened, DemoDialog)
        assert app.screen is not opened
    assert world.done == [(key, "hv2") if key != "mend_all" else (key,) for key, *_ in FAULTS]
