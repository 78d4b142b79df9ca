"""Mutants: the real code with one safeguard taken out, to prove that the fuzzer would notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from nodedaemon import agent
from nodedaemon.ledger import Ledger
from nodedaemon.self_fence import WatchdogRule
from pvccore.model.change import Change, Check, Kind
from pvccore.model.cluster import Cluster, LocalView
from pvccore.model.fence import Fence, FenceAgent, FenceAgentKind
from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvccore.model.vm import Vm
from pvccore.plan import fence_record, fence_steps, fencing, managing, placement, recovery, returning
from pvccore.plan.domains import LocalWatch
from pvccore.plan.effects import Effect, Outcome, Plan
from pvccore.plan.local import plan_local
from pvccore.plan.placement import Rooms
from pvccore.plan.watch import Watch
from pvccore.state.session import Session
from simulation import plots, rules
from simulation.plots import Plot
from tests.simulation.fuzzing import USUAL

Patch = pytest.MonkeyPatch
PROVERS = (fence_steps, fencing)
"""The modules that ask whether readings prove a node off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A safeguard that is left out, and which rules are broken then (any of them).

    focus: the plot that closes in on it; without one any schedule may find it. cluster: the one of tests/fuzz that it
    is let loose on.
    """

    name: str
    leave_out: Callable[[Patch], None]
    breaks: tuple[str, ...]
    focus: Plot | None = None
    cluster: str = USUAL


def _without(kind: Kind) -> Callable[[Patch], None]:
    """No commit is on condition of such a record any more."""

    def leave_out(patch: Patch) -> None:
        commit = Session.commit

        def committed(self: Session, change: Change, guards: Sequence[Check] = ()) -> None:
            checks = tuple(check for check in change.checks if check.kind is not kind)
            commit(self, replace(change, checks=checks), [guard for guard in guards if guard.kind is not kind])

        patch.setattr(Session, "commit", committed)

    return leave_out


def _power_off_is_believed(patch: Patch) -> None:
    for module in PROVERS:
        patch.setattr(module, "proves_off", lambda *_: True)


def _off_once_is_off_for_ever(patch: Patch) -> None:
    proven: set[str] = set()
    real = fence_record.proves_off

    def proves_off(cluster: Cluster, node: Node, readings: tuple[Outcome, ...], watch: Watch) -> bool:
        if real(cluster, node, readings, watch):
            proven.add(node.name)
        return node.name in proven

    for module in PROVERS:
        patch.setattr(module, "proves_off", proves_off)


def _nothing_is_reserved(patch: Patch) -> None:
    patch.setattr(Rooms, "reserve", lambda *_: None)


def _maintenance_holds_nothing(patch: Patch) -> None:
    patch.setattr(fence_steps, "held", lambda *_: None)
    _without(Kind.MAINTENANCE)(patch)


def _no_gate(patch: Patch) -> None:
    def ungated(view: LocalView, watch: LocalWatch) -> Plan:
        return plan_local(replace(view, node=replace(view.node, fence=Fence())), watch)

    patch.setattr(agent, "plan_local", ungated)


def _no_blocklist(patch: Patch) -> None:
    patch.setattr(managing, "plan_blocklist", lambda *_: Plan())
    patch.setattr(fence_steps, "blocklist_is_done", lambda *_: True)


def _previous_node_is_overwritten(patch: Patch) -> None:
    patch.setattr(recovery, "previous_node_after", lambda vm, _target: vm.placement.node)


def _limits_are_ignored(patch: Patch) -> None:
    patch.setattr(placement, "_outside_limit", lambda *_: None)
    patch.setattr(Rooms, "_allowed", lambda rooms, _vm: list(rooms.nodes))


def _what_fits_nowhere_is_forgotten(patch: Patch) -> None:
    real = recovery.place_or_park

    def place_only(vm: Vm, node: Node, rooms: Rooms) -> Change | None:
        fits = rooms.choose_target(vm, without=(node.name, vm.node)) is not None
        return real(vm, node, rooms) if fits else None

    patch.setattr(recovery, "place_or_park", place_only)


def _power_offs_have_no_deadline(patch: Patch) -> None:
    real = Ledger.start

    def start(self: Ledger, effect: Effect, _deadline_s: float | None = None) -> None:
        real(self, effect, None)

    patch.setattr(Ledger, "start", start)


def _watchdogs_are_not_waited_for(patch: Patch) -> None:
    """The bound ends where the daemon stops petting: the watchdog's own time-out is forgotten."""
    patch.setattr(WatchdogRule, "bound_s", property(lambda rule: rule.stops_after_s))


def _sleeping_watchdogs_count(patch: Patch) -> None:
    """A watchdog proves its node off though it was not armed."""
    ask = fence_steps._REQUESTED_BY_KIND[FenceAgentKind.WATCHDOG]

    def asked(cluster: Cluster, node: Node, watch: Watch, agent: FenceAgent) -> Plan:
        armed = replace(node, presence=replace(node.presence, watchdog_armed=True))
        return ask(cluster, armed, watch, agent)

    patch.setattr(fence_steps, "_REQUESTED_BY_KIND", {**fence_steps._REQUESTED_BY_KIND, FenceAgentKind.WATCHDOG: asked})


def _fences_again_at_once(patch: Patch) -> None:
    patch.setattr(fencing, "fencing_objection", lambda cluster, _node, watch: fencing.quiet_reason(cluster, watch))


def _a_new_manager_knows_of_no_fence(patch: Patch) -> None:
    """That a node was fenced a short while ago is not written down."""
    real = returning._admitted

    def admitted(cluster: Cluster, node: Node, watch: Watch) -> Change:
        change = real(cluster, node, watch)
        fence, *others = change.writes
        if not isinstance(fence.after, Fence):
            raise TypeError("the fence record is written first")
        return replace(change, writes=(replace(fence, after=replace(fence.after, recent=False)), *others))

    patch.setattr(returning, "_admitted", admitted)


MUTANTS = (
    Mutant(
        name="commits without the lease",
        leave_out=_without(Kind.LEASE),
        breaks=(rules.LEASE,),
        focus=plots.ruler_stands_still,
    ),
    Mutant(
        name="commits without being alive",
        leave_out=_without(Kind.ALIVE),
        breaks=(rules.GHOST, rules.TWO_COPIES),
        focus=plots.starts_while_fenced,
    ),
    Mutant(
        name="claims without the fence check",
        leave_out=_without(Kind.FENCE),
        breaks=(rules.GATE,),
        focus=plots.starts_while_fenced,
    ),
    Mutant(
        name="steps without the maintenance check",
        leave_out=_without(Kind.MAINTENANCE),
        breaks=(rules.MAINTENANCE,),
        focus=plots.late_decision,
    ),
    Mutant(
        name="maintenance holds nothing",
        leave_out=_maintenance_holds_nothing,
        breaks=(rules.MAINTENANCE,),
        focus=plots.late_power_off,
    ),
    Mutant(
        name="recovers before it is powered off",
        leave_out=_power_off_is_believed,
        breaks=(rules.OFF_FIRST, rules.TWO_COPIES),
    ),
    Mutant(
        name="believes the evidence of an earlier round",
        leave_out=_off_once_is_off_for_ever,
        breaks=(rules.OFF_FIRST, rules.TWO_COPIES),
    ),
    Mutant(
        name="forgets the reservation", leave_out=_nothing_is_reserved, breaks=(rules.ROOM,), focus=plots.two_at_once
    ),
    Mutant(name="fences again at once", leave_out=_fences_again_at_once, breaks=(rules.TWICE,), focus=plots.dies_again),
    Mutant(
        name="forgets that it has fenced",
        leave_out=_a_new_manager_knows_of_no_fence,
        breaks=(rules.TWICE,),
        focus=plots.dies_again,
    ),
    Mutant(name="has no gate", leave_out=_no_gate, breaks=(rules.GATE, rules.TWO_COPIES)),
    Mutant(name="leaves the blocklist out", leave_out=_no_blocklist, breaks=(rules.LOCKED_OUT, rules.TWO_WRITERS)),
    Mutant(name="overwrites the previous node", leave_out=_previous_node_is_overwritten, breaks=(rules.PREVIOUS_NODE,)),
    Mutant(name="ignores node limits", leave_out=_limits_are_ignored, breaks=(rules.LIMIT,)),
    Mutant(name="forgets what fits nowhere", leave_out=_what_fits_nowhere_is_forgotten, breaks=(rules.NONE_FORGOTTEN,)),
    Mutant(
        name="lets a power-off come late",
        leave_out=_power_offs_have_no_deadline,
        breaks=(rules.MAINTENANCE, rules.ADMITTED),
        focus=plots.late_power_off,
    ),
    Mutant(
        name="believes a watchdog before its time",
        leave_out=_watchdogs_are_not_waited_for,
        breaks=(rules.OFF_FIRST, rules.TWO_COPIES),
        cluster="odd",
    ),
    Mutant(
        name="believes a watchdog that sleeps",
        leave_out=_sleeping_watchdogs_count,
        breaks=(rules.OFF_FIRST, rules.TWO_COPIES),
        focus=plots.silent_in_maintenance,
        cluster="odd",
    ),
)
