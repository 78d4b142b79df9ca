import pytest

from tests.exhaustive.properties import Property
from tests.exhaustive.search import Found, search
from tests.exhaustive.variants import BREAKING, REDUNDANT, Variant

SHORT_OF_HARM = frozenset({Property.PROOF})
"""A node wrongly taken for off does no harm yet; the searches go on to what that leads to."""


def _found(variant: Variant) -> Found:
    with variant.applied():
        return search(variant.scene, rules=variant.rules, mend=variant.mend, ignored=SHORT_OF_HARM)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("variant", BREAKING, ids=lambda variant: variant.name)
def test_a_safeguard_is_missed_when_it_is_removed(variant: Variant) -> None:
    found = _found(variant)
    print(f"{variant.name} ({variant.scene.name}): {found.broken}")  # noqa: T201 - traces are read
    print("\n".join(found.trace))  # noqa: T201
    assert found.broken is variant.breaks


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("variant", REDUNDANT, ids=lambda variant: variant.name)
def test_a_second_line_of_defence_is_not_missed_while_the_first_one_holds(variant: Variant) -> None:
    found = _found(variant)
    assert found.broken is None, "\n".join((variant.why, str(found.broken), *found.trace))
    assert found.complete
