"""The one way in which all states are written that no decision and no property can tell apart."""

from __future__ import annotations

from pvccore.model.fence import FencePhase
from pvccore.model.vm import VmState
from tests.exhaustive.values import LOCKED
from tests.exhaustive.world import (
    ANNOUNCED,
    NO_BOOT,
    NOT_ANNOUNCED,
    OLD_BOOT,
    Child,
    Command,
    FenceIs,
    Memory,
    Owner,
    Rules,
    Seen,
    Sign,
    Step,
    Target,
    Token,
    VmIs,
    World,
)

FORGOTTEN = Memory()
NAMED = (ANNOUNCED, NOT_ANNOUNCED)
FENCED = (ANNOUNCED, NO_BOOT, OLD_BOOT)
PHASES_THAT_READ = frozenset({FencePhase.REQUESTED, FencePhase.OFF_SENT})
PHASES_WITH_VETO = frozenset({FencePhase.POWERED_OFF, FencePhase.RECOVERING})


def canonical(world: World, rules: Rules) -> World:
    fence, target = world.fence, world.target
    if fence.sign is not Sign.NONE and fence.phase not in PHASES_WITH_VETO:
        world = world._replace(fence=fence._replace(sign=Sign.NONE))
    if world.seen is Seen.UNKNOWN and fence.phase is FencePhase.OFF_SENT:
        world = world._replace(seen=Seen.ON)  # after a power-off, all that counts is whether it says off
    if world.seen is not Seen.NOTHING and fence.boot == OLD_BOOT and rules.keyed_readings:
        world = world._replace(seen=Seen.NOTHING)  # no reading of a boot that is gone can be wrong
    if world.seen is not Seen.NOTHING and rules.keyed_readings and fence.phase not in PHASES_THAT_READ:
        world = world._replace(seen=Seen.NOTHING)
    canonical = _canonical_target(world, target)
    if canonical is not target:
        world = world._replace(target=canonical)
    if world.leader != FORGOTTEN or world.deposed != FORGOTTEN:
        deposed = _remembered(world.deposed._replace(added=Command.NOT_GIVEN), fence)  # it would only repeat it
        world = world._replace(leader=_remembered(world.leader, fence), deposed=deposed)
    if world.children and any(child.owner is Owner.NOBODY and child.current for child in world.children):
        world = world._replace(children=_unheard(world.children))
    if world.other_started and (world.vm.at_target or world.vm.state is not VmState.STARTING):
        world = world._replace(other_started=Command.NOT_GIVEN)
    return _renamed(world)


def _unheard(children: tuple[Child, ...]) -> tuple[Child, ...]:
    """Nobody hears what comes of a crashed manager's child: it does not matter which decision asked for it."""
    return tuple(sorted({one._replace(current=False) if one.owner is Owner.NOBODY else one for one in children}))


def _remembered(memory: Memory, fence: FenceIs) -> Memory:
    """What may still be asked for of a manager's memory: a lifting that failed is given again like a new one."""
    if fence.phase is FencePhase.NONE or memory == FORGOTTEN:
        return FORGOTTEN
    is_acknowledged = fence.locked == len(LOCKED) - 1
    added = Command.NOT_GIVEN if is_acknowledged else memory.added
    lifted = Command.NOT_GIVEN if memory.lifted is Command.FAILED else memory.lifted
    return Memory(added, lifted)


def _canonical_target(world: World, target: Target) -> Target:
    if not target.linked and target.alive is not Token.OWN:
        target = target._replace(linked=True)  # without a session, to be cut off is not to announce oneself
    if not target.power and target.boot != target.presence:
        target = target._replace(boot=target.presence)
    if target.clean and world.fence.phase is FencePhase.NONE:
        target = target._replace(clean=False)
    vm = world.vm
    if target.started and (not vm.at_target or vm.state is not VmState.STARTING or vm.claim != target.boot):
        target = target._replace(started=Command.NOT_GIVEN)
    return target


def _renamed(world: World) -> World:
    """Boots by what they are to the store and the machine, so that there may be any number of them."""
    target = world.target
    present, running = target.presence, target.boot if target.power else target.presence
    if present == ANNOUNCED and running in NAMED and world.fence.boot in FENCED and _is_named(world.vm, target):
        return world  # steps in hand know no other boots than these
    names = {present: ANNOUNCED, NO_BOOT: NO_BOOT}
    boots = {running: NOT_ANNOUNCED} | names
    claims = {running: boots[running], NO_BOOT: NO_BOOT} if target.power else {NO_BOOT: NO_BOOT}
    leader, deposed, agent = (
        _renamed_step(step, boots, claims) for step in (world.stale_leader, world.stale_deposed, world.stale_agent)
    )
    return world._replace(
        target=target._replace(boot=boots[running], presence=ANNOUNCED),
        fence=world.fence._replace(boot=boots.get(world.fence.boot, OLD_BOOT)),
        vm=_renamed_vm(world.vm, claims),
        stale_leader=leader,
        stale_deposed=deposed,
        stale_agent=agent,
    )


def _is_named(vm: VmIs, target: Target) -> bool:
    if not vm.at_target:
        return True
    is_known = vm.claim == NO_BOOT or (target.power and vm.claim == target.boot)
    return is_known or (vm.claim == OLD_BOOT and vm.state is not VmState.STARTING)


def _renamed_vm(vm: VmIs, claims: dict[int, int]) -> VmIs:
    if not vm.at_target:
        return vm
    claim = claims.get(vm.claim, OLD_BOOT)
    # What a boot that is gone had claimed, it may as well have run.
    is_lost = claim == OLD_BOOT and vm.state is VmState.STARTING
    return vm._replace(claim=claim, state=VmState.RUNNING if is_lost else vm.state)


def _renamed_step(step: Step | None, boots: dict[int, int], claims: dict[int, int]) -> Step | None:
    if step is None:
        return None
    fence = step.fence._replace(boot=boots.get(step.fence.boot, OLD_BOOT)) if step.fence is not None else None
    vm = _renamed_vm(step.vm, claims) if step.vm is not None else None
    return step._replace(fence=fence, vm=vm)
