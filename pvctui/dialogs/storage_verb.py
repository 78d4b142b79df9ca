"""The form of any verb on the storage: made from the verb's own fields, checked as one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from pvccore.model.naming import natural_items
from pvccore.plan.storage import Takes, VerbField
from pvccore.plan.storage_checks import FLAGS
from pvctui.dialogs.field import field
from pvctui.dialogs.many import ManyDialog
from pvctui.dialogs.messages import OneOfMany
from pvctui.requests import ask_storage
from pvctui.rows.lines import BLANK, Line, labelled
from pvctui.rows.storage_actions import NAMES_TO_TYPE, StorageAction, subject_of
from pvctui.rows.storage_means import Meaning, meaning_lines, meaning_of, meanings_lines
from pvctui.rows.view import View
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words

YES = "yes"
LONGEST = 600
LABELS = {"osd": "OSD", "pgs": "PGs", "replicas": "Copies", "replicas_min": "Least copies"}
"""Fields that are not called by their own name."""
ACTIONS = {"set-pgs": "Set PGs", "in": "Take it in", "out": "Take it out", "unset": "Take away"}
"""Verbs that say too little on a button."""


class StorageVerbDialog(ManyDialog):
    """One verb on one row or many; what rows say is told, the rest is asked for, and what would be lost is named."""

    def __init__(self, view: View, action: StorageAction) -> None:
        super().__init__(view)
        self._action = action
        self._verb = action.of
        self.is_destructive = self._verb.destroys
        asked = [one for one in self._verb.fields if one.name not in action.given]
        self._inputs: dict[str, Input | Choices] = {one.name: self._input(one) for one in asked}
        self._confirmation = Input(id="field-confirmation", compact=True, max_length=LONGEST)
        self._means = Words(markup=False, id="means")
        self._meanings: dict[str, Meaning] = {}
        self._each = {subject_of(one).partition(" ")[2]: one for one in action.each}

    def title_text(self) -> str:
        """What it does."""
        return self._verb.help.rstrip(".")

    def action_text(self) -> str:
        """The verb itself."""
        word = self._verb.verb.rpartition(" ")[2]
        return ACTIONS.get(word) or word.capitalize()

    @property
    def _is_for_many(self) -> bool:
        return len(self._each) > 1

    @property
    def name_to_type(self) -> str:
        """What must be typed again before it may be done; of many, their number; empty for nothing."""
        if self._is_for_many:
            return str(len(self._each))
        return self._action.given.get(NAMES_TO_TYPE.get(self._verb.verb, ""), "") or self.given().get(
            NAMES_TO_TYPE.get(self._verb.verb, ""), ""
        )

    def _input(self, of: VerbField) -> Input | Choices:
        name = f"field-{of.name.replace('_', '-')}"
        if of.takes is Takes.TRUTH:
            return Choices([(YES, of.help)], id=name)
        options = self._options(of.takes)
        if options:
            proposed = self._action.proposed.get(of.name, options[0])
            return Choices([(one, one) for one in options], [proposed], only_one=True, id=name)
        value = self._action.proposed.get(of.name, of.default)
        # What is proposed is a beginning: typing goes on after it.
        return Input(value, id=name, compact=True, max_length=LONGEST, placeholder=of.help, select_on_focus=not value)

    def _options(self, takes: Takes) -> list[str]:
        """What there is to choose from; empty where one types."""
        cluster = self.view.cluster
        match takes:
            case Takes.NODE:
                return [name for name, node in natural_items(cluster.nodes) if node.is_alive]
            case Takes.FLAG:
                return sorted(FLAGS)
            case Takes.POOL:
                return sorted(cluster.storage.pools)
            case _:
                return []

    def body(self) -> Sequence[Widget]:
        """What is given, what is asked, what it means, and the name to type."""
        told = Words(markup=False)
        told.show_lines(self._told())
        fields = [field(_label(name), widget) for name, widget in self._inputs.items()]
        typed = [_gap(), field("Confirm", self._confirmation)] if self._verb.verb in NAMES_TO_TYPE else []
        return [*([told] if self._action.given else []), *fields, _gap(), self._means, *typed]

    def _told(self) -> list[Line]:
        if self._is_for_many:
            return [labelled(f"{len(self._each)} rows", ", ".join(self._each), width=14)]
        return [labelled(_label(name), value, width=14) for name, value in self._action.given.items()]

    def on_mount(self) -> None:
        """The first field has the keyboard, else Cancel."""
        super().on_mount()
        first = next(iter(self._inputs.values()), None)
        if first is not None:
            first.focus()
        self._tell()

    def take(self, view: View) -> None:
        """The storage may be another one while one types."""
        super().take(view)
        self._tell()

    def given(self, row: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a row says, the first one without `row`, and what was typed."""
        typed = {
            name: widget.value.strip() if isinstance(widget, Input) else "".join(widget.chosen)
            for name, widget in self._inputs.items()
        }
        says = self._action.given if row is None else row
        return {
            name: value for name, value in {**says, **typed}.items() if value and not self._is_beginning(name, value)
        }

    def _is_beginning(self, name: str, value: str) -> bool:
        """Whether it is what was proposed to begin with, `vms/`, and nothing was typed after it yet."""
        return value.endswith("/") and value == self._action.proposed.get(name)

    @on(Input.Changed)
    @on(Choices.Changed)
    def _tell(self) -> None:
        cluster = self.view.cluster
        self._meanings = {
            key: meaning_of(self._verb, self.given(self._each[key]), cluster) for key in self.left(self._each)
        }
        self._means.show_lines(self._lines())
        self._confirmation.placeholder = f"type {self.name_to_type} here"

    def _lines(self) -> list[Line]:
        if not self._is_for_many:
            return [line for meaning in self._meanings.values() for line in meaning_lines(meaning)]
        return meanings_lines(self._meanings)

    def tell_again(self) -> None:
        """Some are tasks now."""
        self._tell()

    def act(self) -> None:
        """Ask for what may be asked for, unless something is missing or the name was not typed."""
        self._tell()
        ready = {key: meaning for key, meaning in self._meanings.items() if meaning.may_be_asked}
        if not ready:
            self.say(*self._lines())
            missing = next((meaning.missing for meaning in self._meanings.values() if meaning.missing), ())
            if missing:
                self.point_at_field(missing[0])
            return
        if self._verb.verb in NAMES_TO_TYPE and self._confirmation.value.strip() != self.name_to_type:
            self.say(((f"✗ type {self.name_to_type} to confirm", "bad"),))
            self._confirmation.focus()
            return
        asked = [
            OneOfMany(
                subject=subject_of(self._each[key]),
                name=key,
                request=ask_storage(self._verb.verb, self.given(self._each[key])),
            )
            for key in ready
        ]
        self.ask_many(asked, next(iter(ready.values())).title if len(ready) == 1 else self.title_text().lower())

    def done(self) -> None:
        """They are tasks now."""
        titles = [meaning.title for meaning in self._meanings.values() if meaning.title]
        what = titles[0] if len(titles) == 1 else f"{len(titles)} times {self.title_text().lower()}"
        self.app.notify(f"{what}: asked for as {'a task' if len(titles) == 1 else 'tasks'}, see 5", markup=False)
        super().done()


def _gap() -> Words:
    gap = Words(markup=False)
    gap.show_lines([BLANK])
    return gap


def _label(name: str) -> str:
    return LABELS.get(name) or name.replace("_", " ").capitalize()
