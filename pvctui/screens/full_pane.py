"""One pane of a place over all of its room, until it is asked for again."""

from __future__ import annotations

from textual.dom import DOMNode
from textual.widget import Widget

PANE, FULL, ASIDE = "pane", "-full", "-aside"
HINT = "full screen"


class FullPane:
    """The pane of a place that has all the room; none at first."""

    def __init__(self, place: Widget) -> None:
        self._place = place
        self._pane: Widget | None = None
        self._aside: list[Widget] = []

    def toggle(self, focused: Widget | None) -> None:
        """Give all the room to the pane that has the keyboard, or give it back."""
        if not self.leave():
            pane = self._pane_of(focused)
            if pane is not None:
                self._enter(pane)

    def leave(self) -> bool:
        """Give the room back; whether a pane had all of it."""
        pane, self._pane = self._pane, None
        if pane is None:
            return False
        pane.remove_class(FULL)
        pane.border_subtitle = ""
        for widget in self._aside:
            widget.remove_class(ASIDE)
        self._aside = []
        return True

    def _pane_of(self, focused: Widget | None) -> Widget | None:
        nodes = focused.ancestors_with_self if focused is not None else []
        found = next((node for node in nodes if isinstance(node, Widget) and node.has_class(PANE)), None)
        return found if found is not None and self._place in found.ancestors else None

    def _enter(self, pane: Widget) -> None:
        """All that stands beside it, or beside what it stands in, goes aside."""
        self._pane = pane
        pane.add_class(FULL)
        pane.border_subtitle = HINT
        node: DOMNode = pane
        while node is not self._place and isinstance(node.parent, Widget):
            self._aside += [widget for widget in node.parent.children if widget is not node]
            node = node.parent
        for widget in self._aside:
            widget.add_class(ASIDE)
