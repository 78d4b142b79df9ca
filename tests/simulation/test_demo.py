from random import Random

import pytest

from pvccore.model.settings import Settings
from pvccore.model.vm import Wanted
from simulation.demo import demo_nodes, demo_vms
from simulation.world import World


@pytest.mark.parametrize("nodes, vms", [(6, 42), (3, 60), (50, 2000), (500, 10_000)])
def test_a_demo_of_any_size_has_room_for_its_vms(nodes: int, vms: int) -> None:
    specs = demo_nodes(nodes, vms)
    stopped = [one for one in demo_vms(vms, specs, Random(7)) if one.wanted is Wanted.STOPPED]
    assert len(stopped) < vms / 10


def test_the_disks_of_a_demo_hold_what_its_vms_have_written() -> None:
    specs = demo_nodes(6, 600)
    world = World(specs, demo_vms(600, specs, Random(7)), Settings(), seed=7, with_storage=True)
    assert world.storage is not None
    assert world.storage.used_bytes() < world.storage.total_bytes()
