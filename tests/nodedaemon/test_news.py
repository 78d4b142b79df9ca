"""News: which snapshots let the manager's last decision stand, and which ask for another."""

from __future__ import annotations

from typing import Any

import pytest

from nodedaemon.news import EPOCH_SHIFT, decides_alike, is_no_news
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.fence import Fence, FencePhase
from pvccore.model.node import Alive, Node, NodeConfig, Presence, Readiness, Report
from pvccore.model.settings import Settings
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.model.vm import Vm

REPORTED = Report(boot_id="b1", memory_total_mb=8192, memory_free_mb=4096, zxid=100)
NODE = Node(name="hv1", alive=Alive(token="s-1"), report=REPORTED)
DELTA = Delta(nodes=frozenset({"hv1"}))


def having(node: Node | None) -> Cluster:
    return Cluster(nodes={} if node is None else {node.name: node})


def is_quiet(node: Node | None, before: Node | None = NODE) -> bool:
    return is_no_news(having(before), having(node), DELTA)


def reporting(**changes: Any) -> Node:
    return replace(NODE, report=replace(REPORTED, **changes))


def test_a_report_of_other_figures_is_no_news() -> None:
    assert is_quiet(reporting(load=3.0, memory_free_mb=1024, zxid=101))


@pytest.mark.parametrize(
    "changes",
    [
        {"hypervisor_error": "libvirt does not answer"},
        {"storage_error": "Ceph does not answer"},
        {"memory_total_mb": 4096},
        {"boot_id": "b2"},
        {"zxid": (1 << EPOCH_SHIFT) + 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_report_of_another_health_memory_boot_or_epoch_is_news(changes: dict[str, Any]) -> None:
    assert not is_quiet(reporting(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"config": NodeConfig(version=2)},
        {"presence": Presence(version=2)},
        {"alive": Alive(token="s-2")},
        {"alive": None},
        {"readiness": Readiness(version=2)},
        {"fence": Fence(version=2)},
        {"fence": Fence(phase=FencePhase.REQUESTED)},
    ],
    ids=["config", "presence", "another daemon", "no daemon", "readiness", "fence record", "fence"],
)
def test_anything_else_about_a_node_is_news(changes: dict[str, Any]) -> None:
    assert not is_quiet(replace(NODE, **changes))


def test_any_report_of_a_node_without_a_daemon_or_with_a_fence_is_news() -> None:
    """It is a sign of life, and voids readings of its power."""
    silent = replace(NODE, alive=None)
    fenced = replace(NODE, fence=Fence(phase=FencePhase.OFF_SENT))
    assert not is_quiet(replace(silent, report=replace(REPORTED, zxid=101)), before=silent)
    assert not is_quiet(replace(fenced, report=replace(REPORTED, zxid=101)), before=fenced)


def test_a_node_that_comes_or_goes_is_news() -> None:
    assert not is_quiet(NODE, before=None)
    assert not is_quiet(None)


@pytest.mark.parametrize(
    "delta",
    [
        Delta(full=True),
        Delta(vms=frozenset({"u"})),
        Delta(settings=True),
        Delta(maintenance=True),
        Delta(leases=True),
        Delta(problems=True),
    ],
    ids=["everything", "vms", "settings", "maintenance", "leases", "problems"],
)
def test_what_is_not_about_nodes_is_news(delta: Delta) -> None:
    assert not is_no_news(having(NODE), having(NODE), delta)


def test_a_forecast_stands_while_only_passing_figures_change() -> None:
    before = having(NODE)
    after = replace(before, nodes={"hv1": reporting(load=3.0, memory_free_mb=1, zxid=7)})
    assert decides_alike(before, before)
    assert decides_alike(before, after)


@pytest.mark.parametrize(
    "after",
    [
        {"vms": {"u": Vm(uuid="u")}},
        {"settings": Settings(version=2)},
        {"nodes": {}},
        {"nodes": {"hv1": reporting(memory_total_mb=4096)}},
        {"nodes": {"hv1": reporting(storage_error="Ceph does not answer")}},
        {"nodes": {"hv1": replace(NODE, readiness=Readiness(version=2))}},
    ],
    ids=["vms", "settings", "nodes", "memory", "health", "readiness"],
)
def test_a_forecast_is_made_again_for_another_cluster(after: dict[str, Any]) -> None:
    before = having(NODE)
    assert not decides_alike(before, replace(before, **after))


@pytest.mark.parametrize(
    "before, after, quiet",
    [
        (TaskState.RUNNING, TaskState.RUNNING, True),
        (TaskState.RUNNING, TaskState.FAILED, False),
        (None, TaskState.FAILED, False),
        (TaskState.DONE, TaskState.DONE, True),
        (TaskState.DONE, None, True),
    ],
)
def test_a_task_is_news_once_it_has_ended(before: TaskState | None, after: TaskState | None, quiet: bool) -> None:
    one, two = (Cluster(tasks={} if state is None else {"t": Task(key="t", state=state)}) for state in (before, after))
    assert is_no_news(one, two, Delta(tasks=frozenset({"t"}))) is quiet


def test_other_volumes_are_news_for_one_may_be_a_leftover() -> None:
    assert not is_no_news(Cluster(), Cluster(), Delta(volumes=frozenset({"vms"})))
    assert is_no_news(Cluster(), Cluster(), Delta(storage=True))
