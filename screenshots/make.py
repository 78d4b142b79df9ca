"""Draws the pictures of `screenshots/` by the program itself, on the simulated cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pvctui.app import Console
from pvctui.bridge import LiveFeed, Opened
from pvctui.headless import Take, draw
from pvctui.requests import Requests
from pvctui.rows.view import View
from simulation.demo import DemoWorld

HERE = Path(__file__).parent
SIZE = (120, 36)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How it is taken, and what is done to the world before."""

    name: str
    take: Take
    fault: Callable[[DemoWorld], None] | None = None


def is_fencing(view: View) -> bool:
    """Whether a power off was sent, and is not confirmed yet."""
    return any(node.fence.phase == "off_sent" for node in view.cluster.nodes.values())


def is_recovering(view: View) -> bool:
    """Whether a dead node's VMs are being placed again."""
    return any(node.fence.phase in ("powered_off", "recovering") for node in view.cluster.nodes.values())


def is_in_maintenance(view: View) -> bool:
    """Whether maintenance is on and every daemon has acknowledged it."""
    maintenance = view.cluster.maintenance
    alive = [node for node in view.cluster.nodes.values() if node.is_alive]
    return maintenance.on and all(n.presence.maintenance_acknowledged >= maintenance.version for n in alive)


def power_cut(world: DemoWorld) -> None:
    """A node with many VMs loses its power."""
    world.power_cut("hv3")


def partition(world: DemoWorld) -> None:
    """The same node runs on, but nobody can know that: it must be powered off."""
    world.partition("hv3")


PICTURES = (
    Picture(name="overview", take=Take(size=SIZE, when=is_fencing, settle_s=0), fault=partition),
    Picture(name="nodes", take=Take(size=SIZE, press=("2", "down"))),
    Picture(name="vms", take=Take(size=(160, 40), press=("3", "down", *["full_stop"] * 4), settle_s=12)),
    Picture(name="form", take=Take(size=SIZE, press=("3", "e", "space", "right", "space"))),
    Picture(name="fence", take=Take(size=SIZE, press=("enter",), when=is_fencing, settle_s=0), fault=partition),
    Picture(name="recovery", take=Take(size=SIZE, until=is_recovering, settle_s=0), fault=power_cut),
    Picture(
        name="maintenance",
        take=Take(size=SIZE, press=("M", *"rack 2", "tab", "tab", "tab", "enter"), until=is_in_maintenance),
    ),
    Picture(name="maintenance-dialog", take=Take(size=SIZE, press=("M", *"switch upgrade"))),
    Picture(name="flush", take=Take(size=SIZE, press=("2", "down", "F", *"new fan"))),
    Picture(name="storage", take=Take(size=SIZE, press=("4",), settle_s=4)),
    Picture(name="resilience", take=Take(size=SIZE, press=("7", "down", "space"), settle_s=4)),
    Picture(name="journal", take=Take(size=SIZE, press=("6",), when=is_recovering, settle_s=3), fault=power_cut),
)


def draw_picture(picture: Picture) -> None:
    """Draw one picture on a world of its own."""
    world = DemoWorld()
    world.start()
    feed = LiveFeed(lambda: Opened(store=world.store, schema=world.schema, where="the demo"))
    app = Console(Requests(feed=feed, who="anna@ops1"), demo=world)
    if picture.fault is not None:
        picture.fault(world)
    try:
        draw(app, picture.take, HERE / f"{picture.name}.svg")
    finally:
        world.stop()


def main(names: list[str]) -> None:
    """Draw all pictures, or those that are named."""
    for picture in PICTURES:
        if not names or picture.name in names:
            began_s = time.monotonic()
            draw_picture(picture)
            print(f"{picture.name}.svg  {time.monotonic() - began_s:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
