"""How an agent words and guards its changes; shared by the parts of `plan.local`."""

from __future__ import annotations

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import LocalView
from pvccore.model.vm import Placement, Vm
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import Destroy, Effect, Plan, Shutdown, Step

DESTROY_AGAIN_S = 2.0
"""Pause before a domain that would not end is destroyed again."""
SHOWS_WITHIN_S = 1.0
"""What an effect did shows in the list of domains at the latest this long after it ended."""


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


def destroy(uuid: str, run_id: str, watch: LocalWatch) -> Plan:
    """A plan that ends a domain at once, and again until it is gone."""
    return perform(Destroy(uuid=uuid, run_id=run_id), watch, again_after_s=DESTROY_AGAIN_S)


def shut_down_then_destroy(vm: Vm, domain: Domain, run_id: str, limit_s: float, watch: LocalWatch) -> Plan:
    """Press the power button once; when the guest has not gone within `limit_s`, end it.

    A paused guest hears no button.
    """
    if domain.state is DomainState.PAUSED:
        return destroy(vm.uuid, run_id, watch)
    press = Shutdown(uuid=vm.uuid, run_id=run_id)
    pressed = watch.last_outcome(press)
    if pressed is None:
        return Plan(steps=(Step(effects=(press,)),))
    due_at_s = pressed.at_s if pressed.error else pressed.at_s + limit_s
    if watch.now_s < due_at_s:
        return Plan(wake_at_s=due_at_s)
    return destroy(vm.uuid, run_id, watch)
