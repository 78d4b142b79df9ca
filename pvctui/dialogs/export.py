"""Export of a list: into which file, how, and whether a file that is there may go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path

from textual import on
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.field import field
from pvctui.rows.export import ExportFormat, exported
from pvctui.rows.lines import BLANK, many
from pvctui.rows.view import View
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words
from pvctui.widgets.live_table import LiveTable

OVERWRITE = "overwrite"
LISTED = {"vm": "VMs", "node": "nodes", "task": "tasks", "osd": "OSDs", "pool": "pools", "volume": "volumes"}
"""What stands in a list, by its name."""


class Written(Message):
    """The file is there, or `error` says why not."""

    def __init__(self, path: Path, error: str) -> None:
        super().__init__()
        self.path = path
        self.error = error


class ExportDialog(Dialog):
    """One list as it is filtered and sorted when the dialog opens; nothing of the cluster changes."""

    ACTION_TEXT = "Write it"

    def __init__(self, view: View, table: LiveTable) -> None:
        super().__init__(view)
        self._list = (table.id or "list").removesuffix("-table")
        self._columns, self._rows = table.live_rows.columns, table.shown_rows
        self._path = Input(str(self._proposed(ExportFormat.CSV)), id="field-path", compact=True, select_on_focus=False)
        formats = [(one.value, one.value.upper()) for one in ExportFormat]
        self._format = Choices(formats, [ExportFormat.CSV.value], only_one=True, id="field-format")
        self._overwrite = Choices([(OVERWRITE, "replace the file if it is there")], id="field-overwrite")

    def title_text(self) -> str:
        """Which list."""
        return f"Export: {LISTED.get(self._list, self._list)}"

    def body(self) -> Sequence[Widget]:
        """What, where, how."""
        told = Words(markup=False)
        told.show_lines([(f"{many(len(self._rows), 'row')} as filtered and sorted now",), BLANK])
        return [told, field("File", self._path), field("Format", self._format), field("", self._overwrite)]

    def _proposed(self, how: ExportFormat) -> Path:
        cluster = self.view.cluster.settings.cluster_name
        day = datetime.fromtimestamp(self.view.now_s).astimezone()
        return Path.cwd() / f"{cluster}-{self._list}-{day:%Y%m%d-%H%M%S}.{how}"

    @property
    def _how(self) -> ExportFormat:
        return ExportFormat("".join(self._format.chosen))

    @on(Choices.Changed, "#field-format")
    def _format_chosen(self) -> None:
        """The file's ending follows, unless a person gave it another one."""
        path = Path(self._path.value)
        if path.suffix.lstrip(".") in set(ExportFormat):
            self._path.value = str(path.with_suffix(f".{self._how}"))

    def act(self) -> None:
        """Write it on a thread of its own: a file's disk may be slow."""
        if not self._path.value.strip():
            self.say((("✗ path: must not be empty", "bad"),))
            return
        path = Path(self._path.value.strip()).expanduser()
        text = exported(self._columns, self._rows, self._how)
        if self.app.is_web:
            self.app.deliver_text(StringIO(text), save_filename=path.name)
            self.dismiss(None)
            return
        replaces = bool(self._overwrite.chosen)
        self.begin(f"writing {path}")

        def write() -> None:
            self.post_message(Written(path, written(path, text, replaces=replaces)))

        self.run_worker(write, thread=True, exit_on_error=False)

    @on(Written)
    def _written(self, message: Written) -> None:
        message.stop()
        if message.error:
            self.failed(message.error)
            return
        self.app.notify(f"{many(len(self._rows), 'row')} written to {message.path}", markup=False)
        self.dismiss(None)


def written(path: Path, text: str, *, replaces: bool) -> str:
    """Write a file; why that was not possible in words, empty when it was."""
    try:
        with path.open("w" if replaces else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return f"{path} is there already"
    except (OSError, ValueError) as error:
        return f"{path}: {getattr(error, 'strerror', None) or error}"
    return ""
