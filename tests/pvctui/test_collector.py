"""When the garbage collector looks at the memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from pvctui.collector import EVERY_S, LONGEST_S, PAUSE_S, REST_S, Collector


class Knot:
    """Refers to itself, so that only the collector takes it."""

    def __init__(self) -> None:
        self.itself = self


def young_garbage() -> weakref.ref[Knot]:
    return weakref.ref(Knot())


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


def test_python_does_not_look_by_itself_until_the_console_ends(collector: Collector) -> None:
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()


def test_one_that_was_off_stays_off(collector: Collector) -> None:
    second = Collector()
    second.start(0.0)
    second.stop()
    assert not gc.isenabled()


def test_what_is_young_is_looked_at_between_keys(collector: Collector) -> None:
    knot = young_garbage()
    collector.tick(1.0, 1.0 - PAUSE_S / 2)
    assert knot() is not None
    collector.tick(2.0, 2.0 - PAUSE_S)
    assert knot() is None


def test_a_key_that_is_held_down_keeps_garbage_for_no_longer_than_that(collector: Collector) -> None:
    knot = young_garbage()
    collector.tick(LONGEST_S - 1, LONGEST_S - 1)
    assert knot() is not None
    collector.tick(LONGEST_S, LONGEST_S)
    assert knot() is None


def test_everything_is_looked_at_when_it_is_time_and_nobody_is_at_the_keys(collector: Collector) -> None:
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
