"""Who has a volume open is told by the names of nodes, and by addresses where they are nobody's here."""

from __future__ import annotations

import pytest

from pvccore.model.storage import Volume
from pvccore.model.struct import replace
from pvccore.plan.openers import address_words, nodes_by_address, openers
from tests.plan.asked import cluster, node

NODES = {"10.0.0.1": "hv1", "10.0.0.2": "hv2"}


def test_a_node_without_a_storage_address_is_found_by_none() -> None:
    one, two = node("hv1"), node("hv2")
    one = replace(one, config=replace(one.config, storage_address="10.0.0.1"))
    two = replace(two, config=replace(two.config, storage_address=""))
    assert nodes_by_address(cluster(one, two)) == {"10.0.0.1": "hv1"}


@pytest.mark.parametrize(
    "volume, told",
    [
        (Volume(name="a"), ()),
        (Volume(name="a", lock_holder="10.0.0.1", watchers=("10.0.0.1",)), ("hv1",)),
        (Volume(name="a", lock_holder="10.0.0.2", watchers=("10.0.0.1", "10.0.0.2")), ("hv2", "hv1")),
        (Volume(name="a", watchers=("192.0.2.9",)), ("192.0.2.9",)),
    ],
)
def test_the_holder_of_the_lock_comes_first(volume: Volume, told: tuple[str, ...]) -> None:
    assert openers(volume, NODES) == told


def test_an_address_is_told_with_its_node() -> None:
    assert address_words("10.0.0.1", NODES) == "hv1 (10.0.0.1)"
    assert address_words("fd00::1", NODES) == "fd00::1"
