"""What a screen over all places is: the lines that are always there, something to look at, and its keys."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.widget import Widget

from pvctui.keys import KeyTable
from pvctui.rows.view import View
from pvctui.screens.place import OverPlace
from pvctui.widgets.banners import Banners
from pvctui.widgets.footer import Footer
from pvctui.widgets.header import Header


class WholeScreen(OverPlace):
    """One subject, live, until Esc."""

    def __init__(self, view: View, subject: str, keys: KeyTable) -> None:
        super().__init__()
        self.subject = subject
        self.view = view
        self._keys = keys

    def body(self) -> Iterable[Widget]:
        """What there is to look at."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        """Say what is known of it now."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The frame's lines around it."""
        yield Header()
        yield Banners()
        yield from self.body()
        yield Footer()

    def on_mount(self) -> None:
        """Say what is known already."""
        self.query_one(Footer).offer(self._keys.labelled(self.keys_here))
        self.take(self.view)

    def take(self, view: View) -> None:
        """What is known now; a view may still come when the screen is closing."""
        if not self.query("Banners > OneLine"):
            return
        self.view = view
        self.query_one(Header).take(view)
        self.query_one(Banners).take(view)
        self.query_one(Footer).take(view)
        self.set_class(not view.link.is_live, "-stale")
        self.show(view)
