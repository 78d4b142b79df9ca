"""The console without a terminal: one frame as plain text or as a picture."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console as RichConsole

from pvccore.model.struct import Struct
from pvctui.app import Console
from pvctui.rows.view import View

DRAW_LIMIT_S = 30.0
LOOK_EVERY_S = 0.02


class Take(Struct, frozen=True, kw_only=True):
    """How a frame is taken: its size, the keys pressed first, and what is waited for.

    when: what must be so before the keys are pressed. until: and after. settle_s: a last pause.
    """

    size: tuple[int, int]
    press: Sequence[str] = ()
    when: Callable[[View], bool] = lambda _view: True
    until: Callable[[View], bool] = lambda _view: True
    settle_s: float = 1.0


def draw(app: Console, take: Take, picture: Path | None = None) -> str:
    """Run the console without a terminal and take one frame: its plain text, and a picture into a file."""
    text, drawn = asyncio.run(_draw(app, take))
    if picture is not None:
        picture.write_text(drawn, encoding="utf-8")
    return text


async def _draw(app: Console, take: Take) -> tuple[str, str]:
    """The frame as plain text and as SVG."""
    async with app.run_test(size=take.size, notifications=True) as pilot:
        await _wait_for(lambda: _is_settled(app) and take.when(app.view))
        for key in take.press:
            await pilot.press(key)
            await pilot.pause()
        await _wait_for(lambda: take.until(app.view))
        await asyncio.sleep(take.settle_s)
        await pilot.pause()
        return plain_text(app), app.export_screenshot(title=app.view.cluster.settings.cluster_name)


def _is_settled(app: Console) -> bool:
    """Whether there is a first snapshot, or the reason why there is none."""
    return app.view.link.age_s is not None or bool(app.view.link.trouble)


async def _wait_for(true: Callable[[], bool]) -> None:
    """Not for ever: what is drawn then shows what is missing."""
    ends_at_s = monotonic() + DRAW_LIMIT_S
    while not true() and monotonic() < ends_at_s:  # noqa: ASYNC110 - the app has no event for what is looked for
        await asyncio.sleep(LOOK_EVERY_S)


def plain_text(app: Console) -> str:
    """What the screen reads, without any colour."""
    width, height = app.size
    drawing = RichConsole(width=width, height=height, file=io.StringIO(), record=True, color_system=None)
    compositor = app.screen._compositor  # noqa: SLF001 - Textual draws pictures by it, and has no plain text
    behind = app._background_screens  # noqa: SLF001 - as above
    drawing.print(compositor.render_update(full=True, screen_stack=behind))
    return "\n".join(line.rstrip() for line in drawing.export_text().splitlines())
