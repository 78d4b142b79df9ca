import pytest

from tests.operations.world import World, three_nodes


@pytest.fixture
def world() -> World:
    """hv1 to hv3, nothing on them."""
    return three_nodes()
