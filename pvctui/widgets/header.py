"""The line at the top: which cluster, how true, how it stands, what time it is."""

from __future__ import annotations

from textual.events import Resize

from pvctui.rows.header_line import header_line
from pvctui.rows.view import View
from pvctui.widgets.line import OneLine


class Header(OneLine):
    """Always there; laid out anew for every width."""

    DEFAULT_CSS = """
    Header { background: $panel; color: $foreground; }
    """

    _view: View | None = None

    def take(self, view: View) -> None:
        """The newest numbers."""
        self._view = view
        self.show(header_line(view, self.size.width))

    def on_resize(self, _event: Resize) -> None:
        """Another width."""
        if self._view is not None:
            self.show(header_line(self._view, self.size.width))
