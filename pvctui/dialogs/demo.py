"""The demo's menu: break the simulated world, and mend it, to watch what the cluster does about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.widget import Widget

from pvctui.demo_actions import DemoActions
from pvctui.dialogs.dialog import Dialog
from pvctui.rows.node_rows import node_state
from pvctui.rows.view import View
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words
from pvctui.widgets.live_table import LiveTable
from pvctui.widgets.rows import Column, Row

FAULT_COLUMNS = (
    Column(key="fault", title="DO", width=26, sortable=False),
    Column(key="means", title="AND THEN", width=30, weight=1, sortable=False),
)
FAULTS = (
    ("power_cut", "cut its power", "it is fenced and its VMs run elsewhere"),
    ("partition", "cut it off from ZooKeeper", "it looks dead, and is powered off"),
    ("heal", "end that", "once fenced, it comes back by a new start"),
    ("bmc_dead", "let its BMC be silent", "then no fence of it succeeds"),
    ("bmc_lies", "let its BMC lie", "it says off; the blocklist saves the disks"),
    ("bmc_ok", "mend its BMC", "a failed fence is tried again"),
    ("osd_lost", "lose one of its OSDs", "the storage is degraded, and says so"),
    ("storage_slow", "slow the storage down", "for every node: operations and tasks"),
    ("storage_gone", "let the storage be silent", "its figures grow old, and tasks fail"),
    ("storage_full", "fill a pool", "new volumes find no room"),
    ("mend_all", "mend everything", "every node is powered on again"),
)


class DemoDialog(Dialog):
    """Which node, and what to do to it; Enter does it, for nothing here is real."""

    TITLE_TEXT = "Demo: break something"
    CANCEL_TEXT = "Close"
    AUTO_FOCUS: ClassVar[str | None] = "#faults"

    def __init__(self, view: View, actions: DemoActions) -> None:
        super().__init__(view)
        self._actions = actions
        names = list(actions.nodes())
        self._which = Choices([(name, name) for name in names], names[:1], only_one=True, id="demo-nodes")
        self._states = Words(markup=False)
        self._faults = LiveTable(FAULT_COLUMNS, header=False, id="faults")

    def body(self) -> Sequence[Widget]:
        """The nodes over what can be done to them."""
        hint = Words(markup=False)
        hint.show_lines([(("Enter does it; Shift-Tab chooses another node", "dim"),)])
        return [self._which, self._states, self._faults, hint]

    def on_mount(self) -> None:
        """The faults have the keyboard."""
        rows = [Row(key=key, cells=(words, (means, "dim"))) for key, words, means in FAULTS]
        self._faults.set_rows(rows)
        self._faults.focus()
        self._tell()

    def take(self, view: View) -> None:
        """What became of it."""
        super().take(view)
        self._tell()

    @on(Choices.Changed)
    def _tell(self) -> None:
        name = "".join(self._which.chosen)
        node = self.view.cluster.nodes.get(name)
        if node is not None:
            state = node_state(node)
            self._states.show_lines([(f"{name} is ", (state.word, state.state)), ("",)])

    @on(LiveTable.RowSelected)
    def _do(self, message: LiveTable.RowSelected) -> None:
        message.stop()
        name = "".join(self._which.chosen)
        if message.key == "mend_all":
            self._actions.mend_all()
            self.say((("mending everything", "busy"),))
            return
        words = next(words for key, words, _ in FAULTS if key == message.key)
        getattr(self._actions, message.key)(name)
        self.say(((f"{name}: {words}", "busy"),))
