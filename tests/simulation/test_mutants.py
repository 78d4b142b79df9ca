"""The fuzzer can fail: each safeguard taken out is noticed within a bounded number of schedules."""

from __future__ import annotations

import pytest

from tests.simulation.fuzzing import broken_rules
from tests.simulation.mutants import MUTANTS, Mutant

MOST_SCHEDULES = 300


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_notices_a_protocol_that(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.leave_out(monkeypatch)
    for seed in range(MOST_SCHEDULES):
        broken = broken_rules(seed, mutant.cluster, mutant.focus)
        if broken:
            assert broken & set(mutant.breaks), broken
            return
    pytest.fail(f"not noticed in {MOST_SCHEDULES} schedules")
