"""What can happen in the cluster: faults, repairs, a person, the lease, children, and what effects and commits do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pvccore.model.vm import VmState
from pvccore.plan.effects import AddBlocklist, LiftBlocklist, SendPowerOff
from tests.exhaustive.properties import Property, is_admitted_and_healthy
from tests.exhaustive.world import (
    NOT_ANNOUNCED,
    Child,
    Command,
    DomainIs,
    Memory,
    Owner,
    Proof,
    Rules,
    Scene,
    Seen,
    Sign,
    Step,
    Token,
    VmIs,
    World,
)

NOTHING: frozenset[str] = frozenset()
FORGOTTEN = Memory()
OFF = SendPowerOff.__name__
ADD = AddBlocklist.__name__
LIFT = LiftBlocklist.__name__


class Move(NamedTuple):
    """One action: in words, what it leads to, and the records that it writes (whose versions grow)."""

    text: str
    world: World
    written: frozenset[str] = NOTHING
    by_agent: bool = False


# The target: machine, link, session


def target_moves(world: World, rules: Rules) -> Iterator[Move]:
    target = world.target
    if target.power:
        yield Move("the target loses its power", without_power(world))
        if target.linked:
            cut = target._replace(linked=False)
            yield Move("the target is cut off from ZooKeeper", world._replace(target=cut))
        else:
            healed = target._replace(linked=True)
            yield Move("the target reaches ZooKeeper again", world._replace(target=healed))
    else:
        booted = target._replace(power=True, boot=NOT_ANNOUNCED, linked=True)
        yield Move("the target is powered on and boots", world._replace(target=booted))
    if target.alive is Token.LINGERING or (target.alive is Token.OWN and not target.linked):
        sign = Sign.NONE if world.fence.sign is Sign.ALIVE else world.fence.sign
        after = world._replace(target=target._replace(alive=Token.NONE), fence=world.fence._replace(sign=sign))
        yield Move("the target's session expires", _signed(after, rules), frozenset({"alive"}))
    if target.power and target.linked and target.alive is not Token.OWN:
        yield Move("the target's daemon announces itself", _announced(world, rules), frozenset({"alive", "presence"}))
    if target.power and target.linked and target.alive is Token.OWN:
        yield Move("the target reports", _signed(_sign(world, Sign.REPORT), rules), frozenset({"report"}))


def without_power(world: World) -> World:
    target = world.target
    alive = Token.LINGERING if target.alive is Token.OWN else target.alive
    off = target._replace(power=False, domain=DomainIs.GONE, alive=alive, effect=None, started=Command.NOT_GIVEN)
    return world._replace(target=off, stale_agent=None)


def _announced(world: World, rules: Rules) -> World:
    target = world.target
    after = target._replace(alive=Token.OWN, presence=target.boot, clean=False)
    return _signed(_sign(world._replace(target=after), Sign.ALIVE), rules)


def _sign(world: World, sign: Sign) -> World:
    """The store shows a sign of life of the boot that was announced last."""
    fence = world.fence
    if world.target.presence != fence.boot:
        return world._replace(fence=fence._replace(sign=Sign.NONE))
    step = world.stale_leader
    if step is not None and step.fence is not None and step.fence.proof is not Proof.NONE:
        step = step._replace(fence=step.fence._replace(sign=max(sign, step.fence.sign)))
    return world._replace(fence=fence._replace(sign=max(sign, fence.sign)), stale_leader=step)


def _signed(world: World, rules: Rules) -> World:
    """Readings of off from before a change of the node's signs prove nothing any more."""
    is_off = rules.signs and world.seen in (Seen.OFF_ONCE, Seen.OFF_TWICE)
    return world._replace(seen=Seen.OFF_BEFORE_A_SIGN) if is_off else world


# The store, the lease, and a person


def store_moves(world: World) -> Iterator[Move]:
    runs_elsewhere = not world.vm.at_target and world.vm.state is VmState.RUNNING and world.other is DomainIs.RUNNING
    if runs_elsewhere and is_admitted_and_healthy(world):
        back = VmIs(at_target=True, state=VmState.STOPPED, claim=-1)
        moved = world._replace(vm=back, other=DomainIs.GONE)
        yield Move("a person moves the VM back to the target", moved, frozenset({"vm"}))


def lease_moves(world: World, rules: Rules) -> Iterator[Move]:
    fresh = world._replace(seen=Seen.NOTHING) if rules.keyed_readings else world
    fresh = fresh._replace(children=_covered(fresh.children))
    lost = frozenset({"lease"})
    paused = fresh._replace(children=tuple(child for child in fresh.children if not _ends(child)))
    # That a manager gets its own lease again is two of these moves: the other one had it and did nothing.
    yield Move("the manager hangs; the other one takes the lease", _swapped(paused), lost)
    yield Move("the manager crashes; the other one takes the lease", _swapped(_orphaned(paused)), lost)
    if paused.children != fresh.children:
        yield Move("the manager stops in good order; the other one takes the lease", _swapped(_orphaned(fresh)), lost)


def _ends(child: Child) -> bool:
    """Whether a child is certainly at its end once its manager's session has expired."""
    return child.ends_with_session and child.owner is Owner.LEADER


def _orphaned(world: World) -> World:
    children = {
        child._replace(owner=Owner.NOBODY) if child.owner is Owner.LEADER else child for child in world.children
    }
    return world._replace(leader=Memory(), children=tuple(sorted(children)), stale_leader=None)


def _covered(children: tuple[Child, ...]) -> tuple[Child, ...]:
    return tuple(sorted({child._replace(covered=True) for child in children}))


SWAPPED = {Owner.LEADER: Owner.OTHER, Owner.OTHER: Owner.LEADER, Owner.NOBODY: Owner.NOBODY}


def _swapped(world: World) -> World:
    children = {child._replace(owner=SWAPPED[child.owner]) for child in world.children}
    return world._replace(leader=world.deposed, deposed=world.leader, children=tuple(sorted(children)))


# Children: effects of managers


def child_moves(world: World, child: Child, rules: Rules, scene: Scene) -> Iterator[Move]:
    children = tuple(other for other in world.children if other != child)
    without = world._replace(children=children)
    if child.kind == OFF:
        if scene.dead or not scene.reliable or not world.target.power:
            yield Move("a power-off has no effect", without)
        if world.target.power and not scene.dead:
            broken = Property.HEALTHY if is_admitted_and_healthy(world) else ""
            yield Move("a power-off cuts the target's power", without_power(without)._replace(broken=broken))
        return
    acted = without._replace(blocklisted=child.kind == ADD and rules.blocklist)
    words = "the target's address is blocklisted" if child.kind == ADD else "the target's address is lifted"
    yield Move(words, _remember(acted, child, Command.WORKED))
    if scene.reliable:
        return
    yield Move(f"{words}, though the command seems to fail", _remember(acted, child, Command.FAILED))
    yield Move(f"{child.kind} fails", _remember(without, child, Command.FAILED))


def _remember(world: World, child: Child, result: Command) -> World:
    if not child.current or child.owner is Owner.NOBODY:
        return world
    name = "added" if child.kind == ADD else "lifted"
    if child.owner is Owner.LEADER:
        return world._replace(leader=world.leader._replace(**{name: result}))
    return world._replace(deposed=world.deposed._replace(**{name: result}))


def readings(world: World, scene: Scene) -> Iterator[Move]:
    if scene.dead or not scene.reliable:
        yield Move("the BMC does not answer", world._replace(seen=Seen.UNKNOWN))
    if scene.dead:
        return
    if scene.liar or not world.target.power:
        yield Move("the BMC says off", world._replace(seen=_off_again(world.seen)))
    elif world.lies:
        lied = world._replace(seen=_off_again(world.seen), lies=world.lies - 1)
        yield Move("the BMC says off, which is false", lied)
    if world.target.power and not scene.liar:
        yield Move("the BMC says on", world._replace(seen=Seen.ON))


def _off_again(seen: Seen) -> Seen:
    return Seen.OFF_TWICE if seen in (Seen.OFF_ONCE, Seen.OFF_TWICE) else Seen.OFF_ONCE


# Commits and effects


def fence_written(world: World, step: Step, rules: Rules) -> World:
    fence = step.fence
    assert fence is not None
    # The veto's sign is of the proof: a step that leaves the proof leaves the sign.
    if fence.proof is world.fence.proof:
        fence = fence._replace(sign=world.fence.sign)
    world = world._replace(fence=fence)
    if step.new_round:
        children = {child._replace(current=False) for child in world.children}
        world = world._replace(leader=Memory(), deposed=Memory(), children=tuple(sorted(children)))
        world = world._replace(target=world.target._replace(clean=False))
    if step.new_command:
        children = {child._replace(current=child.current and child.kind == OFF) for child in world.children}
        world = world._replace(leader=Memory(), deposed=Memory(), children=tuple(sorted(children)))
    if step.new_stage:
        world = world._replace(children=_covered(world.children))
    if step.new_readings:
        children = {child._replace(current=child.current and child.kind != OFF) for child in world.children}
        world = world._replace(children=tuple(sorted(children)))
        if rules.keyed_readings:
            world = world._replace(seen=Seen.NOTHING)
    return world


def agent_commit(world: World, step: Step, who: str) -> Move:
    """The target's agent writes that it is clean, or how its VM is."""
    target, text = world.target, f"{who} commits: {step.text}"
    if step.clean is not None:
        clean = world._replace(target=target._replace(clean=step.clean))
        return Move(text, clean, frozenset({"presence"}), by_agent=True)
    assert step.vm is not None
    if step.vm.state is VmState.STARTING and world.vm != step.vm:
        effect = (target.effect[0], False) if target.effect is not None else None
        target = target._replace(started=Command.NOT_GIVEN, effect=effect)
    return Move(text, world._replace(vm=step.vm, target=target), frozenset({"vm"}), by_agent=True)


def act_on_target(world: World, kind: str, rules: Rules, current: bool) -> World:
    target = world.target
    domain, started = _acted(kind, target.domain, rules, may_open=not world.blocklisted)
    if started is not None and current:
        target = target._replace(started=started)
    return world._replace(target=target._replace(domain=domain))


def other_move(world: World, step: Step, rules: Rules) -> Move:
    if step.is_change:
        assert step.vm is not None
        started = Command.NOT_GIVEN if step.vm.state is VmState.STARTING else world.other_started
        after = world._replace(vm=step.vm, other_started=started)
        return Move(f"the other node's agent commits: {step.text}", after, frozenset({"vm"}))
    domain, result = _acted(step.effects[0][0], world.other, rules, may_open=True)
    after = world._replace(other=domain, other_started=world.other_started if result is None else result)
    return Move(f"the other node's agent: {step.text}", after)


def _acted(kind: str, domain: DomainIs, rules: Rules, *, may_open: bool) -> tuple[DomainIs, Command | None]:
    """What an effect makes of a domain, and the outcome of a start."""
    if kind == "StartPaused":
        if domain is not DomainIs.GONE or not may_open:
            return domain, Command.FAILED
        return (DomainIs.PAUSED if rules.paused_first else DomainIs.RUNNING), Command.WORKED
    if kind == "Resume":
        return (DomainIs.RUNNING if domain is DomainIs.PAUSED else domain), None
    return DomainIs.GONE, None  # Destroy, Shutdown
