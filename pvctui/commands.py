"""The one table of what a person can ask of the console: feeds keys, footer, help, palette and the actions menu."""

from __future__ import annotations

from collections.abc import Sequence

from pvccore.model.struct import Struct
from pvctui.verbs import VERBS, Verb

OVERVIEW, NODES, VMS, JOURNAL = "overview", "nodes", "vms", "journal"
STORAGE, TASKS, RESILIENCE = "storage", "tasks", "resilience"
LISTS = frozenset({OVERVIEW, NODES, VMS, STORAGE, TASKS, JOURNAL})
FILTERED = frozenset({NODES, VMS, STORAGE, TASKS, JOURNAL, RESILIENCE})
DETAILED = frozenset({NODES, VMS, STORAGE, TASKS, RESILIENCE})
ANYWHERE: frozenset[str] = frozenset()
PLACE_OF_KIND = {
    "node": NODES,
    "vm": VMS,
    "entry": JOURNAL,
    "task": TASKS,
    "storage": STORAGE,
    "osd": STORAGE,
    "pool": STORAGE,
    "volume": STORAGE,
    "snapshot": STORAGE,
}
"""Where a subject stands in a list."""


class Command(Struct, frozen=True, kw_only=True):
    """One thing that can be asked for.

    keys: Textual's names, divided by commas. label: its word in the footer, "" keeps it out of there.
    places: the screens where it makes sense; empty = everywhere. changes: it can end in a change of the cluster,
    always through a dialog. demo: only where the console made the cluster itself.
    """

    id: str
    keys: str
    description: str
    action: str
    label: str = ""
    places: frozenset[str] = ANYWHERE
    changes: bool = False
    demo: bool = False

    @property
    def shown_key(self) -> str:
        """The first key as a person would name it."""
        return shown_key(self.keys.split(",")[0])

    @property
    def shown_keys(self) -> str:
        """All its keys as a person would name them."""
        return shown_keys(self.keys)

    def fits(self, place: str) -> bool:
        """Whether it makes sense on a screen."""
        return not self.places or place in self.places


KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "comma": ",",
    "full_stop": ".",
    "minus": "-",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "shift+up": "Shift-↑",
    "shift+down": "Shift-↓",
}


def shown_key(key: str) -> str:
    """A key of Textual's as a person would name it: `Ctrl-D`, `?`."""
    named = KEY_NAMES.get(key)
    if named:
        return named
    if key.startswith("ctrl+"):
        return "Ctrl-" + key.removeprefix("ctrl+").upper()
    return key.upper() if key[1:].isdigit() else key


def shown_keys(keys: str) -> str:
    """Keys of Textual's, divided by commas, as a person would name them."""
    return " ".join(shown_key(key) for key in keys.split(","))


def _verb(verb: Verb) -> Command:
    """The key of a verb on the rows of its list: it opens the verb's dialog."""
    return Command(
        id=verb.id,
        keys=verb.key,
        description=f"{verb.title}: the marked {'VMs' if verb.kind == 'vm' else 'nodes'}, or the one under the cursor",
        action=f"verb('{verb.id}')",
        label=verb.title.lower(),
        places=frozenset({VMS if verb.kind == "vm" else NODES}),
        changes=True,
    )


COMMANDS: tuple[Command, ...] = (
    Command(id="open.help", keys="question_mark", description="Help for this place", action="help", label="help"),
    Command(
        id="list.filter", keys="slash", description="Filter the list", action="filter", label="filter", places=FILTERED
    ),
    Command(
        id="open.palette",
        keys="colon,ctrl+p",
        description="Every command, node and VM by name",
        action="palette",
        label="command",
    ),
    Command(id="go.overview", keys="1", description="Overview: what is wrong now", action="go('overview')"),
    Command(id="go.nodes", keys="2", description="Nodes", action="go('nodes')"),
    Command(id="go.vms", keys="3", description="VMs", action="go('vms')"),
    Command(id="go.storage", keys="4", description="Storage", action="go('storage')"),
    Command(id="go.tasks", keys="5", description="Tasks", action="go('tasks')"),
    Command(id="go.journal", keys="6", description="Journal", action="go('journal')"),
    Command(id="go.resilience", keys="7", description="Resilience: what if a node died", action="go('resilience')"),
    Command(
        id="vm.edit",
        keys="e",
        description="Edit the VM's metadata",
        action="edit",
        label="edit",
        places=frozenset({VMS}),
        changes=True,
    ),
    Command(
        id="open.actions", keys="x", description="All actions here", action="actions", label="actions", places=LISTS
    ),
    Command(
        id="open.log",
        keys="l",
        description="Log: the serial console of the VM, or the daemon of the node",
        action="log",
        label="log",
        places=frozenset({OVERVIEW, NODES, VMS, RESILIENCE}),
    ),
    Command(
        id="cluster.maintenance",
        keys="M",
        description="Turn maintenance on or off",
        action="maintenance",
        label="maintenance",
        changes=True,
    ),
    *(_verb(verb) for verb in VERBS.values() if verb.key),
    Command(
        id="demo.menu",
        keys="D",
        description="Demo: cut power, partition, break a BMC, mend",
        action="demo",
        label="demo",
        demo=True,
    ),
    Command(
        id="detail.previous",
        keys="comma",
        description="Previous tab of the detail",
        action="detail_tab(-1)",
        places=DETAILED,
    ),
    Command(
        id="detail.next",
        keys="full_stop",
        description="Next tab of the detail",
        action="detail_tab(1)",
        label="next tab",
        places=DETAILED,
    ),
    Command(
        id="pane.full",
        keys="f",
        description="Full screen for the pane with the keyboard; again: all panes",
        action="full",
        label="full",
        places=LISTS | {RESILIENCE},
    ),
    Command(
        id="names.copy",
        keys="y",
        description="Copy the name, or all marked ones, to the terminal's clipboard",
        action="copy",
        label="copy",
        places=LISTS | {RESILIENCE},
    ),
    Command(
        id="list.export",
        keys="o",
        description="Export the list as it is filtered and sorted",
        action="export",
        places=LISTS | {RESILIENCE},
    ),
    Command(id="go.last", keys="minus", description="The last view; again: this one", action="go_last"),
    Command(id="go.back", keys="left_square_bracket", description="Back through the views", action="history(-1)"),
    Command(id="go.forward", keys="right_square_bracket", description="Forward again", action="history(1)"),
    Command(
        id="open.terminal",
        keys="v",
        description="Serial console of the VM, or a shell on the node, in this terminal",
        action="terminal",
        label="console",
        places=frozenset({NODES, VMS}),
    ),
    Command(id="pane.next", keys="tab", description="Next pane", action="app.focus_next"),
    Command(id="pane.previous", keys="shift+tab", description="Previous pane", action="app.focus_previous"),
    Command(id="back", keys="escape", description="One level back; never quits", action="one_back"),
    Command(id="suspend", keys="ctrl+z", description="Suspend the console, `fg` comes back", action="suspend_process"),
    Command(id="quit.how", keys="ctrl+c", description="Say how to quit; quits nothing", action="help_quit"),
    Command(
        id="quit", keys="q,ctrl+q", description="Quit the console; the cluster goes on", action="quit", label="quit"
    ),
)
RIGHT_OF_FOOTER = "quit"
FIRST_OF_FOOTER = ("open.help", "list.filter", "open.palette")


def commands_at(place: str, *, demo: bool, commands: Sequence[Command] = COMMANDS) -> list[Command]:
    """The commands that make sense on a screen, in the table's order."""
    return [command for command in commands if command.fits(place) and (demo or not command.demo)]


def command_of_action(action: str, parameters: tuple[object, ...] = ()) -> Command | None:
    """The command behind an action's name and parameters; else the first one of that name."""
    whole = f"{action}({', '.join(map(repr, parameters))})"
    named = [command for command in COMMANDS if command.action.partition("(")[0] == action]
    return next((command for command in named if command.action == whole), named[0] if named else None)
