"""Absence: how long each node has been gone, on the manager's own clock, and when that must be measured anew."""

from __future__ import annotations

from collections.abc import Mapping

from nodedaemon.stopwatches import Stopwatches
from pvccore.model.cluster import Cluster
from pvccore.model.node import Node
from pvccore.plan.fencing import storm_alarm

STORM_QUIET_S = 10.0
"""A storm is over when the share of absent nodes has been below the limit for this long."""
EPOCH_SHIFT = 32
"""The upper half of a zxid is the epoch of ZooKeeper's leader."""


class Absence:
    """The absence clocks of one manager, from zero when it takes the lease (DESIGN §5, "When")."""

    def __init__(self, now_s: float) -> None:
        self._stopwatches = Stopwatches()
        self._not_before_s = now_s
        self._epoch = 0
        self._maintenance: bool | None = None  # not looked at yet
        self._storm = ""
        self._calm_since_s: float | None = None

    def settle(self, now_s: float, settle_s: float) -> None:
        """The store was away, or has another leader: others may be late, too; measure anew, later."""
        self._not_before_s = max(self._not_before_s, now_s + settle_s)

    def measure(self, cluster: Cluster, now_s: float) -> dict[str, float]:
        """Node → seconds of absence that count, of every node that is gone without a goodbye."""
        self._notice(cluster, now_s)
        gone = {name: node.presence.version for name, node in cluster.nodes.items() if node.is_silent}
        return self._stopwatches.seconds(gone, now_s, not_before_s=self._not_before_s)

    def storm(self, cluster: Cluster, absent: Mapping[str, float], now_s: float) -> str:
        """The alarm's words while there is a storm, and until it has been over for a while."""
        alarm = storm_alarm(cluster, absent)
        if alarm:
            self._storm, self._calm_since_s = alarm, None
            return alarm
        if not self._storm:
            return ""
        self._calm_since_s = now_s if self._calm_since_s is None else self._calm_since_s
        if now_s - self._calm_since_s >= STORM_QUIET_S:
            self._storm = ""
        return self._storm

    def look_again_at_s(self, now_s: float) -> float | None:
        """When a clock that was put off, or a storm's quiet, is over."""
        times_s = [self._not_before_s] if self._not_before_s > now_s else []
        if self._storm and self._calm_since_s is not None:
            times_s.append(self._calm_since_s + STORM_QUIET_S)
        return min(times_s) if times_s else None

    def _notice(self, cluster: Cluster, now_s: float) -> None:
        epoch = max((node.report.zxid for node in cluster.nodes.values()), default=0) >> EPOCH_SHIFT
        if self._epoch and epoch > self._epoch:
            self.settle(now_s, cluster.settings.settle_s)
        self._epoch = max(epoch, self._epoch)
        if self._ended_maintenance(cluster):
            self._not_before_s = max(self._not_before_s, now_s + cluster.settings.after_maintenance_s)
        self._maintenance = cluster.maintenance.on

    def _ended_maintenance(self, cluster: Cluster) -> bool:
        """Whether maintenance went off since the last look.

        At the first look: whether it did since a node fell silent that nobody fences yet. The manager before us may
        have died in that node's grace.
        """
        if cluster.maintenance.on or self._maintenance is not None:
            return bool(self._maintenance) and not cluster.maintenance.on
        ended = cluster.maintenance.zxid
        return any(max(node.report.zxid, node.presence.zxid) < ended for node in cluster.nodes.values() if _waits(node))


def _waits(node: Node) -> bool:
    return node.is_silent and not node.fence.under_way
