"""Breadth-first search through every state that the protocol can reach; the first broken property ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from unittest import mock

from pvccore.plan import fence_steps
from tests.exhaustive.actions import Actions
from tests.exhaustive.decisions import Decisions
from tests.exhaustive.properties import Property, broken_property
from tests.exhaustive.world import Rules, Scene, Step, World

SENDS = 1
"""Power-offs sent before the next fence agent is tried: two would only add states."""


def unchanged(_actor: str, step: Step) -> Step:
    """The step as the real code decided it."""
    return step


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search has seen. trace: the shortest way to a broken property, one line for each action."""

    states: int
    moves: int
    complete: bool
    broken: Property | None = None
    trace: tuple[str, ...] = ()


def search(
    scene: Scene,
    *,
    rules: Rules | None = None,
    mend: Callable[[str, Step], Step] = unchanged,
    ignored: frozenset[Property] = frozenset(),
    limit: int | None = None,
) -> Found:
    """Search `scene` whole, or up to `limit` states, or until a property breaks that is not ignored."""
    with mock.patch.object(fence_steps, "SENDS_PER_AGENT", SENDS):
        return _search(Actions(scene, Decisions(scene, mend), rules or Rules()), scene, ignored, limit)


def _search(actions: Actions, scene: Scene, ignored: frozenset[Property], limit: int | None) -> Found:
    first = actions.first()
    parents: dict[World, tuple[World, str] | None] = {first: None}
    edge, moves = [first], 0
    while edge:
        following: list[World] = []
        for world in edge:
            for text, raw in actions.successors(world):
                moves += 1
                if raw in parents:  # settled states settle to themselves
                    continue
                after = actions.settle(raw)
                if after in parents:
                    continue
                parents[after] = (world, text)
                broken = broken_property(after, scene, ignored)
                if broken is not None:
                    trace = _trace(parents, after)
                    return Found(states=len(parents), moves=moves, complete=False, broken=broken, trace=trace)
                following.append(after)
        if limit is not None and len(parents) > limit:
            return Found(states=len(parents), moves=moves, complete=False)
        edge = following
    return Found(states=len(parents), moves=moves, complete=True)


def _trace(parents: dict[World, tuple[World, str] | None], last: World) -> tuple[str, ...]:
    lines: list[str] = []
    step = parents[last]
    while step is not None:
        lines.append(step[1])
        step = parents[step[0]]
    return tuple(f"{number:2}. {line}" for number, line in enumerate(reversed(lines), 1))
