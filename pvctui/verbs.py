"""The verbs on VMs and nodes as a person asks for them: their words, what each wants to know first, and its request."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.struct import Struct, field


class AskedText(Struct, frozen=True, kw_only=True):
    """A line that a verb asks for. name: as the operation calls it. hint: shown while it is empty."""

    name: str
    label: str
    hint: str = ""


class Verb(Struct, frozen=True, kw_only=True):
    """One verb.

    kind: of its subject, "vm" or "node". name: as the rules call it. doing: while it is on its way. means: what it
    does, as a sentence. takes_target, takes_reason: whether that is asked for. types_name: whether the subject's name
    must be typed. takes_texts: lines to fill in. tick, tick_means: what can be ticked besides, and what it means.
    only_one: makes no sense for many.
    """

    kind: str
    name: str
    title: str
    doing: str
    means: str
    key: str = ""
    takes_target: bool = False
    takes_reason: bool = False
    types_name: bool = False
    takes_texts: tuple[AskedText, ...] = ()
    tick: str = ""
    tick_means: str = ""
    only_one: bool = False

    @property
    def id(self) -> str:
        """Its name among all verbs: `vm.start`."""
        return f"{self.kind}.{self.name}"


class Given(Struct, frozen=True, kw_only=True):
    """What was filled in. to: the target; "" lets the selector choose. force: the tick. texts: by name."""

    reason: str = ""
    to: str = ""
    force: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A line that was asked for, without the blanks around it."""
        return self.texts.get(name, "").strip()


_ALL = (
    Verb(
        kind="vm",
        name="start",
        title="Start",
        doing="starting",
        key="S",
        means="It is to run on its node, from now on; earlier failures are forgotten.",
    ),
    Verb(
        kind="vm",
        name="shutdown",
        title="Shut down",
        doing="shutting down",
        key="T",
        means="Its guest is asked to shut down; after 60 s it is stopped. It stays down until somebody starts it.",
    ),
    Verb(
        kind="vm",
        name="restart",
        title="Restart",
        doing="restarting",
        key="B",
        means="Its guest is asked to shut down, after 60 s it is stopped; then it is started where it is.",
    ),
    Verb(
        kind="vm",
        name="migrate",
        title="Migrate",
        doing="migrating",
        key="G",
        takes_target=True,
        tick="Again",
        tick_means="migrate it again; where it belongs stays the same",
        means="It goes to another node for a while; its previous node remembers where it belongs.",
    ),
    Verb(
        kind="vm",
        name="unmigrate",
        title="Unmigrate",
        doing="migrating back",
        key="U",
        means="It goes back to its previous node.",
    ),
    Verb(
        kind="vm",
        name="move",
        title="Move for good",
        doing="moving",
        takes_target=True,
        means="It goes to another node and belongs there from now on.",
    ),
    Verb(
        kind="vm",
        name="stop",
        title="Stop at once",
        doing="stopping",
        types_name=True,
        means="It is ended as by pulling its plug: what its guest has not written is lost.",
    ),
    Verb(
        kind="vm",
        name="disable",
        title="Disable",
        doing="disabling",
        means="It is shut down, and nothing but a person's start ever starts it.",
    ),
    Verb(
        kind="vm",
        name="undefine",
        title="Undefine",
        doing="undefining",
        means="The cluster forgets it; its disks stay.",
    ),
    Verb(
        kind="vm",
        name="remove",
        title="Remove with its volumes",
        doing="removing",
        types_name=True,
        tick="Snapshots",
        tick_means="its volumes may have some: they go, too",
        means="The cluster forgets it, and its volumes are removed: what is on them is lost for good.",
    ),
    Verb(
        kind="vm",
        name="rename",
        title="Rename",
        doing="renaming",
        only_one=True,
        takes_texts=(AskedText(name="name", label="New name", hint="letters, digits, dots, dashes"),),
        means="It gets another name; its uuid and its disks keep theirs.",
    ),
    Verb(
        kind="vm",
        name="tag",
        title="Tag",
        doing="tagging",
        takes_texts=(
            AskedText(name="add", label="Add", hint="words to find it by: web, prod"),
            AskedText(name="remove", label="Take away", hint="words that it has"),
        ),
        means="Words that a filter finds it by.",
    ),
    Verb(
        kind="node",
        name="flush",
        title="Flush",
        doing="flushing",
        key="F",
        takes_reason=True,
        means="It is emptied and takes no VM until it is made ready.",
    ),
    Verb(
        kind="node",
        name="ready",
        title="Make ready",
        doing="making ready",
        key="R",
        takes_reason=True,
        means="It takes VMs again, and its own come back.",
    ),
    Verb(
        kind="node",
        name="fence",
        title="Fence",
        doing="fencing",
        key="X",
        takes_reason=True,
        types_name=True,
        means="Its power is cut, and once it is known to be off its VMs run elsewhere.",
    ),
    Verb(
        kind="node",
        name="confirmed-off",
        title="Confirm that it is off",
        doing="confirming off",
        takes_reason=True,
        types_name=True,
        means="Your word is taken that you have seen it off. If it is not, its VMs run twice and lose their data.",
    ),
    Verb(
        kind="node",
        name="remove",
        title="Remove",
        doing="removing",
        tick="Rewrite",
        tick_means="VMs that name it: they forget it, too",
        means="The cluster forgets it.",
    ),
)
VERBS: Mapping[str, Verb] = {verb.id: verb for verb in _ALL}


def verbs_on(kind: str) -> list[Verb]:
    """The verbs on VMs or on nodes, in the order of a menu."""
    return [verb for verb in _ALL if verb.kind == kind]
