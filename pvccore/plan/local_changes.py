"""How an agent words and guards its changes; shared by the parts of `plan.local`."""

from __future__ import annotations

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import LocalView
from pvccore.model.vm import Placement, Vm
from pvccore.plan.domains import LocalWatch
from pvccore.plan.effects import Effect, Plan, Step


def placement_change(
    vm: Vm, after: Placement, view: LocalView, what: str, why: str = "", *, gate: bool = False
) -> Change:
    """A new placement of `vm`; with `gate` only while no fence is on this node."""
    checks = (Check(kind=Kind.FENCE, key=view.node.name, version=view.node.fence.version),) if gate else ()
    return Change(
        writes=(Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=after),),
        checks=checks,
        what=what,
        why=why,
        vm=vm.name,
        node=view.node.name,
        quiet=not what,
    )


def commit(vm: Vm, after: Placement, view: LocalView, what: str = "", why: str = "", *, gate: bool = False) -> Plan:
    """A plan of one placement change; nothing when it would change nothing. Without words it is not journalled."""
    if after == vm.placement:
        return Plan()
    return Plan(steps=(Step(change=placement_change(vm, after, view, what, why, gate=gate)),))


def perform(effect: Effect, watch: LocalWatch, *, again_after_s: float | None = None) -> Plan:
    """A plan of one effect, unless it ended already; with `again_after_s` it is given again after that pause."""
    outcome = watch.last_outcome(effect)
    if outcome is None:
        return Plan(steps=(Step(effects=(effect,)),))
    if again_after_s is None:
        return Plan()
    due_at_s = outcome.at_s + again_after_s
    return Plan(wake_at_s=due_at_s) if due_at_s > watch.now_s else Plan(steps=(Step(effects=(effect,)),))
