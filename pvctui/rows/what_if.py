"""What if these nodes were dead: tried out on the snapshot by the rules of recovery, never on the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.naming import natural, natural_items
from pvccore.model.struct import Struct, field
from pvccore.plan.forecast import after, forecast_node, forecast_nodes
from pvctui.rows.lines import BLANK, Line, in_column, many

MOST_LISTED = 60
MOST_TO_TRY = 20_000
"""Nodes times VMs up to which it is also tried whether yet another node might die: a moment's work."""


class WhatIf(Struct, frozen=True, kw_only=True):
    """What became of the VMs of the dead nodes. placed: VM → node. parked: VM → why.

    next_parked: node → how many of its VMs would be parked if it died as well; None where that was not tried.
    """

    dead: tuple[str, ...]
    placed: Mapping[str, str] = field(default_factory=dict)
    parked: Mapping[str, str] = field(default_factory=dict)
    next_parked: Mapping[str, int] | None = None


def what_if(cluster: Cluster, dead: Sequence[str]) -> WhatIf:
    """Let all of them die at once, then recover each."""
    names = tuple(name for name in sorted(set(dead)) if name in cluster.nodes)
    for name in names:
        cluster = after(cluster, (), without=name)
    placed: dict[str, str] = {}
    parked: dict[str, str] = {}
    for name in names:
        forecast = forecast_node(cluster, name)
        placed |= forecast.placed
        parked |= forecast.parked
        cluster = after(cluster, forecast.steps)
    return WhatIf(dead=names, placed=placed, parked=parked, next_parked=_next(cluster))


def _next(cluster: Cluster) -> dict[str, int] | None:
    if len(cluster.nodes) * len(cluster.vms) > MOST_TO_TRY:
        return None
    return {name: len(forecast.parked) for name, forecast in forecast_nodes(cluster).items() if forecast.parked}


def what_if_lines(found: WhatIf) -> list[Line]:
    """The answer in words: the sum, what is parked and why, where the others go, and what may happen after."""
    if not found.dead:
        return [(("no node is marked", "dim"),)]
    names = ", ".join(found.dead)
    total = len(found.placed) + len(found.parked)
    lines: list[Line] = [((f"If {names} died now", "strong"),)]
    if not total:
        lines.append(("nothing would be missed: no VM runs there.",))
    elif not found.parked:
        lines.append(((f"all {many(total, 'VM')} would run elsewhere.", "ok"),))
    else:
        words = f"{len(found.placed)} of {many(total, 'VM')} would run elsewhere, {len(found.parked)} would be parked:"
        lines.append(((words, "warn"),))
        lines += [(("■ ", "warn"), (name, "strong"), f"  {why}") for name, why in _first(found.parked)]
        lines += _rest(found.parked)
    lines += _shares(found)
    lines += _afterwards(found)
    return lines


def _shares(found: WhatIf) -> list[Line]:
    if not found.placed:
        return []
    counts: dict[str, int] = {}
    for target in found.placed.values():
        counts[target] = counts.get(target, 0) + 1
    shares = ", ".join(
        f"{node} {count}" for node, count in sorted(counts.items(), key=lambda one: (-one[1], natural(one[0])))
    )
    column = in_column(found.placed)
    moves: list[Line] = [(f"{column(name)}  → {node}",) for name, node in _first(found.placed)]
    return [BLANK, (("where to: ", "label"), shares), *moves, *_rest(found.placed)]


def _afterwards(found: WhatIf) -> list[Line]:
    if found.next_parked is None:
        return []
    if not found.next_parked:
        return [BLANK, (("After that any other node might die, too.", "ok"),)]
    named = ", ".join(f"{name} ({count} parked)" for name, count in natural_items(found.next_parked)[:8])
    return [BLANK, ((f"After that N−1 would not hold: {named}", "warn"),)]


def _first(found: Mapping[str, str]) -> list[tuple[str, str]]:
    return natural_items(found)[:MOST_LISTED]


def _rest(found: Mapping[str, str]) -> list[Line]:
    left = len(found) - MOST_LISTED
    return [((f"and {left} more", "dim"),)] if left > 0 else []
