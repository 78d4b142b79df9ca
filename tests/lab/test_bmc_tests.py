"""A real BMC that stops answering is known before its node has to be fenced."""

import pytest

from lab.bmc import BmcMode
from pvccore.model.bmc import BmcTest
from pvccore.operations.cluster import maintenance_off, maintenance_on
from tests.lab.living import LivingCluster

pytestmark = pytest.mark.lab

TESTED_WITHIN_S = 60.0


def wait_for_test(living: LivingCluster, node: str, *, fails: bool) -> BmcTest:
    def is_so() -> bool:
        found = living.look().node(node).bmc
        return found.is_known and found.fails is fails

    living.wait_until(is_so, within_s=TESTED_WITHIN_S, what=f"the BMC of {node} {'fails' if fails else 'passes'}")
    return living.look().node(node).bmc


def is_tested_since(living: LivingCluster, node: str) -> bool:
    """Whether the last test was made after maintenance was switched last."""
    cluster = living.look()
    return cluster.node(node).bmc.maintenance == cluster.maintenance.version


def test_bmcs_are_tested_at_first_sight_and_when_maintenance_ends(living: LivingCluster) -> None:
    manager = living.manager()
    silent, other = (one.name for one in living.lab.hosts if one.name != manager)
    assert wait_for_test(living, silent, fails=False).by == manager
    living.lab.host(silent).bmc.become(BmcMode.DEAD)
    maintenance_on(living.operator)
    maintenance_off(living.operator)
    assert wait_for_test(living, silent, fails=True).error.startswith("ipmi ")
    living.wait_until(lambda: is_tested_since(living, other), within_s=TESTED_WITHIN_S, what=f"{other} is tested again")
    assert not living.look().node(other).bmc.fails
    assert f"the BMC of {silent} fails its test" in living.story
    assert all(host.is_on for host in living.lab.hosts), "a test reads, and does nothing"
