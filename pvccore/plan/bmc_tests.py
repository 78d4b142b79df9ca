"""Tests of BMCs: a living node's power is read now and then, so that a BMC that fails is an alarm before the fence.

Daily, more often while one fails or people work on the machines, and at once when maintenance ends, when a node is
new, and when it is configured anew. Read-only: no part of a fence, and no fence waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvccore.model.bmc import BmcTest
from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.naming import natural_items
from pvccore.model.node import Node
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import Struct, field, replace
from pvccore.plan.effects import Effect, Outcome, Outcomes, Plan, Power, Step, TryBmc, earliest

DAILY_S = 86400.0
WHILE_FAILING_S = 300.0
IN_MAINTENANCE_S = 600.0
"""In maintenance cables are pulled and boards are changed; what is found must be known before it ends."""
OF_ANOTHER_LEASE_S = 3600.0
"""A manager can't tell how old its predecessor's tests are, so it makes its own within the hour."""
NODES_AT_ONCE = 4
TRIES = 2
"""One lost answer is no broken BMC."""


class TestWatch(Struct, frozen=True, kw_only=True):
    """What the manager knows beside the store when it tests.

    now_s, wall_s: as in `Watch`. by: its node. lease: its own.
    standing_s: node → for how long its record has been as it is, as seen under this lease.
    """

    __test__ = False

    now_s: float
    by: str
    lease: str
    wall_s: float = 0.0
    standing_s: Mapping[str, float] = field(default_factory=dict)
    outcomes: Outcomes = field(default_factory=dict)
    in_flight: frozenset[Effect] = frozenset()


def plan_bmc_tests(cluster: Cluster, watch: TestWatch) -> Plan:
    """The tests that are due, a few nodes at a time, and what those that ended have shown."""
    steps, wakes = [], []
    places = NODES_AT_ONCE - len({effect.node for effect in watch.in_flight if isinstance(effect, TryBmc)})
    for _, node in sorted(cluster.nodes.items()):
        if not is_testable(node):
            continue
        left_s = _due_in_s(cluster, node, watch)
        if left_s > 0:
            wakes.append(watch.now_s + left_s)
        elif all(_has_ended(effect, watch) for effect in tries(node)):
            steps.append(Step(change=_shown(cluster, node, watch)))
        elif (missing := tuple(_missing(node, watch))) and places > 0:
            places -= 1
            steps.append(Step(effects=missing))
    return Plan(steps=tuple(steps), wake_at_s=earliest(*wakes))


def is_testable(node: Node) -> bool:
    """Whether a node's BMC can be asked, and nothing better is being asked of it: a fence does its own reading."""
    return bool(node.config.bmcs) and node.is_alive and not node.fence.under_way and node.bmc.version != UNREADABLE


def failing_bmcs(cluster: Cluster) -> tuple[Node, ...]:
    """The nodes whose BMC failed its last test, by name; what one no longer has is not held against it."""
    return tuple(node for _, node in natural_items(cluster.nodes) if node.bmc.fails and node.config.bmcs)


def tries(node: Node) -> tuple[TryBmc, ...]:
    """What is to be asked in the next test of a node."""
    return tuple(
        TryBmc(node=node.name, round=node.fence.round, agent=agent, test=node.bmc.version) for agent in node.config.bmcs
    )


def _due_in_s(cluster: Cluster, node: Node, watch: TestWatch) -> float:
    last, maintenance = node.bmc, cluster.maintenance
    was_changed = last.config != node.config.version
    has_ended = not maintenance.on and last.maintenance != maintenance.version
    if not last.is_known or was_changed or has_ended:
        return 0.0
    return _every_s(cluster, last, watch) - watch.standing_s.get(node.name, 0.0)


def _every_s(cluster: Cluster, last: BmcTest, watch: TestWatch) -> float:
    if last.fails:
        return WHILE_FAILING_S
    if cluster.maintenance.on:
        return IN_MAINTENANCE_S
    return DAILY_S if last.lease == watch.lease else OF_ANOTHER_LEASE_S


def _outcomes(effect: TryBmc, watch: TestWatch) -> tuple[Outcome, ...]:
    return watch.outcomes.get(effect, ())


def _has_ended(effect: TryBmc, watch: TestWatch) -> bool:
    outcomes = _outcomes(effect, watch)
    return len(outcomes) >= TRIES or (bool(outcomes) and outcomes[-1].value is Power.ON)


def _missing(node: Node, watch: TestWatch) -> Iterator[TryBmc]:
    """What has not ended and is not under way; all of it at once, for each agent is another BMC."""
    return (one for one in tries(node) if one not in watch.in_flight and not _has_ended(one, watch))


def _shown(cluster: Cluster, node: Node, watch: TestWatch) -> Change:
    before = node.bmc
    error = "; ".join(said for effect in tries(node) if (said := _failure(node, effect, watch)))
    after = replace(
        before,
        at=watch.wall_s,
        by=watch.by,
        error=error,
        failing_since=(before.failing_since or watch.wall_s) if error else 0.0,
        config=node.config.version,
        maintenance=cluster.maintenance.version,
        lease=watch.lease,
    )
    return Change(
        writes=(Write(kind=Kind.BMC, key=node.name, before=before, after=after),),
        what=f"the BMC of {node.name} fails its test" if error else f"the BMC of {node.name} passes its test again",
        why=error or f"asked from {watch.by}",
        node=node.name,
        quiet=error == before.error,
    )


def _failure(node: Node, effect: TryBmc, watch: TestWatch) -> str:
    """What is wrong with a BMC, in words; "" when it says that its living node is on."""
    last = _outcomes(effect, watch)[-1]
    if last.value is Power.ON:
        return ""
    where = f"{effect.agent.kind} {effect.agent.address}".strip()
    if last.value is Power.OFF:
        return f"{where} says that the power is off, though {node.name} lives: is it another machine's?"
    return f"{where}: {last.error or 'it did not tell the power'}"
