"""A log that only a node has, whole: filtered, marked, copied and exported as any list; read when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from pvctui.keys import KeyTable
from pvctui.rows.fetched import Fetched, log_wanted
from pvctui.rows.log_lines import LOG_COLUMNS, log_rows, log_status, log_title
from pvctui.rows.view import View
from pvctui.screens.place import CopyWanted
from pvctui.screens.whole_screen import WholeScreen
from pvctui.widgets.detail import TextWanted, Words
from pvctui.widgets.filter_line import FilterLine
from pvctui.widgets.line import OneLine
from pvctui.widgets.live_table import LiveTable


class LogPane(Vertical):
    """The lines under their filter; beneath them when they were read, and all of a line that is too long."""

    DEFAULT_CSS = """
    LogPane { height: 1fr; width: 1fr; border: round $primary; border-title-color: $text-accent; background: $surface; }
    LogPane > LiveTable { height: 1fr; }
    LogPane > #log-status { padding: 0 1; }
    LogPane > #whole-line { height: 2; padding: 0 3; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table = LiveTable(LOG_COLUMNS, header=False, empty_text="nothing was read yet", id="log-table")
        self.filter_line = FilterLine(self.table)
        self.status = OneLine(id="log-status")
        self.whole_line = Words(markup=False, id="whole-line")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.filter_line
        yield self.table
        yield self.whole_line
        yield self.status


class LogScreen(WholeScreen):
    """The log of one VM or node. Its daemon is asked once when this opens, and again whenever a person wants."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="back"),
        Binding("q", "dismiss", "Back", show=False, id="quit"),
        Binding("question_mark", "app.help", "Help", show=False, id="open.help"),
        Binding("slash", "filter", "Filter", show=False, id="list.filter"),
        Binding("l", "read", "Read anew", show=False, id="open.log"),
        Binding("y", "copy_lines", "Copy the lines", show=False, id="names.copy"),
        Binding("o", "app.export", "Export", show=False, id="list.export"),
    ]
    PLACE_TITLE = "Log"
    keys_here: Mapping[str, str] = {
        "back": "back",
        "open.help": "help",
        "list.filter": "filter",
        "open.log": "read anew",
        "names.copy": "copy lines",
        "list.export": "export",
    }
    AUTO_FOCUS: ClassVar[str | None] = "LiveTable"

    def __init__(self, view: View, subject: str, keys: KeyTable) -> None:
        super().__init__(view, subject, keys)
        self._key = log_wanted(subject)
        self._pane = LogPane()
        self._shown: Fetched | None = None

    def body(self) -> Iterable[Widget]:
        """The pane."""
        yield self._pane

    def on_mount(self) -> None:
        """Ask for it."""
        super().on_mount()
        self.action_read()

    @property
    def list_shown(self) -> LiveTable | None:
        """The lines."""
        return self._pane.table

    def show(self, view: View) -> None:
        """The lines; a cursor on the newest stays on the newest."""
        self._pane.border_title = log_title(self._key, view).replace("[", r"\[")
        self._pane.status.show(log_status(self._key, view))
        fetched = view.fetched.get(self._key)
        if fetched is None or fetched is self._shown:
            return
        self._shown = fetched
        table = self._pane.table
        was_at_end = not table.shown_rows or table.cursor_key == table.live_rows.shown[-1]
        table.set_rows(log_rows(fetched))
        if was_at_end:
            table.action_bottom()

    @on(LiveTable.RowHighlighted)
    def _highlighted(self, message: LiveTable.RowHighlighted) -> None:
        message.stop()
        row = self._pane.table.cursor_row
        text = row.text(0) if row is not None else ""
        self._pane.whole_line.show_lines([(text,)] if len(text) > self._pane.table.size.width - 4 else [])

    @on(LiveTable.ViewChanged)
    def _view_changed(self, message: LiveTable.ViewChanged) -> None:
        message.stop()
        self._pane.filter_line.tell(message.status)

    def action_read(self) -> None:
        """What came since."""
        self.post_message(TextWanted(self._key, at_once=True))

    def action_filter(self) -> None:
        """Only some lines."""
        self._pane.filter_line.open()

    def action_back(self) -> None:
        """Out of the filter, then out of the log."""
        if self._pane.filter_line.close():
            self.set_focus(self._pane.table)
        else:
            self.dismiss(None)

    def action_copy_lines(self) -> None:
        """The marked lines, else the one under the cursor."""
        table = self._pane.table
        self.post_message(CopyWanted([table.live_rows[key].text(0) for key in table.subject_keys], "line"))
