"""The protocol with one safeguard removed: in the real code, in what its commits check, or in what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from unittest import mock

from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.node import Node
from pvccore.plan import fence_record, fence_steps
from pvccore.plan.effects import Plan
from pvccore.plan.effects import Step as RealStep
from pvccore.plan.watch import Watch
from tests.exhaustive.properties import Property
from tests.exhaustive.search import unchanged
from tests.exhaustive.values import TARGET
from tests.exhaustive.world import Rules, Scene, Step

MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One safeguard removed. breaks: the property that falls first, None where nothing falls (`why` says why).

    patches: names of the real code with what stands in for them.
    """

    name: str
    scene: Scene
    breaks: Property | None = None
    why: str = ""
    rules: Rules = field(default_factory=Rules)
    mend: Callable[[str, Step], Step] = unchanged
    patches: tuple[tuple[object, str, object], ...] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The real code is changed for the time of a search."""
        with ExitStack() as stack:
            for module, name, stand_in in self.patches:
                stack.enter_context(mock.patch.object(module, name, stand_in))
            yield


CALM_GLITCH = Scene("one false reading, one manager, reliable commands", lies=1, one_manager=True, reliable=True)
CALM = Scene("honest BMC, one manager, reliable commands", one_manager=True, reliable=True)
CALM_WATCHDOG = Scene("watchdog behind a dead BMC", has_watchdog=True, dead=True, one_manager=True, reliable=True)
RELIABLE = Scene("honest BMC, reliable commands", reliable=True)
CALM_LIAR = Scene("lying BMC, one manager, reliable commands", liar=True, one_manager=True, reliable=True)
RELIABLE_LIAR = Scene("lying BMC, reliable commands", liar=True, reliable=True)


def without_guard(guard: str, actor: str = MANAGER, *, only: str = "") -> Callable[[str, Step], Step]:
    """The steps of `actor` whose words contain `only` don't check `guard`."""

    def mend(who: str, step: Step) -> Step:
        return step._replace(guards=step.guards - {guard}) if who == actor and only in step.text else step

    return mend


def _only_compare_and_set(who: str, step: Step) -> Step:
    """An agent checks neither its own `alive` nor the fence of its node."""
    return step._replace(guards=step.guards & {"vm"}) if who == TARGET else step


def _taken_for_off(cluster: Cluster, node: Node, watch: Watch) -> Plan:
    change = fence_record.powered_off(cluster, node, watch, "ipmi", "absent")
    return Plan(steps=(RealStep(change=change),))


def _yes(*_: object) -> bool:
    return True


def _nothing(*_: object) -> None:
    return None


PHASES_WITHOUT_PROOF = {**fence_steps._PHASES, FencePhase.REQUESTED: _taken_for_off}

P = Property
BREAKING = (
    Variant(
        name="recovery without any proof",
        scene=CALM,
        breaks=P.SINGLE,
        patches=((fence_steps, "_PHASES", PHASES_WITHOUT_PROOF),),
    ),
    Variant(
        name="one reading of off instead of two",
        scene=CALM_GLITCH,
        breaks=P.SINGLE,
        patches=((fence_record, "READINGS_NEEDED", 1),),
    ),
    Variant(
        name="readings count in any round, and whatever sign of life there was since",
        scene=CALM,
        breaks=P.SINGLE,
        rules=Rules(keyed_readings=False, signs=False),
    ),
    Variant(name="no blocklist", scene=CALM_LIAR, breaks=P.DISK, rules=Rules(blocklist=False)),
    Variant(
        name="recovery does not wait for the blocklist",
        scene=CALM_LIAR,
        breaks=P.DISK,
        patches=((fence_steps, "blocklist_is_done", _yes),),
    ),
    Variant(name="no veto", scene=CALM_LIAR, breaks=P.VETO, patches=((fence_steps, "_vetoed", _nothing),)),
    Variant(name="an agent acts though its node is fenced", scene=CALM, breaks=P.SINGLE, rules=Rules(gate=False)),
    Variant(name="admission without a clean round", scene=CALM_LIAR, breaks=P.DISK, rules=Rules(clean=False)),
    Variant(name="no hold before admission", scene=RELIABLE, breaks=P.HEALTHY, rules=Rules(hold=False)),
    Variant(name="power-offs without a deadline", scene=RELIABLE, breaks=P.HEALTHY, rules=Rules(deadlines=False)),
    Variant(
        name="blocklist commands without a deadline",
        scene=RELIABLE_LIAR,
        breaks=P.LOCKED_OUT,
        rules=Rules(deadlines=False),
    ),
    Variant(name="no maintenance check", scene=CALM, breaks=P.MAINTENANCE, mend=without_guard("maintenance")),
    Variant(
        name="a fence is requested though the node starts anew meanwhile",
        scene=CALM,
        breaks=P.SINGLE,
        mend=without_guard("presence", only="requested"),
    ),
    Variant(
        name="watchdog evidence though it was not armed",
        scene=Scene(
            "a watchdog that is not armed",
            has_watchdog=True,
            says_armed=True,
            dead=True,
            one_manager=True,
            reliable=True,
        ),
        breaks=P.SINGLE,
    ),
    Variant(
        name="a wait for the watchdog shorter than its bound",
        scene=Scene(
            "an armed watchdog", has_watchdog=True, armed=True, bound_s=5.0, dead=True, one_manager=True, reliable=True
        ),
        breaks=P.SINGLE,
    ),
)

REDUNDANT = (
    Variant(
        name="readings count in any round",
        scene=CALM,
        rules=Rules(keyed_readings=False),
        why="a new boot is a sign of life, and makes all readings before it worthless",
    ),
    Variant(
        name="a sign of life between readings is ignored",
        scene=CALM,
        rules=Rules(signs=False),
        why="the readings of an earlier round, attempt or boot are others",
    ),
    Variant(
        name="a fence is withdrawn without a look at the presence",
        scene=CALM,
        mend=without_guard("presence", only="withdrawn"),
        why="who starts anew meanwhile has no copies, and the fence had not touched its node",
    ),
    Variant(
        name="an agent checks nothing but the placement itself",
        scene=CALM,
        mend=_only_compare_and_set,
        why="its node is really off before anything is placed elsewhere, and then the placement has changed",
    ),
)
"""Safeguards that nothing here depends on while the one named in `why` holds: a second line of defence."""
