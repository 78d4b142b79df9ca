"""What an actor sees of a state: all that its decision depends on, and nothing more."""

from __future__ import annotations

from typing import NamedTuple

from tests.exhaustive.values import (
    OTHER,
    TARGET,
)
from tests.exhaustive.world import (
    Child,
    Command,
    DomainIs,
    FenceIs,
    Memory,
    Owner,
    Rules,
    Scene,
    Seen,
    Token,
    VmIs,
    World,
)


class ManagerSees(NamedTuple):
    """All that a manager's decision depends on."""

    fence: FenceIs
    presence: int
    clean: bool
    alive: bool
    vm: VmIs
    seen: Seen
    memory: Memory
    children: tuple[Child, ...]
    has_waited: bool  # the stage may have lasted for a session: all that would have ended by then has
    may_be_beyond: bool  # an armed watchdog must have fired by the time its bound is over


class AgentSees(NamedTuple):
    """All that an agent's decision depends on; `fence` and `clean` of the other node never matter."""

    node: str
    boot: int
    fence: FenceIs
    clean: bool
    presence: int
    vm: VmIs
    domain: DomainIs
    started: Command
    effect: tuple[str, bool] | None


def manager_sees(world: World, scene: Scene, rules: Rules) -> ManagerSees:
    """What the leader sees of `world`."""
    target = world.target
    is_dead = not target.power or target.boot != target.presence
    return ManagerSees(
        fence=world.fence,
        presence=target.presence,
        clean=target.clean or not rules.clean,
        alive=target.alive is not Token.NONE,
        vm=world.vm,
        seen=world.seen,
        memory=world.leader,
        children=tuple(child for child in world.children if child.owner is Owner.LEADER),
        has_waited=not (rules.hold and any(child.ends_with_session and child.covered for child in world.children)),
        may_be_beyond=scene.has_watchdog and (is_dead or not scene.armed),
    )


def target_sees(world: World, rules: Rules) -> AgentSees:
    """What the target's agent sees."""
    target = world.target
    return AgentSees(
        node=TARGET,
        boot=target.boot,
        fence=world.fence if rules.gate else FenceIs(),
        clean=target.clean,
        presence=target.presence,
        vm=world.vm,
        domain=target.domain,
        started=target.started,
        effect=target.effect,
    )


def other_sees(world: World) -> AgentSees:
    """What the other node's agent sees."""
    return AgentSees(
        node=OTHER,
        boot=0,
        fence=FenceIs(),
        clean=False,
        presence=0,
        vm=world.vm,
        domain=world.other,
        started=world.other_started,
        effect=None,
    )
