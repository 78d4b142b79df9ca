"""What a dialog says to the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from pvccore.model.struct import Struct

if TYPE_CHECKING:
    from pvctui.dialogs.dialog import Dialog
    from pvctui.dialogs.many import ManyDialog
    from pvctui.requests import Request


class Asked(Message):
    """A dialog wants a request carried out; the console tells it what became of it.

    subject: the row that shows "on its way", as `vm UUID` or `node NAME`; "" for none.
    """

    def __init__(self, dialog: Dialog, request: Request, subject: str, words: str) -> None:
        super().__init__()
        self.dialog = dialog
        self.request = request
        self.subject = subject
        self.words = words


class OneOfMany(Struct, frozen=True, kw_only=True):
    """One of the requests of a dialog. subject: the row that shows "on its way", as `vm UUID` or `node NAME`."""

    subject: str
    name: str
    request: Request

    @property
    def key(self) -> str:
        """The key of its row."""
        return self.subject.partition(" ")[2]


class AskedForMany(Message):
    """A dialog wants the same verb carried out on each of its subjects, one after the other."""

    def __init__(self, dialog: ManyDialog, asked: Sequence[OneOfMany], words: str) -> None:
        super().__init__()
        self.dialog = dialog
        self.asked = asked
        self.words = words


class Chosen(Message):
    """A person chose an entry of a palette: a command by its id, or a subject."""

    def __init__(self, choice: str) -> None:
        super().__init__()
        self.choice = choice
