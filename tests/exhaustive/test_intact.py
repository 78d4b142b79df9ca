import pytest

from tests.exhaustive.search import search
from tests.exhaustive.world import Scene

SCENES = (
    Scene("a BMC that says the truth, but once", lies=1),
    Scene("a lying BMC", liar=True),
    Scene("an armed watchdog behind a BMC", has_watchdog=True, armed=True),
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_state_of_the_protocol_keeps_its_promises(scene: Scene) -> None:
    found = search(scene)
    print(f"{scene.name}: {found.states:,} states, {found.moves:,} moves")  # noqa: T201 - the figure of RELIABILITY.md
    assert found.broken is None, "\n".join((str(found.broken), *found.trace))
    assert found.complete
