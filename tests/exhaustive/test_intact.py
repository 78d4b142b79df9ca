import pytest

from tests.exhaustive.search import search
from tests.exhaustive.world import SCENES, Scene


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_state_of_the_protocol_keeps_its_promises(scene: Scene) -> None:
    found = search(scene)
    print(f"{scene.name}: {found.states:,} states, {found.moves:,} moves")  # noqa: T201 - figures for RELIABILITY.md
    assert found.broken is None, "\n".join((str(found.broken), *found.trace))
    assert found.complete
