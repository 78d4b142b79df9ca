"""The form of any verb on the storage: made from the verb's own fields, checked as one types."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from pvccore.plan.storage import Takes, VerbField
from pvccore.plan.storage_checks import FLAGS
from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.field import field
from pvctui.requests import ask_storage
from pvctui.rows.lines import BLANK, labelled
from pvctui.rows.storage_actions import NAMES_TO_TYPE, StorageAction
from pvctui.rows.storage_means import Meaning, meaning_lines, meaning_of
from pvctui.rows.view import View
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words

YES = "yes"
LONGEST = 600


class StorageVerbDialog(Dialog):
    """One verb; what the row says of it is told, the rest is asked for, and what would be lost is named."""

    def __init__(self, view: View, action: StorageAction) -> None:
        super().__init__(view)
        self._action = action
        self._verb = action.of
        asked = [one for one in self._verb.fields if one.name not in action.given]
        self._inputs: dict[str, Input | Choices] = {one.name: self._input(one) for one in asked}
        self._confirmation = Input(id="field-confirmation", compact=True, max_length=LONGEST)
        self._means = Words(markup=False, id="means")
        self._meaning = Meaning()

    def title_text(self) -> str:
        """What it does."""
        return self._verb.help.rstrip(".")

    def action_text(self) -> str:
        """The verb itself."""
        return self._verb.verb.rpartition(" ")[2].replace("-", " ").capitalize()

    @property
    def name_to_type(self) -> str:
        """What must be typed again before it may be done; empty for nothing."""
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
                return sorted(name for name, node in cluster.nodes.items() if node.is_alive)
            case Takes.FLAG:
                return sorted(FLAGS)
            case Takes.POOL:
                return sorted(cluster.storage.pools)
            case _:
                return []

    def body(self) -> Sequence[Widget]:
        """What is given, what is asked, what it means, and the name to type."""
        told = Words(markup=False)
        told.show_lines([labelled(_label(name), value, width=14) for name, value in self._action.given.items()])
        fields = [field(_label(name), widget) for name, widget in self._inputs.items()]
        typed = [field("Confirm", self._confirmation)] if self._verb.verb in NAMES_TO_TYPE else []
        gap = Words(markup=False)
        gap.show_lines([BLANK])
        return [*([told] if self._action.given else []), *fields, gap, self._means, *typed]

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

    def given(self) -> dict[str, str]:
        """What the row says and what was typed."""
        typed = {
            name: widget.value.strip() if isinstance(widget, Input) else "".join(widget.chosen)
            for name, widget in self._inputs.items()
        }
        return {name: value for name, value in {**self._action.given, **typed}.items() if value}

    @on(Input.Changed)
    @on(Choices.Changed)
    def _tell(self) -> None:
        self._meaning = meaning_of(self._verb, self.given(), self.view.cluster)
        self._means.show_lines(meaning_lines(self._meaning))
        self._confirmation.placeholder = f"type {self.name_to_type} here"

    def act(self) -> None:
        """Ask for it, unless something is missing or the name was not typed."""
        meaning = self._meaning
        if not meaning.may_be_asked:
            self.say(*meaning_lines(meaning))
            if meaning.missing:
                self.point_at_field(meaning.missing[0])
            return
        if self._verb.verb in NAMES_TO_TYPE and self._confirmation.value.strip() != self.name_to_type:
            self.say(((f"✗ type {self.name_to_type} to confirm", "bad"),))
            self._confirmation.focus()
            return
        self.ask(ask_storage(self._verb.verb, self.given()), "", meaning.title)

    def done(self) -> None:
        """It is a task now."""
        self.app.notify(f"{self._meaning.title}: asked for as a task, see 5", markup=False)
        super().done()


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
