"""How long a node has been gone, as a manager measures it; what came before its lease it knows by zxids only."""

from __future__ import annotations

import pytest

from nodedaemon.absence import Absence
from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import Node
from pvccore.model.struct import replace
from tests.plan.clusters import a_cluster, a_node, fenced, gone, said_goodbye

GRACE_S = 30.0


def after_maintenance(*nodes: Node, zxid: int, on: bool = False) -> Cluster:
    return replace(a_cluster(*nodes), maintenance=Maintenance(version=4, zxid=zxid, on=on))


def test_absence_begins_with_the_first_look() -> None:
    absence = Absence(100.0)
    cluster = a_cluster(gone(a_node("hv1")), a_node("hv2"))
    assert absence.measure(cluster, 110.0) == {"hv1": 0.0}
    assert absence.measure(cluster, 112.5) == {"hv1": 2.5}


def test_the_end_of_maintenance_gives_a_fresh_grace() -> None:
    absence, node = Absence(100.0), gone(a_node("hv1"))
    absence.measure(after_maintenance(node, zxid=5, on=True), 100.0)
    absence.measure(after_maintenance(node, zxid=50), 200.0)
    assert absence.measure(after_maintenance(node, zxid=50), 200.0 + GRACE_S + 1.0) == {"hv1": 1.0}


def test_a_manager_that_takes_over_in_the_grace_gives_it_anew() -> None:
    """The node's last sign of life is older than the end of maintenance."""
    absence, cluster = Absence(100.0), after_maintenance(gone(a_node("hv1")), zxid=50)
    absence.measure(cluster, 100.0)
    assert absence.measure(cluster, 120.0) == {"hv1": 0.0}
    assert absence.measure(cluster, 100.0 + GRACE_S + 1.0) == {"hv1": 1.0}


@pytest.mark.parametrize(
    "node, zxid",
    [
        (gone(a_node("hv1")), 15),  # it reported after maintenance had ended
        (said_goodbye(a_node("hv1")), 50),
        (fenced(a_node("hv1"), FencePhase.FAILED), 50),
    ],
)
def test_who_died_later_left_in_good_order_or_is_fenced_already_costs_nobody_a_grace(node: Node, zxid: int) -> None:
    lately = replace(a_node("hv2").report, zxid=99)
    absence, cluster = Absence(100.0), after_maintenance(node, gone(a_node("hv2", report=lately)), zxid=zxid)
    absence.measure(cluster, 100.0)
    assert absence.measure(cluster, 105.0)["hv2"] == 5.0
