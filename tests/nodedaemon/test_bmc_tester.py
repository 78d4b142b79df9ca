"""The manager's errand to the BMCs, in the simulated world: daily, and before they are needed."""

from __future__ import annotations

import pytest

from nodedaemon.bmc_tester import LOOK_EVERY_S
from pvccore.model.bmc import BmcTest
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.model.settings import Settings
from pvccore.operations.cluster import maintenance_off, maintenance_on
from pvccore.plan.bmc_tests import IN_MAINTENANCE_S, OF_ANOTHER_LEASE_S, WHILE_FAILING_S
from simulation.hosts import NodeSpec
from simulation.machine import Bmc
from simulation.runner import persons_seat
from simulation.scenario import AGENT_ADDRESS
from simulation.world import World

SOON_S = 2 * LOOK_EVERY_S
IPMI = FenceAgent(kind=FenceAgentKind.IPMI, address=AGENT_ADDRESS[FenceAgentKind.IPMI])


@pytest.fixture
def world() -> World:
    names = ("hv1", "hv2", "hv3")
    made = World(
        tuple(NodeSpec(name=name, memory_mb=8192, vcpus=8, fence_agents=(IPMI,)) for name in names),
        (),
        Settings(),
    )
    made.start()
    made.run(0.0)
    return made


def bmc_after(world: World, seconds: float, node: str = "hv2") -> BmcTest:
    world.run(world.clock.now_s + seconds)
    return world.cluster().nodes[node].bmc


def test_a_manager_tests_within_the_hour_and_not_again_in_the_next(world: World) -> None:
    first = bmc_after(world, OF_ANOTHER_LEASE_S + SOON_S)
    manager = world.cluster().manager
    assert (first.by, first.lease, first.fails) == (manager, world.cluster().leases[0], False)
    assert bmc_after(world, OF_ANOTHER_LEASE_S + SOON_S).version == first.version


def test_a_dead_bmc_is_an_alarm_until_it_answers_again(world: World) -> None:
    world.machines["hv2"].bmc = Bmc.DEAD
    failing = bmc_after(world, OF_ANOTHER_LEASE_S + SOON_S)
    assert failing.error == "ipmi simulated: the BMC does not answer"
    assert not bmc_after(world, 0.0, "hv3").fails
    world.machines["hv2"].bmc = Bmc.OK
    assert not bmc_after(world, WHILE_FAILING_S + SOON_S).fails
    assert [entry.what for entry in world.cluster().journal][-1:] == ["the BMC of hv2 passes its test again"]


def test_bmcs_are_tested_in_maintenance_and_when_it_ends(world: World) -> None:
    person = persons_seat(world)
    maintenance_on(person)
    world.machines["hv3"].bmc = Bmc.LIES
    assert "is it another machine's?" in bmc_after(world, IN_MAINTENANCE_S + SOON_S, "hv3").error
    before = bmc_after(world, 0.0)
    maintenance_off(person)
    after = bmc_after(world, SOON_S)
    assert (before.version, after.version) == (1, 2)
    assert after.maintenance == world.cluster().maintenance.version


def test_a_test_in_which_the_manager_dies_is_made_by_the_next(world: World) -> None:
    manager = world.cluster().manager
    world.run(OF_ANOTHER_LEASE_S - 60.0)
    world.kill_daemon(manager)
    found = bmc_after(world, OF_ANOTHER_LEASE_S + 60.0, next(name for name in world.machines if name != manager))
    assert found.by not in {"", manager}


def test_a_silent_node_is_left_to_its_fence(world: World) -> None:
    manager = world.cluster().manager
    other = next(name for name in world.machines if name != manager)
    world.power_off(other, by="fault")
    world.machines[other].bmc = Bmc.DEAD
    assert bmc_after(world, OF_ANOTHER_LEASE_S + SOON_S, other).version == 0
