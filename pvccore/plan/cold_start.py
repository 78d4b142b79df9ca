"""A cold start: the whole cluster begins anew, and who is not there yet may only be booting (DESIGN §5)."""

from __future__ import annotations

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.record import Record
from pvccore.plan.effects import Plan, Step
from pvccore.plan.watch import Watch

WRITTEN_ONCE = Record(version=0)
"""The record of a cluster that has started, as it is when there is one: it is created and deleted, never rewritten."""


def is_cold(cluster: Cluster, *, alone: bool, lease_s: float) -> bool:
    """Whether nobody may be fenced yet: the grace runs, or it is too early to tell whether one must begin.

    alone, lease_s: as in `Watch`. After ZooKeeper was away the others are back within settle_s; if nobody is, they
    are booting.
    """
    return not cluster.started or (alone and lease_s < cluster.settings.settle_s)


def plan_cold_start(cluster: Cluster, watch: Watch) -> Plan:
    """The start-up grace begins when a manager finds itself alone, and ends when enough nodes were seen."""
    if _is_over(cluster, watch):
        return Plan() if cluster.started else _write(None, Record(), "the cluster has started", _seen(cluster, watch))
    grace_ends_at_s = watch.now_s + cluster.settings.startup_grace_s - watch.lease_s
    if not cluster.started:
        return Plan(wake_at_s=grace_ends_at_s if grace_ends_at_s > watch.now_s else None)
    if not watch.alone or grace_ends_at_s <= watch.now_s:
        return Plan()
    if watch.lease_s < cluster.settings.settle_s:
        return Plan(wake_at_s=watch.now_s + cluster.settings.settle_s - watch.lease_s)
    return _write(WRITTEN_ONCE, None, "the cluster is starting", "no other node is alive: nobody is fenced yet")


def _is_over(cluster: Cluster, watch: Watch) -> bool:
    """Whether every registered node was seen, or a majority and the grace has passed."""
    seen = len(watch.seen & cluster.nodes.keys())
    if seen == len(cluster.nodes):
        return True
    return watch.lease_s >= cluster.settings.startup_grace_s and 2 * seen > len(cluster.nodes)


def _seen(cluster: Cluster, watch: Watch) -> str:
    return f"{len(watch.seen & cluster.nodes.keys())} of {len(cluster.nodes)} nodes were seen"


def _write(before: Record | None, after: Record | None, what: str, why: str) -> Plan:
    write = Write(kind=Kind.STARTED, key="", before=before, after=after)
    return Plan(steps=(Step(change=Change(writes=(write,), what=what, why=why)),))
