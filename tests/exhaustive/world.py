"""The abstract cluster of the exhaustive search: one target node with one VM, one other node, two managers.

A state is a tuple of small values, so that it is hashed and compared at once. What no decision and no property can
see is left out: versions, transaction ids, wall clocks, texts. Numbers that only grow are cut where nothing more
depends on them. `decisions` turns a state into the real values of `pvccore.model` and back.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from pvccore.model.fence import FencePhase
from pvccore.model.vm import VmState

NO_BOOT, OLD_BOOT, ANNOUNCED, NOT_ANNOUNCED = -1, -2, 0, 1
"""Boots of the target: none; one that is gone for good and not the last one announced; the last one that announced
itself; a later one that runs but has not announced itself yet. So there may be any number of them."""


class DomainIs(IntEnum):
    """The copy of the VM on one node."""

    GONE = 0
    PAUSED = 1
    RUNNING = 2


class Token(IntEnum):
    """The ephemeral `alive` of the target in the store."""

    NONE = 0
    OWN = 1  # of the daemon that runs now
    LINGERING = 2  # of a boot that is gone; its session has not expired yet


class Seen(IntEnum):
    """What the manager's readings of the present stage say; a sign of life makes earlier ones worthless."""

    NOTHING = 0
    OFF_ONCE = 1
    OFF_TWICE = 2
    ON = 3
    UNKNOWN = 4
    OFF_BEFORE_A_SIGN = 5


class Proof(IntEnum):
    """What the fence record names as evidence."""

    NONE = 0
    READINGS = 1
    NEW_BOOT = 2
    WATCHDOG = 3


class Sign(IntEnum):
    """The fenced boot's sign of life since it was proven off, as the store shows it."""

    NONE = 0
    ALIVE = 1
    REPORT = 2


class Command(IntEnum):
    """What became of a command to Ceph, as a manager remembers it."""

    NOT_GIVEN = 0
    WORKED = 1
    FAILED = 2


class Owner(IntEnum):
    """Whose child carries out an effect."""

    LEADER = 0
    OTHER = 1
    NOBODY = 2  # its manager crashed; nobody will hear of the outcome


class Child(NamedTuple):
    """An effect of a manager that has not ended. current: the decision at hand would call it the same effect.

    ends_with_session: it got a deadline. covered: it was begun no later than the leader's stopwatch of the present
    stage, so that once that shows the time of a session, the deadline has passed.
    """

    kind: str  # the effect's class
    owner: Owner
    current: bool
    ends_with_session: bool
    covered: bool


class Target(NamedTuple):
    """The target node: the machine, its agent, and what the store says about its presence.

    boot: which incarnation runs, or ran last. linked: it reaches ZooKeeper. presence: the boot that it announced
    last. clean: it said so for the present round. effect: what its agent began, on an older view; with whether it is
    of the present run. started: outcome of StartPaused in the present run.
    """

    boot: int = 0
    power: bool = True
    domain: DomainIs = DomainIs.RUNNING
    linked: bool = True
    alive: Token = Token.OWN
    presence: int = 0
    clean: bool = False
    effect: tuple[str, bool] | None = None
    started: Command = Command.NOT_GIVEN


class FenceIs(NamedTuple):
    """The fence record of the target. locked: the blocklist's phase, as an index. listed: the VM is to be settled."""

    phase: FencePhase = FencePhase.NONE
    boot: int = -1
    proof: Proof = Proof.NONE
    sign: Sign = Sign.NONE
    locked: int = 0
    attempted: bool = False
    sends: int = 0
    agent: int = 0
    listed: bool = False


class VmIs(NamedTuple):
    """The VM's placement. at_target: else on the other node. claim: the claiming boot, -1 for none."""

    at_target: bool = True
    state: VmState = VmState.RUNNING
    claim: int = 0
    parked: bool = False


class Memory(NamedTuple):
    """What a manager's daemon remembers of its own commands to Ceph in this round."""

    added: Command = Command.NOT_GIVEN
    lifted: Command = Command.NOT_GIVEN


class Step(NamedTuple):
    """One multi with what hangs on it, as decided by the real code.

    guards: the records whose change makes it fail. Empty `writes`: only an effect.
    """

    text: str
    guards: frozenset[str] = frozenset()
    fence: FenceIs | None = None
    vm: VmIs | None = None
    clean: bool | None = None
    effects: tuple[tuple[str, bool], ...] = ()  # the effect's class, and whether it got a deadline
    new_round: bool = False
    new_readings: bool = False  # another round, attempt, agent or retry: readings of before are others now
    new_command: bool = False  # another command to Ceph: what came of those before counts no more
    new_stage: bool = False  # the stopwatch of the stage starts again
    is_change: bool = True
    in_maintenance: bool = False  # it begins a fence or sends a power-off, and was decided in maintenance

    @property
    def written(self) -> frozenset[str]:
        """The records that it writes."""
        after = {"fence": self.fence, "vm": self.vm, "presence": self.clean}
        return frozenset(name for name, value in after.items() if value is not None)


class World(NamedTuple):
    """Everything: two machines, the store, Ceph's blocklist, and two managers, of which one leads.

    stale_*: a step that was decided on an older view, that would not be decided any more, and that can still be
    committed, for none of its guards has changed. lies: false readings that the BMC may still give.
    broken: a property that the last action broke, when the state itself doesn't show it.
    """

    target: Target = Target()
    fence: FenceIs = FenceIs()
    vm: VmIs = VmIs()
    other: DomainIs = DomainIs.GONE
    other_started: Command = Command.NOT_GIVEN
    blocklisted: bool = False
    seen: Seen = Seen.NOTHING
    leader: Memory = Memory()
    deposed: Memory = Memory()
    children: tuple[Child, ...] = ()
    stale_leader: Step | None = None
    stale_deposed: Step | None = None
    stale_agent: Step | None = None
    lies: int = 0
    broken: str = ""


class Scene(NamedTuple):
    """What is so from the beginning.

    liar: the BMC says off whatever is so. Any BMC may be silent and may lose any command; an honest one may give
    `lies` false readings of off; a dead one never answers. armed: the target has armed its watchdog in each of its
    boots. says_armed: it only says so. bound_s: of the watchdog, as configured. one_manager: the lease never changes.
    reliable: commands to BMC and Ceph do not fail. The last two make a search short.
    """

    name: str
    liar: bool = False
    lies: int = 0
    has_watchdog: bool = False
    armed: bool = False
    says_armed: bool = False
    bound_s: float = 20.0
    dead: bool = False
    one_manager: bool = False
    reliable: bool = False


SCENES = (
    Scene("lying BMC, one manager, commands that fail", liar=True, one_manager=True),
    Scene("lying BMC, two managers", liar=True, reliable=True),
    Scene("BMC with one false reading, one manager", lies=1, one_manager=True, reliable=True),
    Scene("armed watchdog behind a dead BMC", has_watchdog=True, armed=True, dead=True, reliable=True),
)
"""Searched whole in every run of the tests."""
LONG_SCENES = (
    Scene("lying BMC, two managers, commands that fail", liar=True),
    Scene("BMC with one false reading, two managers, commands that fail", lies=1),
    Scene("armed watchdog behind a BMC, two managers, commands that fail", has_watchdog=True, armed=True),
)
"""Searched whole by `python -m tests.exhaustive`: each takes minutes."""


class Rules(NamedTuple):
    """Safeguards that lie in the machinery around the decisions, and that variants take away.

    deadlines: a child ends within the session of its commit. hold: what shall have lasted for a session has seen all
    such children end. keyed_readings: a reading counts only in the round, attempt and retry that it was made for.
    signs: a sign of life makes the readings before it worthless. lease: a manager's commits need its lease.
    paused_first: a domain is started paused. blocklist: there is one. gate: an agent sees the fence of its node.
    clean: a manager sees whether its fenced node is clean.
    """

    deadlines: bool = True
    hold: bool = True
    keyed_readings: bool = True
    signs: bool = True
    lease: bool = True
    paused_first: bool = True
    blocklist: bool = True
    gate: bool = True
    clean: bool = True
