"""The ways from one look to the next: remembered, and gone back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pvccore.model.struct import replace
from pvctui.screens.history import History, Seen
from pvctui.screens.place import OverPlace

if TYPE_CHECKING:
    from pvctui.app import Console


class Ways:
    """Knows where a person is, and brings them back to where they were."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._history = History()

    def leave(self) -> None:
        """A person goes on to something else."""
        now = self._now()
        if now is not None:
            self._history.leave(now)

    async def step(self, steps: int) -> None:
        """Back or forward."""
        now = self._now()
        if now is not None:
            await self._look_at(self._history.back(now) if steps < 0 else self._history.forward(now))

    async def to_last(self) -> None:
        """The look that was left last."""
        now = self._now()
        if now is not None:
            await self._look_at(self._history.last(now))

    def _now(self) -> Seen | None:
        place, screen = self._console.place, self._console.screen
        if place is None:
            return None
        return replace(place.seen(), subject=screen.subject if isinstance(screen, OverPlace) else "")

    async def _look_at(self, seen: Seen | None) -> None:
        if seen is None:
            return
        from pvctui.screens.detail_screen import DetailScreen

        console = self._console
        if isinstance(console.screen, DetailScreen):
            await console.pop_screen()
        await console.show_place(seen.place)
        if console.place is not None:
            console.place.look_at(seen)
        if seen.subject:
            await console.push_screen(DetailScreen(console.view, seen.subject, console.looks.keys))
