"""The manager's second thought: N−1 in small slices, stored when it says something else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nodedaemon.forecaster import FORECAST_EVERY_S, SLICE_S, ForecastLoop
from nodedaemon.news import decides_alike
from pvccore.model.cluster import Cluster
from pvccore.model.settings import Settings
from pvccore.model.vm import Definition
from pvccore.plan import forecast
from pvccore.state.session import Session
from simulation.hosts import NodeSpec, VmSpec
from simulation.world import World
from tests.nodedaemon.clocks import HandClock
from tests.operations.world import uuid_of

GB = 1024
LARGE = Definition(name="db1", memory_mb=6 * GB, vcpus=1, volumes=("vms/db1",))


@pytest.fixture
def world() -> World:
    nodes = tuple(NodeSpec(name=f"hv{number}", memory_mb=8 * GB, vcpus=8) for number in (1, 2, 3))
    made = World(nodes, (VmSpec(uuid=uuid_of(1), definition=LARGE, node="hv1"),), Settings())
    made.start()
    made.run(made.clock.now_s + 30.0)
    return made


def pass_time(world: World, seconds: float) -> Cluster:
    world.run(world.clock.now_s + seconds)
    return world.cluster()


def test_the_manager_stores_whether_any_node_may_die(world: World) -> None:
    found = world.cluster().forecast
    assert (found.is_known, found.holds, found.nodes) == (True, True, 3)


def test_it_is_worked_out_anew_when_a_node_is_gone_and_not_written_when_it_says_the_same(world: World) -> None:
    version = world.cluster().forecast.version
    assert pass_time(world, 60.0).forecast.version == version
    for name in ("hv2", "hv3"):
        if world.cluster().manager != name:
            world.stop_daemon(name)
    gone = pass_time(world, 3 * FORECAST_EVERY_S)
    assert gone.forecast.version > version


def test_what_would_be_parked_is_named_with_its_reason(world: World) -> None:
    for name in ("hv2", "hv3"):
        world.stop_daemon(name)
    found = pass_time(world, 3 * FORECAST_EVERY_S).forecast
    assert found.parked == {"hv1": 1}
    assert found.reasons["hv1"].startswith("db1: hv2 ")


def test_a_standby_writes_nothing(world: World) -> None:
    daemons = [world.daemon(name) for name in ("hv1", "hv2", "hv3")]
    leading = [daemon.manager.led is not None for daemon in daemons if daemon and daemon.manager]
    assert sorted(leading) == [False, False, True]


def test_reports_alone_change_nothing_of_it(world: World) -> None:
    before = world.cluster()
    after = pass_time(world, 12.0)
    assert after is not before
    assert decides_alike(before, after)
    world.stop_daemon("hv2")
    assert not decides_alike(after, pass_time(world, 12.0))


class Slow:
    """A manager that leads, and whose forecasts take longer than a slice."""

    def __init__(self, cluster: Cluster, clock: HandClock) -> None:
        self.led = (cluster, "lease-1")
        self.worked = 0
        self._clock = clock

    def each(self, cluster: Cluster) -> Iterator[forecast.NodeForecast]:
        for one in forecast.each_forecast(cluster):
            self._clock.now_s += 1.5 * SLICE_S
            self.worked += 1
            yield one


def test_a_step_works_for_one_slice_and_rests_in_proportion(world: World) -> None:
    clock = HandClock()
    manager = Slow(world.cluster(), clock)
    session = Session(world.connect(), world.schema, who="manager@hv1", wall_clock=clock.wall)
    loop = ForecastLoop(manager, session, clock, manager.each)
    for expected in (1, 2, 3):
        due_at_s = loop.step()
        assert due_at_s is not None
        assert manager.worked == expected
        assert due_at_s <= clock.now_s
    due_at_s = loop.step()
    assert due_at_s is not None
    assert due_at_s >= clock.now_s + FORECAST_EVERY_S - SLICE_S
