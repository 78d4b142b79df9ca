"""Another XML for a VM: edited in the person's editor, the difference shown, then asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Button

from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.field import field
from pvctui.editing import difference_lines, edited
from pvctui.requests import modify_vm
from pvctui.rows.fetched import xml_wanted
from pvctui.rows.lines import BLANK, Line
from pvctui.rows.view import View
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import TextWanted, Words

RESTARTS = "restart"


class ModifyDialog(Dialog):
    """One VM's XML; what was written stays when it is refused, and can be edited again."""

    ACTION_TEXT = "Edit"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+e", "edit_again", "Edit again", show=False)]

    def __init__(self, view: View, uuid: str, editor: Callable[..., tuple[str, str]] = edited) -> None:
        """`editor`: takes the console and a text, and returns what a person made of it, and what went wrong."""
        super().__init__(view)
        self._uuid = uuid
        self._name = view.cluster.vms[uuid].name
        self._editor = editor
        self._before: str | None = None
        self._after: str | None = None
        self._words = Words(markup=False)
        self._restart = Choices([(RESTARTS, "restart it, so that it applies at once")], id="field-restart")
        self._restart_line = field("", self._restart)

    def title_text(self) -> str:
        """Whose XML."""
        return f"{self._name} · XML"

    def body(self) -> Sequence[Widget]:
        """What is changed, and whether it applies at once."""
        self._restart_line.display = False
        return [self._words, self._restart_line]

    def on_mount(self) -> None:
        """Read the XML."""
        super().on_mount()
        self._tell()

    def take(self, view: View) -> None:
        """It may have been read, or the VM may be gone."""
        super().take(view)
        self._tell()

    def _tell(self) -> None:
        vm = self.view.cluster.vms.get(self._uuid)
        if vm is None:
            self._words.show_lines([((f"✗ {self._name} is not defined any more", "bad"),)])
            return
        if self._before is None:
            fetched = self.view.fetched.get(xml_wanted(vm))
            if fetched is None or fetched.is_worth_another_try(self.view.now_s):
                self.post_message(TextWanted(xml_wanted(vm)))
            if fetched is not None and not fetched.error:
                self._before = fetched.text
            elif fetched is not None:
                self._words.show_lines([((f"✗ {fetched.error}", "bad"),)])
                return
        self._words.show_lines([*self._lines(is_active=vm.is_active), BLANK])

    def _lines(self, *, is_active: bool) -> list[Line]:
        if self._before is None:
            return [(("reading its XML …", "dim"),)]
        if self._after is None:
            return [("Its XML opens in the editor; what you change is shown before anything is done.",)]
        changes = difference_lines(self._before, self._after)
        if not changes:
            return [(("nothing was changed", "dim"),)]
        applies: Line = ("It applies at its next start.",) if is_active else BLANK
        return [*changes, BLANK, applies, (("Ctrl-E edits it again", "dim"),)]

    def act(self) -> None:
        """Edit first; once there is a difference, ask for it."""
        if self._before is None:
            self.say((("✗ its XML has not been read yet", "bad"),))
            return
        if self._after is None or self._after == self._before:
            self.action_edit_again()
            return
        request = modify_vm(self._uuid, self._after, restart=bool(self._restart.chosen))
        self.ask(request, f"vm {self._uuid}", f"modifying {self._name}")

    def action_edit_again(self) -> None:
        """Into the editor, with what was written before."""
        if self._before is None or self.is_under_way:
            return
        self._after, error = self._editor(self.app, self._after or self._before)
        self.say(((f"✗ {error}", "bad"),) if error else ("",))
        is_changed = self._after != self._before
        vm = self.view.cluster.vms.get(self._uuid)
        self._restart_line.display = is_changed and vm is not None and vm.is_active
        self.query_one("#act", Button).label = "Modify" if is_changed else self.ACTION_TEXT
        self._tell()
