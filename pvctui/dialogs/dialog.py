"""What every dialog is: words, inputs, Cancel, and one action that Enter never triggers from an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Button, Input
from textual.widgets.button import ButtonVariant

from pvccore.model.errors import Invalid, PvcError
from pvctui.dialogs.messages import Asked
from pvctui.requests import Request
from pvctui.rows.lines import Line
from pvctui.rows.view import View
from pvctui.rows.wording import in_console_words
from pvctui.screens.place import OverPlace
from pvctui.widgets.cell_text import printable
from pvctui.widgets.detail import Words

SHARE_OF_HEIGHT = 0.94
"""Of the terminal's height, as in the style sheet."""
BUTTONS_HEIGHT, BORDER_HEIGHT, LOWEST_BODY = 2, 2, 3


class Dialog(OverPlace):
    """Focus starts on the first input, else on Cancel; Esc cancels; a refusal is shown where the hand is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before anything else: a key that follows at once is meant for what is under the dialog.
        Binding("escape", "cancel", "Cancel", show=False, priority=True)
    ]
    AUTO_FOCUS: ClassVar[str | None] = "#dialog Input, #dialog .first"
    TITLE_TEXT: ClassVar[str] = ""
    ACTION_TEXT: ClassVar[str] = ""
    CANCEL_TEXT: ClassVar[str] = "Cancel"
    is_destructive = False

    def __init__(self, view: View) -> None:
        """`view`: what is known when it opens; newer ones come by `take`."""
        super().__init__()
        self.view = view
        self.is_under_way = False

    def title_text(self) -> str:
        """What stands in the border."""
        return self.TITLE_TEXT

    def action_text(self) -> str:
        """The word on the button that does it; empty for a dialog that only tells."""
        return self.ACTION_TEXT

    def body(self) -> Sequence[Widget]:
        """What stands between the title and the buttons."""
        raise NotImplementedError

    def act(self) -> None:
        """The action was chosen."""

    def take(self, view: View) -> None:
        """A newer view, while the dialog is open; what was typed stays."""
        self.view = view

    def compose(self) -> ComposeResult:
        """Body, error, buttons."""
        with Vertical(id="dialog") as frame:
            frame.border_title = escaped(self.title_text())
            only_tells = not self.action_text()
            with VerticalScroll(id="dialog-body", can_focus=only_tells, classes="first" if only_tells else ""):
                yield from self.body()
            yield Words(id="dialog-error", markup=False)
            with Horizontal(id="dialog-buttons"):
                yield Button(self.CANCEL_TEXT, id="cancel", compact=True)
                if not only_tells:
                    variant: ButtonVariant = "error" if self.is_destructive else "primary"
                    yield Button(self.action_text(), id="act", variant=variant, compact=True)

    def on_mount(self) -> None:
        """Without an input, Cancel has the keyboard."""
        if not self.query("#dialog Input, #dialog .first"):
            self.query_one("#cancel").focus()

    def ask(self, request: Request, subject: str, words: str) -> None:
        """Have it carried out; the dialog stays open until it is known what became of it."""
        self.begin(words)
        self.post_message(Asked(self, request, subject, words))

    def begin(self, words: str) -> None:
        """It is on its way."""
        self.is_under_way = True
        self.query_one("#act", Button).disabled = True
        self.say(((f"→ {words} …", "busy"),))

    def done(self) -> None:
        """It was carried out."""
        self.dismiss(None)

    def refused(self, error: PvcError) -> None:
        """It was not; what was typed stays, and the words are the operation's."""
        self.failed(in_console_words(str(error)))
        if isinstance(error, Invalid):
            self.point_at_field(error.field)

    def failed(self, words: str) -> None:
        """It came to nothing, for this reason; it may be tried again."""
        self.is_under_way = False
        self.query_one("#act", Button).disabled = False
        self.say(((f"✗ {words}", "bad"),))

    def point_at_field(self, field: str) -> None:
        """Put the keyboard on the input of a field that was refused."""
        for widget in self.query(f"#field-{field.replace('_', '-')}"):
            target = widget if widget.can_focus else next(iter(widget.query("*:can-focus")), None)
            if target is not None:
                target.focus()

    def say(self, *lines: Line) -> None:
        """Show words over the buttons."""
        self.query_one("#dialog-error", Words).show_lines(lines)
        self.call_after_refresh(self._fit)

    def on_resize(self, _event: Resize) -> None:
        """Another terminal."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """The body scrolls before a word over the buttons, or a button, is out of sight."""
        for words in self.query("#dialog-error"):  # none any more in a dialog that is being closed
            others = words.outer_size.height + BUTTONS_HEIGHT + BORDER_HEIGHT
            highest = int(self.size.height * SHARE_OF_HEIGHT)
            self.query_one("#dialog-body").styles.max_height = max(LOWEST_BODY, highest - others)
            self.call_after_refresh(self._show_focused)

    def _show_focused(self) -> None:
        """Where the keyboard is must be in sight."""
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    @on(Input.Submitted)
    def _next_field(self, message: Input.Submitted) -> None:
        """Enter in an input moves on and never confirms."""
        message.stop()
        self.focus_next()

    @on(Button.Pressed, "#cancel")
    def _cancelled(self, message: Button.Pressed) -> None:
        message.stop()
        self.action_cancel()

    @on(Button.Pressed, "#act")
    def _acted(self, message: Button.Pressed) -> None:
        message.stop()
        if not self.is_under_way:
            self.act()

    def action_cancel(self) -> None:
        """Close; what is under way goes on, and its outcome is told."""
        self.dismiss(None)


def escaped(text: str) -> str:
    """Titles of borders and buttons are read as markup: a bracket in a name must stay one."""
    return printable(text).replace("[", r"\[")
