"""An app that acts on keys in the order in which they were typed, however late it gets round to them."""

from __future__ import annotations

from textual import events
from textual.app import App


class TypedAhead(App[None]):
    """Looks for what a key means when it is the key's turn.

    Textual sends a key to the widget that has the keyboard, and looks for its meaning when it has come back up through
    all parents. On a machine that stalls, what was typed behind `/` had by then gone to the list, and `X` asked for a
    fence instead of standing in the filter.
    """

    async def on_event(self, event: events.Event) -> None:
        """A key that means something does it at once; what an input takes goes the usual way, which keeps its order."""
        if not (isinstance(event, events.Key) and await self._acted_on(event)):
            await super().on_event(event)

    async def _acted_on(self, event: events.Key) -> bool:
        from textual.widgets import Input  # loaded with the first list, behind the frame

        if event.is_forwarded or not self.app_focus or isinstance(self.focused, Input):
            return False
        return await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key)
