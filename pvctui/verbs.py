"""The verbs on VMs and nodes as a person asks for them: their words, what each wants to know first, and its request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb.

    kind: of its subject, "vm" or "node". name: as the rules call it. doing: while it is on its way. means: what it
    does, as a sentence. takes_target, takes_reason: whether that is asked for. types_name: whether the subject's name
    must be typed.
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

    @property
    def id(self) -> str:
        """Its name among all verbs: `vm.start`."""
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was filled in. to: the target; "" lets the selector choose. force: though it is migrated already."""

    reason: str = ""
    to: str = ""
    force: bool = False


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
        means="The cluster forgets it; no VM may name it.",
    ),
)
VERBS: Mapping[str, Verb] = {verb.id: verb for verb in _ALL}


def verbs_on(kind: str) -> list[Verb]:
    """The verbs on VMs or on nodes, in the order of a menu."""
    return [verb for verb in _ALL if verb.kind == kind]
