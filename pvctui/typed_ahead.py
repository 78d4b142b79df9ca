"""An app that acts on keys in the order in which they were typed, however late it gets round to them."""

from __future__ import annotations

from collections import deque
from time import monotonic

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.timer import Timer

LONGEST_S = 0.5
"""For how long keys wait for what one before them set off: a field that went takes its word of it along."""


class KeyDone(Message):
    """Follows a key on its way up from the field that had the keyboard, behind all that the key set off there."""


class TypedAhead(App[None]):
    """Looks for what a key means when it is the key's turn.

    Textual sends a key to the widget that has the keyboard, and looks for its meaning when it has come back up through
    all parents. On a machine that stalls, what was typed behind `/` had by then gone to the list, and `X` asked for a
    fence instead of standing in the filter; and what was typed behind Enter stood in the filter.
    """

    _is_busy = False
    _guard: Timer | None = None

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[events.Key] = deque()
        self.keyed_at_s = monotonic()
        """When somebody was last at the keys or the mouse."""

    async def on_event(self, event: events.Event) -> None:
        """A key that means something does it at once; behind one that a field has to answer, the others wait."""
        if isinstance(event, events.InputEvent):
            self.keyed_at_s = monotonic()
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._is_busy:
            self._waiting.append(event)
        else:
            await self._take(event)

    async def _take(self, event: events.Key) -> None:
        if await self._acted_on(event):
            return
        await super().on_event(event)
        if event.is_forwarded and not event.is_printable and self._in_field:
            self._is_busy = True
            self._guard = self.set_timer(LONGEST_S, self._go_on)

    @property
    def _in_field(self) -> bool:
        from textual.widgets import Input  # loaded with the first list, behind the frame

        return isinstance(self.focused, Input)

    async def _acted_on(self, event: events.Key) -> bool:
        """A field takes what is typed in its own turn."""
        if not self.app_focus or self._in_field:
            return False
        return await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key)

    async def _on_key(self, event: events.Key) -> None:
        """It came back up: only now is it acted on, and what that sets off goes the same way once more."""
        field = self.focused
        event.prevent_default()  # Textual calls the handlers of all classes; this one calls the next one itself
        await super()._on_key(event)
        if self._is_busy and not (field is not None and field.post_message(KeyDone())):
            await self._go_on()

    @on(KeyDone)
    async def _key_done(self) -> None:
        await self._go_on()

    async def _go_on(self) -> None:
        """The keys that wait, until one of them has to be waited for."""
        self._is_busy = False
        if self._guard is not None:
            self._guard.stop()
        while self._waiting and not self._is_busy:
            await self._take(self._waiting.popleft())
