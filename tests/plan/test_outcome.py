"""What is read of a request's fate from a cluster value."""

from __future__ import annotations

import pytest

from pvccore.model.fence import FencePhase
from pvccore.model.journal import JournalEntry
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import Node, ReadinessState, WantedReadiness
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.model.vm import MigrationPhase, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.outcome import Aim, Goal, Progress, progress
from tests.plan.asked import asked, cluster, flushed, node, travel, vm

UUID = "uuid-web1"
WAITING = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING)
FAILED = vm("web1", "hv1", VmState.FAILED, failure="locked by 10.1.0.99")
PARKED = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, parked_on="hv1", why="no room")
TRAVELLING = vm("web1", "hv1", VmState.MIGRATING, migration=travel("hv1", "hv2"))
RESTARTING = vm("web1", "hv1", VmState.RESTARTING, request=asked(RequestVerb.RESTART))
OUTSIDE = vm("web1", "", VmState.STOPPED, wanted=Wanted.RUNNING)


def done(text: str) -> Progress:
    return Progress(text=text, done=True)


def failed(text: str) -> Progress:
    return Progress(text=text, failed=True)


def under_way(text: str) -> Progress:
    return Progress(text=text)


@pytest.mark.parametrize(
    "aim, one, expected",
    [
        (Aim.RUNNING, vm("web1", "hv1"), done("web1 runs on hv1")),
        (Aim.RUNNING, WAITING, under_way("web1 stopped on hv1")),
        (Aim.RUNNING, OUTSIDE, under_way("web1 stopped")),
        (Aim.RUNNING, vm("web1", "hv1", request=asked(RequestVerb.SHUTDOWN)), under_way("web1 running on hv1")),
        (Aim.RUNNING, FAILED, failed("web1 failed: locked by 10.1.0.99")),
        (Aim.RUNNING, PARKED, failed("web1 is parked on hv1: no room")),
        (Aim.RUNNING, vm("web1", "hv1", VmState.STOPPED), failed("web1 is wanted stopped: somebody stopped it")),
        (Aim.RESTARTED, RESTARTING, under_way("web1 restarting on hv1")),
        (Aim.RESTARTED, WAITING, under_way("web1 stopped on hv1")),
        (Aim.RESTARTED, vm("web1", "hv1"), done("web1 runs on hv1")),
        (Aim.AT_REST, vm("web1", "hv1", VmState.STOPPED), done("web1 is stopped")),
        (Aim.AT_REST, vm("web1", "hv1", wanted=Wanted.STOPPED), under_way("web1 running on hv1")),
        (Aim.AT_REST, vm("web1", "hv1"), failed("web1 is wanted running again: somebody started it")),
        (Aim.ELSEWHERE, TRAVELLING, under_way("web1 prepared, hv1 to hv2")),
        (Aim.ELSEWHERE, vm("web1", "hv2"), done("web1 runs on hv2")),
        (Aim.ELSEWHERE, vm("web1", "hv2", VmState.STOPPED), done("web1 is on hv2")),
        (Aim.ELSEWHERE, vm("web1", "hv1"), failed("web1 did not move to hv2")),
    ],
)
def test_a_request_about_a_vm_is_done_failed_or_under_way(aim: Aim, one: Vm, expected: Progress) -> None:
    goal = Goal(aim=aim, vm=UUID, node="hv2", id="m1" if aim is Aim.ELSEWHERE else "r1")
    assert progress(cluster(one), goal) == expected


def test_a_migration_tells_its_error_and_its_failure_the_journals_reason() -> None:
    goal = Goal(aim=Aim.ELSEWHERE, vm=UUID, node="hv2", id="m1")
    hurt = replace(travel("hv1", "hv2"), phase=MigrationPhase.NOT_THERE, error="target is off")
    assert (
        progress(cluster(vm("web1", "hv1", migration=hurt)), goal).text == "web1 not_there, hv1 to hv2: target is off"
    )
    entry = JournalEntry(vm="web1", what="web1 stays on hv1", why="live migration failed: no route")
    stayed = replace(cluster(vm("web1", "hv1")), journal=(entry,))
    assert progress(stayed, goal) == failed("web1 did not move to hv2: live migration failed: no route")


def test_a_vm_that_is_gone_is_waited_for_no_longer() -> None:
    assert progress(cluster(), Goal(aim=Aim.RUNNING, vm=UUID)) == failed("the VM is not defined any more")


FLUSHING = replace(
    flushed(node("hv1")), readiness=replace(flushed(node("hv1")).readiness, state=ReadinessState.FLUSHING)
)
PATIENT = replace(FLUSHING, readiness=replace(FLUSHING.readiness, waits_for=("web1 migrates", "db1 shuts down")))
READYING = replace(node("hv1"), readiness=replace(node("hv1").readiness, state=ReadinessState.READYING))
RETURNED = replace(node("hv1"), fence=replace(node("hv1").fence, times={"recovered": 5.0}))
BROKEN = replace(
    node("hv1", phase=FencePhase.FAILED), fence=replace(node("hv1", phase=FencePhase.FAILED).fence, error="no BMC")
)


@pytest.mark.parametrize(
    "aim, one, expected",
    [
        (Aim.FLUSHED, flushed(node("hv1")), done("hv1 is flushed")),
        (Aim.FLUSHED, FLUSHING, under_way("hv1 flushing")),
        (Aim.FLUSHED, PATIENT, under_way("hv1 flushing, waits for 2: web1 migrates")),
        (Aim.FLUSHED, node("hv1"), failed("hv1 is wanted ready now: somebody changed it")),
        (Aim.READY, node("hv1"), done("hv1 is ready")),
        (Aim.READY, READYING, under_way("hv1 readying")),
        (Aim.FENCED, node("hv1", phase=FencePhase.REQUESTED), under_way("fence of hv1: requested")),
        (Aim.FENCED, node("hv1", phase=FencePhase.RECOVERED), done("hv1 is fenced and its VMs are settled")),
        (Aim.FENCED, RETURNED, done("hv1 was fenced and is admitted again")),
        (Aim.FENCED, node("hv1"), failed("the fence of hv1 was withdrawn")),
        (Aim.FENCED, BROKEN, failed("the fence of hv1 failed: no BMC")),
    ],
)
def test_a_request_about_a_node_is_done_failed_or_under_way(aim: Aim, one: Node, expected: Progress) -> None:
    assert progress(cluster(one), Goal(aim=aim, node="hv1", round=1)) == expected


@pytest.mark.parametrize("aim", [Aim.FLUSHED, Aim.FENCED])
def test_a_node_that_is_gone_is_waited_for_no_longer(aim: Aim) -> None:
    assert progress(cluster(), Goal(aim=aim, node="hv9")) == failed("hv9 is not a node of the cluster any more")


def test_a_later_round_means_that_this_one_ended() -> None:
    found = progress(cluster(node("hv1", phase=FencePhase.REQUESTED)), Goal(aim=Aim.FENCED, node="hv1", round=0))
    assert found.done


def test_maintenance_is_in_force_when_every_live_daemon_knows() -> None:
    on = replace(cluster(node("hv3", alive=False)), maintenance=Maintenance(version=4, on=True))
    goal = Goal(aim=Aim.IN_FORCE)
    assert progress(on, goal) == under_way("waiting for hv1, hv2 to know of it")
    aware = {
        name: replace(one, presence=replace(one.presence, maintenance_acknowledged=4)) for name, one in on.nodes.items()
    }
    assert progress(replace(on, nodes=aware), goal) == done("maintenance is on")
    off = Maintenance(version=4, on=False)
    assert progress(replace(on, nodes=aware, maintenance=off), goal) == done("maintenance is off")


def test_only_what_is_done_or_failed_has_ended() -> None:
    assert done("x").ended
    assert failed("x").ended
    assert not under_way("x").ended
    assert WantedReadiness.READY.value in progress(cluster(), Goal(aim=Aim.READY, node="hv1")).text


COPYING = Task(key="1", title="clone a to b", state=TaskState.RUNNING, claimed_by="hv1")
FINISHED = Task(key="1", title="clone a to b", state=TaskState.DONE)


@pytest.mark.parametrize(
    "task, expected",
    [
        (replace(COPYING, state=TaskState.WAITING), under_way("clone a to b: waits")),
        (replace(COPYING, state=TaskState.WAITING, runs_on="hv2"), under_way("clone a to b: waits for hv2")),
        (COPYING, under_way("clone a to b: runs on hv1")),
        (replace(COPYING, progress=-1.0, text="copying"), under_way("clone a to b: runs on hv1, copying")),
        (replace(COPYING, progress=0.5, text="copying"), under_way("clone a to b: runs on hv1 50%, copying")),
        (FINISHED, done("clone a to b: done")),
        (replace(FINISHED, result="b is a clone"), done("b is a clone")),
        (replace(COPYING, state=TaskState.FAILED, error="no room"), failed("clone a to b: no room")),
        (replace(COPYING, state=TaskState.CANCELLED), failed("clone a to b: cancelled")),
        (replace(COPYING, key="2"), failed("task 1 is not there any more")),
    ],
)
def test_a_task_is_done_failed_or_under_way(task: Task, expected: Progress) -> None:
    assert progress(replace(cluster(), tasks={task.key: task}), Goal(aim=Aim.TASK, id="1")) == expected


@pytest.mark.parametrize(
    "first, second, is_done, has_failed",
    [
        (TaskState.DONE, TaskState.DONE, True, False),
        (TaskState.DONE, TaskState.RUNNING, False, False),
        (TaskState.FAILED, TaskState.RUNNING, False, False),
        (TaskState.FAILED, TaskState.DONE, False, True),
        (TaskState.FAILED, TaskState.CANCELLED, False, True),
    ],
)
def test_of_several_tasks_all_must_end_and_none_may_fail(
    first: TaskState, second: TaskState, is_done: bool, has_failed: bool
) -> None:
    tasks = {"1": replace(COPYING, state=first), "2": replace(COPYING, key="2", title="clone c to d", state=second)}
    found = progress(replace(cluster(), tasks=tasks), Goal(aim=Aim.TASK, id="1,2"))
    assert (found.done, found.failed) == (is_done, has_failed)
    assert [text.partition(":")[0] for text in found.text.split("; ")] == ["clone a to b", "clone c to d"]
