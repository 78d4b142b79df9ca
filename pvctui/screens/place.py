"""What every screen of the console is: a place that is given views and asked a few things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget

from pvctui.rows.view import View
from pvctui.screens.full_pane import FullPane
from pvctui.screens.history import Seen

if TYPE_CHECKING:
    from pvctui.widgets.live_table import LiveTable


class Opened(Message):
    """A person wants to see a subject: `node hv1`, `vm UUID`, `fence hv3`."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        self.subject = subject


class DetailWanted(Message):
    """A person opens a row where there is no room for its detail beside the list."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        self.subject = subject


class CopyWanted(Message):
    """A person wants these texts in the clipboard; noun: what one of them is."""

    def __init__(self, texts: Sequence[str], noun: str) -> None:
        super().__init__()
        self.texts = texts
        self.noun = noun


class Place(Vertical):
    """One screen; holds no rule, only what it was last given.

    `take` is called with every view while it is shown, `note` while it is not.
    """

    PLACE: ClassVar[str] = ""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self._full_pane = FullPane(self)

    def take(self, view: View) -> None:
        """Show the newest view."""

    def note(self, view: View) -> None:
        """Remember what changed, to be shown later."""

    def tick(self, view: View) -> None:
        """A second has passed: what tells an age reads otherwise."""

    def back(self) -> bool:
        """One level back within the place; whether there was one."""
        return self.leave_full()

    def toggle_full(self, focused: Widget | None) -> None:
        """Give all the room to the pane with the keyboard, or to all panes again."""
        self._full_pane.toggle(focused)
        self.call_after_refresh(self.fit)

    def leave_full(self) -> bool:
        """All panes have their room again; whether one had all of it."""
        was_full = self._full_pane.leave()
        if was_full:
            self.call_after_refresh(self.fit)
        return was_full

    def fit(self) -> None:
        """The panes have other sizes now."""

    def on_resize(self, _event: events.Resize) -> None:
        """Another terminal."""
        self.call_after_refresh(self.fit)

    def filter(self) -> None:
        """Begin to filter, where there is a list."""

    def step_tab(self, steps: int) -> None:
        """Go to another tab, where there are any."""

    def point_at(self, subject: str) -> None:
        """Put the cursor on a subject."""

    def seen(self) -> Seen:
        """What is looked at now, to come back to."""
        return Seen(place=self.PLACE)

    def look_at(self, seen: Seen) -> None:
        """Come back to what was looked at."""

    @property
    def list_shown(self) -> LiveTable | None:
        """The list that has the keyboard here, e.g. for an export."""
        return None

    @property
    def subject(self) -> str:
        """What an action is about; empty for nothing."""
        return ""

    @property
    def subjects(self) -> Sequence[str]:
        """What an action is about where rows can be marked: those, else the one under the cursor."""
        return (self.subject,) if self.subject else ()

    def unmark(self, subject: str) -> None:
        """The action that a row was marked for is done."""

    def enter(self) -> None:
        """Take the keyboard."""


class OverPlace(ModalScreen[None]):
    """What lies over the places: a dialog, or the detail where there is no room for it beside its list.

    subject: what it is about, as `vm UUID` or `node NAME`; "" for none.
    """

    subject = ""
    keys_here: Mapping[str, str] = {}
    """The commands that work here, by their ids, each with its word in the footer; "" keeps it out of there."""
    PLACE_TITLE: ClassVar[str] = ""

    def take(self, view: View) -> None:
        """A newer view."""

    @property
    def list_shown(self) -> LiveTable | None:
        """The list that it is all about, e.g. for an export."""
        return None
