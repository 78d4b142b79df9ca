"""A list that is drawn again whenever what it shows has changed, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

import click

from pvccli.output import Format
from pvccli.seat import Seat
from pvccore.model.errors import Refused, Unavailable
from pvccore.model.struct import replace
from pvccore.state.live import LiveCluster

LOOK_AGAIN_S = 5.0
"""How often it is looked at though nothing woke."""
REST_S = 0.25
"""Between two pictures: nobody reads faster."""
CLEAR = "\x1b[H\x1b[2J"


def watch(seat: Seat, draw: Callable[[], None], wait: Callable[[Event, float], object] = Event.wait) -> None:
    """Draw from the live snapshot, and again when the picture differs from the last.

    As JSON every picture is one document on a line of its own. wait: for an event, at most so many seconds.
    """
    if seat.format is Format.JSON_PRETTY:
        raise Refused("--watch prints one document per line: use --format json")
    operator, say = seat.operator, seat.say
    seat.check_looks_on("--watch")
    session, woken, still = operator.session, Event(), Event()
    live = LiveCluster(session.store, session.schema, clock=time.monotonic, wake=woken.set)
    live.start()
    seat.given = replace(operator, cluster=lambda: live.cluster)
    picture: list[str] = []
    seat.say = picture.append
    shown: list[str] | None = None
    try:
        while True:
            woken.clear()
            picture.clear()
            if _looked(live):
                draw()
                if picture != shown:
                    shown = list(picture)
                    say((CLEAR if seat.fits_terminal else "") + "\n".join(shown))
            wait(still, REST_S)
            wait(woken, LOOK_AGAIN_S)
    except KeyboardInterrupt:
        return


def _looked(live: LiveCluster) -> bool:
    try:
        live.refresh()
    except Unavailable as unavailable:
        click.echo(f"ZooKeeper is away: {unavailable}", err=True)
        return False
    return True
