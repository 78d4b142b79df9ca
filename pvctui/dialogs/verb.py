"""A verb on one or many VMs or nodes: the plan, what must be known, Cancel, and the action; one result per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from pvccore.model.struct import replace
from pvccore.plan.preview import Preview
from pvctui.dialogs.field import field
from pvctui.dialogs.many import ManyDialog
from pvctui.dialogs.messages import OneOfMany
from pvctui.requests import request_of
from pvctui.rows.aftermath import aftermath_lines
from pvctui.rows.lines import BLANK, Line, many
from pvctui.rows.verb_lines import meaning_lines, plan_lines
from pvctui.rows.verb_plan import Part, Target, plan_of, targets_of
from pvctui.rows.view import View
from pvctui.verbs import AskedText, Given, Verb
from pvctui.widgets.cell_text import printable
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.rows import Column, Row

BY_SELECTOR = "*"
"""The key of the row that lets the selector choose: no node can be called so."""
FORCE = "force"
MOST_TARGETS_SEEN = 8
LONGEST_REASON = 256
LONGEST_TEXT = 600
PLAN_AGAIN_AFTER_S = 1.0
TARGET_COLUMNS = (
    Column(key="node", title="TARGET", width=16, min_width=10, sortable=False),
    Column(key="words", title="WHY", width=40, min_width=20, weight=1, sortable=False),
)


class LookedAhead(Message):
    """It is known what a flush leaves behind."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self.lines = lines


class VerbDialog(ManyDialog):
    """One verb on its subjects, as they stand while the dialog is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "scroll_plan(-1)", "Scroll up", show=False),
        Binding("pagedown", "scroll_plan(1)", "Scroll down", show=False),
    ]

    def __init__(self, view: View, verb: Verb, keys: Sequence[str]) -> None:
        """`keys`: uuids of VMs, or names of nodes."""
        super().__init__(view)
        self.verb = verb
        self.is_destructive = verb.types_name
        self.keys = tuple(keys)
        self._names = {key: view.cluster.vms[key].name if key in view.cluster.vms else key for key in self.keys}
        self._parts: list[Part] = []
        self._planned_at_s = view.now_s
        self._means = Words(markup=False, id="means")
        self._plan = Words(markup=False, id="plan")
        self._ahead = Words(markup=False)
        if verb.name == "flush":  # as many lines as there will be: nothing jumps
            self._ahead.show_lines([(("what it leaves behind is being worked out …", "dim"),), BLANK, BLANK])
        self._looked_ahead: dict[str, Preview] = {}
        self._targets = LiveTable(TARGET_COLUMNS, header=False, id="field-to", classes="first")
        self._force = Choices([(FORCE, verb.tick_means)], id="field-force")
        self._texts = {one.name: self._text_input(one) for one in verb.takes_texts}
        self._reason = Input(
            id="field-reason", compact=True, max_length=LONGEST_REASON, placeholder="optional; stands in the journal"
        )
        self._confirmation = Input(id="field-confirmation", compact=True, placeholder=f"type {self.name_to_type} here")

    # Words.

    def title_text(self) -> str:
        """What is done to what."""
        noun = "VM" if self.verb.kind == "vm" else "node"
        whom = self._names[self.keys[0]] if len(self.keys) == 1 else many(len(self.keys), noun)
        return f"{self.verb.title}: {whom}"

    def action_text(self) -> str:
        """The verb."""
        return self.verb.title

    @property
    def name_to_type(self) -> str:
        """What must be typed before it may be done: the name; of many, their number."""
        return self._names[self.keys[0]] if len(self.keys) == 1 else str(len(self.keys))

    @property
    def _types_name(self) -> bool:
        """Whether it must be typed: a VM without disks loses none."""
        vms = self.view.cluster.vms
        loses_nothing = self.verb.id == "vm.remove" and not any(
            vms[key].definition.volumes for key in self.keys if key in vms
        )
        return self.verb.types_name and not loses_nothing

    def body(self) -> Sequence[Widget]:
        """What it means, where to, and what would become of each: the last may be longer than the screen."""
        fields: list[Widget] = [self._means]
        if self.verb.takes_target:
            self._put_targets()
            fields.append(self._targets)
        fields += [self._plan, *([self._ahead] if self.verb.name == "flush" else [])]
        fields += [field(one.label, self._texts[one.name]) for one in self.verb.takes_texts]
        if self.verb.tick and (self.verb.name != "migrate" or self._is_migrated()):
            fields.append(field(self.verb.tick, self._force))
        if self.verb.takes_reason:
            fields.append(field("Reason", self._reason))
        if self._types_name:
            fields.append(field("Confirm", self._confirmation))
        return fields

    def _text_input(self, asked: AskedText) -> Input:
        """A name is a beginning of the next one."""
        value = printable(self.name_to_type) if asked.name == "name" else ""
        return Input(value, id=f"field-{asked.name}", compact=True, max_length=LONGEST_TEXT, placeholder=asked.hint)

    def _is_migrated(self) -> bool:
        vms = self.view.cluster.vms
        return any(vms[key].placement.previous_node for key in self.keys if key in vms)

    def _put_targets(self) -> None:
        vms = [self.view.cluster.vms[key] for key in self.keys if key in self.view.cluster.vms]
        targets = targets_of(self.verb, vms, self.view.cluster) if vms else []
        self._targets.set_rows(_target_row(target) for target in targets)
        self._targets.styles.height = max(2, min(MOST_TARGETS_SEEN, len(targets)))

    def on_mount(self) -> None:
        """Say what would happen."""
        super().on_mount()
        self._tell()

    def take(self, view: View) -> None:
        """The plan is made anew when its subjects changed, and every second."""
        super().take(view)
        delta = view.delta
        touched = delta.full or delta.maintenance or not (delta.vms | delta.nodes).isdisjoint(self.keys)
        if not self.is_under_way and (touched or view.now_s - self._planned_at_s >= PLAN_AGAIN_AFTER_S):
            self._tell()

    @on(Choices.Changed)
    @on(LiveTable.RowHighlighted)
    @on(Input.Changed)
    def _tell(self) -> None:
        self._planned_at_s = self.view.now_s
        self._parts = plan_of(self.verb, self.left(self.keys), self.view.cluster, self._given())
        self._means.show_lines(meaning_lines(self.verb, self._parts))
        plan = plan_lines(self.verb, self._parts)
        self._plan.show_lines([BLANK, *plan] if self.verb.takes_target else plan)
        if self.verb.name == "flush":
            self._look_ahead()

    def _look_ahead(self) -> None:
        """What a flush leaves behind: worked out on a thread of its own, and anew only for another plan."""
        cluster = self.view.cluster
        flushed = {part.key: part.moves for part in self._parts if not part.objection}
        if flushed == self._looked_ahead:
            return
        self._looked_ahead = flushed

        def work_out() -> None:
            self.post_message(LookedAhead(aftermath_lines(cluster, flushed) if flushed else []))

        self.run_worker(work_out, thread=True, exclusive=True, exit_on_error=False)

    @on(LookedAhead)
    def _tell_ahead(self, message: LookedAhead) -> None:
        message.stop()
        self._ahead.show_lines([*message.lines, BLANK] if message.lines else [])

    def _given(self) -> Given:
        to = self._targets.cursor_key if self.verb.takes_target else ""
        return Given(
            reason=self._reason.value.strip(),
            to="" if to in (None, BY_SELECTOR) else str(to),
            force=bool(self._force.chosen),
            texts={name: widget.value for name, widget in self._texts.items()},
        )

    @on(LiveTable.RowSelected)
    def _target_chosen(self, message: LiveTable.RowSelected) -> None:
        """Enter on a target moves on."""
        message.stop()
        self.focus_next()

    def action_scroll_plan(self, pages: int) -> None:
        """A plan may be longer than the screen."""
        body = self.query_one("#dialog-body", VerticalScroll)
        if pages > 0:
            body.scroll_page_down()
        else:
            body.scroll_page_up()

    # Doing.

    def act(self) -> None:
        """Ask for those that may be asked for, unless the name was not typed."""
        self._tell()
        ready = [part for part in self._parts if not part.objection]
        if not ready:
            self.say(*(((f"✗ {part.name}: {part.objection}", "bad"),) for part in self._parts[:MOST_TARGETS_SEEN]))
            return
        if self._types_name and self._confirmation.value.strip() != self.name_to_type:
            self.say(((f"✗ type {self.name_to_type} to confirm", "bad"),))
            self._confirmation.focus()
            return
        self._ask(ready)

    def _ask(self, parts: Sequence[Part]) -> None:
        given = self._given()
        asked = [
            OneOfMany(
                subject=f"{self.verb.kind} {part.key}",
                name=part.name,
                request=request_of(
                    self.verb, part.key, replace(given, to=part.to) if self.verb.takes_target else given
                ),
            )
            for part in parts
        ]
        self.ask_many(asked, self.verb.doing)

    def tell_again(self) -> None:
        """Some were done: the plan of the others may be another."""
        self._tell()


def _target_row(target: Target) -> Row:
    name = target.name or "the selector"
    state = "" if target.takes_it else "dim"
    return Row(
        key=target.name or BY_SELECTOR,
        cells=((name, state) if state else name, (target.words, state or "ok")),
    )
