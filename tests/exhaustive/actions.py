"""All that can happen in the abstract cluster: faults, repairs, and every step of managers, agents and their children.

An actor that decides and commits at once, whenever it wants, covers all that it can do on a fresh view. What it can
do on an older one is a step that is not decided any more though all its guards still hold: when an action makes a
step such, the search goes on with and without an actor that has it still in hand (`_in_hand`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.exhaustive.canonical import canonical
from tests.exhaustive.commits import sends_or_begins
from tests.exhaustive.decisions import Decisions
from tests.exhaustive.moves import (
    Move,
    act_on_target,
    agent_commit,
    child_moves,
    fence_written,
    lease_moves,
    other_move,
    readings,
    store_moves,
    target_moves,
)
from tests.exhaustive.properties import Property
from tests.exhaustive.sights import manager_sees, other_sees, target_sees
from tests.exhaustive.values import READ
from tests.exhaustive.world import (
    Child,
    Owner,
    Proof,
    Rules,
    Scene,
    Sign,
    Step,
    Token,
    World,
)

LEASE = frozenset({"lease"})


class Actions:
    """The successors of a state, driving the real decisions."""

    def __init__(self, scene: Scene, decisions: Decisions, rules: Rules) -> None:
        self._scene = scene
        self._decisions = decisions
        self._rules = rules

    def first(self) -> World:
        """All is well: the VM runs on the target."""
        return World(lies=self._scene.lies)

    def successors(self, world: World) -> Iterator[tuple[str, World]]:
        """Every action, with the state that it leads to, which is still to be settled."""
        leader, agent = self._leader_steps(world), self._agent_steps(world)
        can_commit = any(step.is_change for step in leader) and world.stale_leader is None
        for move in self._moves(world, leader, agent):
            after = _carry(world, move)
            yield move.text, after
            if can_commit:
                yield from self._in_managers_hand(move, after, leader)
            if agent and not move.by_agent:
                yield from _in_agents_hand(world, move, after, agent)

    def _moves(self, world: World, leader: frozenset[Step], agent: frozenset[Step]) -> Iterator[Move]:
        yield from target_moves(world, self._rules)
        yield from store_moves(world)
        if not self._scene.one_manager:
            yield from lease_moves(world, self._rules)
        for child in world.children:
            yield from child_moves(world, child, self._rules, self._scene)
        yield from self._manager_moves(world, leader)
        yield from self._agent_moves(world, agent)

    # Actors

    def _leader_steps(self, world: World) -> frozenset[Step]:
        sees = manager_sees(world, self._scene, self._rules)
        return self._decisions.of_manager(sees)

    def _agent_steps(self, world: World) -> frozenset[Step]:
        target = world.target
        if not target.power or target.alive is not Token.OWN:
            return frozenset()
        steps = self._decisions.of_agent(target_sees(world, self._rules))
        # Cut off, it still does what needs no commit, until it doubts its session.
        return steps if target.linked else frozenset(step for step in steps if not step.is_change)

    def _manager_moves(self, world: World, steps: frozenset[Step]) -> Iterator[Move]:
        if world.stale_deposed is not None:
            step = world.stale_deposed
            without = world._replace(stale_deposed=None)
            yield self._commit(without, step, "the deposed manager, late, ", Owner.OTHER, is_fresh=False)
        if world.stale_leader is not None:
            step = world.stale_leader
            without = world._replace(stale_leader=None)
            yield self._commit(without, step, "the manager, late, ", Owner.LEADER, is_fresh=False)
            return
        for step in steps:
            if step.is_change:
                yield self._commit(world, step, "the manager ", Owner.LEADER)
            elif step.effects[0][0] == READ:
                yield from readings(world, self._scene)

    def _agent_moves(self, world: World, steps: frozenset[Step]) -> Iterator[Move]:
        target = world.target
        if target.effect is not None and target.power:
            kind, current = target.effect
            after = act_on_target(
                world._replace(target=target._replace(effect=None)), kind, self._rules, current=current
            )
            yield Move(f"the target's agent ends {kind}, begun earlier", after, by_agent=True)
        if world.stale_agent is not None:
            yield agent_commit(world._replace(stale_agent=None), world.stale_agent, "the target's agent, late,")
        else:
            for step in steps:
                if step.is_change:
                    yield agent_commit(world, step, "the target's agent")
                else:
                    acted = act_on_target(world, step.effects[0][0], self._rules, current=True)
                    yield Move(f"the target's agent: {step.text}", acted, by_agent=True)
        for step in self._decisions.of_agent(other_sees(world)):
            yield other_move(world, step, self._rules)

    # Steps in hand

    def _in_managers_hand(self, move: Move, after: World, steps: frozenset[Step]) -> Iterator[tuple[str, World]]:
        """The states in which a manager still has in hand a step that it would not decide any more."""
        is_deposed = "lease" in move.written
        if is_deposed and self._rules.lease:
            return
        for step in steps:
            if not step.is_change or step.guards & move.written - LEASE:
                continue
            if is_deposed:
                yield f"{move.text} [the deposed manager has in hand: {step.text}]", after._replace(stale_deposed=step)
            elif after.stale_leader is None:
                yield f"{move.text} [the manager has in hand: {step.text}]", after._replace(stale_leader=step)

    def settle(self, world: World) -> World:
        """The same state, written in the one way that all states like it are written."""
        world = canonical(world, self._rules)
        if world.stale_leader is not None and world.stale_leader in self._leader_steps(world):
            world = world._replace(stale_leader=None)
        if world.stale_agent is not None and world.stale_agent in self._agent_steps(world):
            world = world._replace(stale_agent=None)
        target = world.target
        if target.effect is not None and target.effect[1]:
            without = world._replace(target=target._replace(effect=None))
            if any(step.effects[:1] and step.effects[0][0] == target.effect[0] for step in self._agent_steps(without)):
                world = without
        return world

    def _commit(self, world: World, step: Step, who: str, owner: Owner, *, is_fresh: bool = True) -> Move:
        written: set[str] = set()
        before = world.fence
        if step.fence is not None:
            written.add("fence")
            world = fence_written(world, step, self._rules)
        if step.vm is not None:
            written.add("vm")
            world = world._replace(vm=step.vm)
            is_vetoed = before.sign is not Sign.NONE and before.proof is Proof.READINGS
            if is_fresh and is_vetoed and not step.vm.at_target:
                world = world._replace(broken=Property.VETO)
        if step.in_maintenance or ("maintenance" not in step.guards and sends_or_begins(step, before)):
            who = f"maintenance goes on; {who}"
            world = world._replace(broken=Property.MAINTENANCE)
        children = set(world.children)
        children |= {
            Child(kind, owner, True, bound and self._rules.deadlines, step.new_stage) for kind, bound in step.effects
        }
        world = world._replace(children=tuple(sorted(children)))
        return Move(f"{who}commits: {step.text}", world, frozenset(written))


def _carry(world: World, move: Move) -> World:
    """What the move leads to, without the steps in hand whose guards it has changed."""
    after = move.world
    if after.stale_leader is not None and after.stale_leader.guards & move.written:
        after = after._replace(stale_leader=None)
    if after.stale_deposed is not None and after.stale_deposed.guards & move.written:
        after = after._replace(stale_deposed=None)
    if after.stale_agent is not None and after.stale_agent.guards & move.written:
        after = after._replace(stale_agent=None)
    return after


def _in_agents_hand(world: World, move: Move, after: World, steps: frozenset[Step]) -> Iterator[tuple[str, World]]:
    """The same of the target's agent, and of what it has begun and not ended."""
    if not after.target.power or after.target.boot != world.target.boot:
        return
    for step in steps:
        if not step.is_change and after.target.effect is None:
            target = after.target._replace(effect=(step.effects[0][0], True))
            yield f"{move.text} [the target's agent has begun {step.text}]", after._replace(target=target)
        elif step.is_change and after.stale_agent is None and not step.guards & move.written:
            yield f"{move.text} [the target's agent has in hand: {step.text}]", after._replace(stale_agent=step)
