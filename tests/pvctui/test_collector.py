"""When the garbage collector looks at everything."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from pvctui.collector import EVERY_S, NEVER, REST_S, Collector


class Knot:
    """Refers to itself, so that only the collector takes it."""

    def __init__(self) -> None:
        self.itself = self


def old_garbage() -> weakref.ref[Knot]:
    knot = Knot()
    gc.collect()
    return weakref.ref(knot)


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    collector.start(0.0)
    yield collector
    collector.stop()


def test_python_looks_at_what_is_young_alone(collector: Collector) -> None:
    assert gc.get_threshold()[2] == NEVER
    collector.stop()
    assert gc.get_threshold()[2] < NEVER


def test_it_looks_when_it_is_time_and_nobody_is_at_the_keys(collector: Collector) -> None:
    knot = old_garbage()
    collector.tick(EVERY_S - 1, 0.0)
    assert knot() is not None
    collector.tick(EVERY_S, EVERY_S - REST_S + 1)
    assert knot() is not None
    collector.tick(EVERY_S + 1, EVERY_S - REST_S + 1)
    assert knot() is None


def test_then_it_waits_again(collector: Collector) -> None:
    collector.tick(EVERY_S, 0.0)
    knot = old_garbage()
    collector.tick(EVERY_S + REST_S, 0.0)
    assert knot() is not None
    collector.tick(2 * EVERY_S, 0.0)
    assert knot() is None
