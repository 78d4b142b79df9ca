"""The console without a terminal: one frame as plain text or as a picture."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console as RichConsole

from pvctui.app import Console

DRAW_LIMIT_S = 30.0
SETTLE_S = 0.1


def draw(
    app: Console, *, size: tuple[int, int], press: Sequence[str] = (), after_s: float = 1.0, picture: Path | None = None
) -> str:
    """Run the console in this size, press keys, wait, and draw: a picture to a file, and the plain text in any case."""
    text, drawn = asyncio.run(_draw(app, size, press, after_s))
    if picture is not None:
        picture.write_text(drawn, encoding="utf-8")
    return text


async def _draw(app: Console, size: tuple[int, int], press: Sequence[str], after_s: float) -> tuple[str, str]:
    """The frame as plain text and as SVG."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await _until_loaded(app)
        for key in press:
            await pilot.press(key)
            await pilot.pause()
        await asyncio.sleep(after_s)
        await pilot.pause()
        return plain_text(app), app.export_screenshot(title=app.view.cluster.settings.cluster_name)


async def _until_loaded(app: Console) -> None:
    """Wait for the first snapshot, or for the reason why there is none; not for ever."""
    for _ in range(int(DRAW_LIMIT_S / SETTLE_S)):
        link = app.view.link
        if link.age_s is not None or link.trouble:
            return
        await asyncio.sleep(SETTLE_S)


def plain_text(app: Console) -> str:
    """What the screen reads, without any colour."""
    width, height = app.size
    drawing = RichConsole(width=width, height=height, file=io.StringIO(), record=True, color_system=None)
    compositor = app.screen._compositor  # noqa: SLF001 - Textual draws pictures by it, and has no plain text
    behind = app._background_screens  # noqa: SLF001 - as above
    drawing.print(compositor.render_update(full=True, screen_stack=behind))
    return "\n".join(line.rstrip() for line in drawing.export_text().splitlines())
