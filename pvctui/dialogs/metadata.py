"""The form of a VM's metadata: says at once what it would mean, and sends only what was changed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Label

from pvccore.model.errors import Invalid, PvcError
from pvccore.model.metadata import METADATA, parse_metadata
from pvccore.model.naming import natural
from pvccore.model.selectors import Selector
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, MigrationMethod, Vm
from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.field import field
from pvctui.requests import edit_metadata
from pvctui.rows.lines import Line
from pvctui.rows.meaning import changes_line, changes_of, is_outside, meaning_line
from pvctui.rows.view import View
from pvctui.widgets.cell_text import printable
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words

METHOD_LABELS = {
    MigrationMethod.LIVE: "live",
    MigrationMethod.LIVE_ONLY: "live only",
    MigrationMethod.SHUTDOWN: "shutdown",
}
RESTARTS = "yes"
MOVES = "move"


def selector_options() -> list[tuple[str, str]]:
    """The selectors by their names."""
    return [(selector.value, selector.value) for selector in Selector]


def selector_means(selector: Selector, view: View) -> str:
    """What a selector chooses by; the default one says which it is."""
    if selector is not Selector.DEFAULT:
        return selector.meaning
    default = view.cluster.settings.default_selector
    return f"the cluster's: {default}, {default.meaning}"


def limit_options(view: View, limit: Sequence[str]) -> list[tuple[str, str]]:
    """The nodes that exist, and those that the limit names though they don't."""
    known = sorted(view.cluster.nodes, key=natural)
    gone = [name for name in limit if name not in view.cluster.nodes]
    return [(name, name) for name in known] + [(name, f"{name} (gone)") for name in gone]


class MetadataDialog(Dialog):
    """One VM's metadata. What somebody else changed meanwhile is shown, and not overwritten by what was not touched."""

    ACTION_TEXT = "Save"

    def __init__(self, view: View, uuid: str, *, draft: Vm | None = None) -> None:
        """`draft`: a VM that is not defined yet."""
        super().__init__(view)
        self._uuid = uuid
        self._vm = draft or view.cluster.vms[uuid]
        before = self._vm.definition
        self._before = before
        self._limit = Choices(limit_options(view, before.node_limit), before.node_limit, id="field-node-limit")
        chosen = [before.node_selector.value]
        self._selector = Choices(selector_options(), chosen, only_one=True, id="field-node-selector")
        restart = [(RESTARTS, "start again when a node can take it")]
        self._restart = Choices(restart, [RESTARTS] if before.autorestart else [], id="field-autorestart")
        methods = [(method.value, label) for method, label in METHOD_LABELS.items()]
        self._method = Choices(methods, [before.migration_method.value], only_one=True, id="field-migration-method")
        self._move = Choices([(MOVES, "migrate it too, to a node of this limit")], id="field-move")
        self._move_line = field("", self._move)
        self._downtime = Input(str(before.max_downtime_ms), compact=True, max_length=6, id="field-max-downtime-ms")
        self._tags = Input(printable(", ".join(before.tags)), compact=True, id="field-tags")
        self._description = Input(printable(before.description), compact=True, id="field-description")
        self._selector_means = Words(markup=False, classes="hint")
        self._means = Words(markup=False, id="means")

    def title_text(self) -> str:
        """Whose."""
        return f"{self._vm.name} · metadata"

    def body(self) -> Sequence[Widget]:
        """The fields, then what they mean."""
        hint = Words(markup=False, classes="hint")
        hint.show_lines([(("none ticked = any node", "dim"),)])
        self._limit.add_class("first")
        return [
            field("Node limit", self._limit),
            hint,
            self._move_line,
            field("Selector", self._selector),
            self._selector_means,
            field("Autorestart", self._restart),
            field("Migration", self._method),
            field("Max downtime", self._downtime, Label("ms", markup=False, classes="unit")),
            field("Tags", self._tags),
            field("Description", self._description),
            self._means,
        ]

    def on_mount(self) -> None:
        """The first field has the keyboard."""
        super().on_mount()
        self._limit.focus()
        self._tell()

    def raw(self) -> dict[str, object]:
        """What the fields say, as typed."""
        return {
            "node_limit": list(self._limit.chosen),
            "node_selector": "".join(self._selector.chosen),
            "autorestart": "true" if self._restart.chosen else "false",
            "migration_method": "".join(self._method.chosen),
            "max_downtime_ms": self._downtime.value.strip(),
            "tags": self._tags.value,
            "description": self._description.value,
        }

    def after(self) -> Definition:
        """The definition that the fields say; raises `Invalid` naming the field."""
        raw = self.raw()
        return replace(self._before, **{one.name: parse_metadata(one.name, raw[one.name]) for one in METADATA})

    @on(Choices.Changed)
    @on(Input.Changed)
    def _edited(self) -> None:
        self._tell()

    def take(self, view: View) -> None:
        """The cluster goes on while one types; what was typed stays."""
        super().take(view)
        if self._uuid in view.delta.vms or view.delta.full or not view.delta.nodes:
            self._tell()

    def _tell(self) -> None:
        selector = Selector("".join(self._selector.chosen) or Selector.DEFAULT)
        self._selector_means.show_lines([((selector_means(selector, self.view), "dim"),)])
        try:
            after = self.after()
        except Invalid as wrong:
            self._means.show_lines([((f"✗ {wrong}", "bad"),)])
            return
        vm = self.view.cluster.vms.get(self._uuid, self._vm)
        self._move_line.display = is_outside(vm, after)
        self._means.show_lines(self._meaning(after))

    def _meaning(self, after: Definition) -> list[Line]:
        vm = self.view.cluster.vms.get(self._uuid)
        if vm is None:
            return [((f"✗ {self._vm.name} is not defined any more", "bad"),)]
        lines = [("",), meaning_line(self.view.cluster, vm, after), changes_line(self._before, after)]
        elsewhere = changes_of(self._before, vm.definition)
        if elsewhere and not self.is_under_way:
            told = "; ".join(f"{name.replace('_', ' ')} is now {now}" for name, (_, now) in elsewhere.items())
            lines.append(((f"Changed meanwhile by somebody else: {told}", "warn"),))
        return lines

    def act(self) -> None:
        """Send the fields that were changed here."""
        try:
            changed = changes_of(self._before, self.after())
        except Invalid as wrong:
            self.refused(wrong)
            return
        if not changed:
            self.dismiss(None)
            return
        raw = self.raw()
        request = edit_metadata(self._uuid, {name: raw[name] for name in changed}, move=bool(self._move.chosen))
        self.ask(request, f"vm {self._uuid}", f"saving {self._vm.name}")

    def refused(self, error: PvcError) -> None:
        """In the operation's words, at the field."""
        super().refused(error)
        self._tell()
