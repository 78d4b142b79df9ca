"""The line of screens: each with the key that leads there."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from pvctui.rows.lines import Line
from pvctui.widgets.line import OneLine
from pvctui.widgets.rows import Cell


class TabLine(OneLine):
    """Which screens there are, and which one this is."""

    DEFAULT_CSS = """
    TabLine { background: $background; }
    """

    class Chosen(Message):
        """A person clicked a screen's name."""

        def __init__(self, place: str) -> None:
            super().__init__()
            self.place = place

    def __init__(self, tabs: Sequence[tuple[str, str, str]], *, id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        """`tabs`: place, key and title of each screen."""
        super().__init__(id=id)
        self._tabs = tuple(tabs)

    def mark(self, place: str) -> None:
        """This screen is shown now."""
        pieces: list[Cell] = [" "]
        for name, key, title in self._tabs:
            here = name == place
            pieces += [(f" {key} ", "dim"), (f"{title} ", "strong" if here else "dim")]
            if here:
                pieces[-2:] = [(f"▸{key} {title} ", "accent")]
        self.show(_line(pieces))

    def on_click(self, event: events.Click) -> None:
        """Go to the screen whose name was clicked."""
        x = 1
        for name, key, title in self._tabs:
            x += len(key) + len(title) + 3
            if event.x < x:
                self.post_message(self.Chosen(name))
                return


def _line(pieces: list[Cell]) -> Line:
    return tuple(pieces)
