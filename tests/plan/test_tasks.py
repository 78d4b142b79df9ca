"""Who may take a task, and what becomes of those that nobody carries out any more."""

from __future__ import annotations

import pytest

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.node import Alive, Node
from pvccore.model.struct import replace
from pvccore.model.task import NODE_LOG, VM_LOG, Task, TaskState
from pvccore.plan.effects import Plan
from pvccore.plan.tasks import PRUNED_AT_ONCE, READINGS_KEPT, TASKS_KEPT, ended, is_orphan, may_take, plan_tasks
from pvccore.plan.watch import Watch
from tests.plan.asked import cluster, node
from tests.plan.clusters import fenced

NOW_S = 5000.0
WATCH = Watch(now_s=100.0, wall_s=NOW_S)
WAITING = Task(key="1", verb="storage osd in", title="take OSD 1 in", vm="web1")
RUNNING = replace(WAITING, state=TaskState.RUNNING, claimed_by="hv1", claim="s-1", progress=0.25, text="copying")


def with_tasks(*tasks: Task, nodes: tuple[Node, ...] = ()) -> Cluster:
    return replace(cluster(*nodes), tasks={task.key: task for task in tasks})


def after(plan: Plan) -> list[Task]:
    """What the tasks that are not forgotten become."""
    changes = [step.change for step in plan.steps if step.change is not None]
    return [write.after for one in changes for write in one.writes if isinstance(write.after, Task)]


def forgotten(plan: Plan) -> list[str]:
    changes = [step.change for step in plan.steps if step.change is not None]
    return [write.key for one in changes for write in one.writes if write.kind is Kind.TASK and write.after is None]


@pytest.mark.parametrize(
    "state, runs_on, is_coordinator, takes",
    [
        (TaskState.WAITING, "", True, True),
        (TaskState.WAITING, "", False, False),
        (TaskState.WAITING, "hv1", False, True),
        (TaskState.WAITING, "hv2", True, False),
        (TaskState.RUNNING, "hv1", True, False),
        (TaskState.CANCELLED, "", True, False),
    ],
)
def test_a_waiting_task_is_taken_by_its_node_or_by_any_coordinator(
    state: TaskState, runs_on: str, is_coordinator: bool, takes: bool
) -> None:
    assert may_take(replace(WAITING, state=state, runs_on=runs_on), "hv1", is_coordinator=is_coordinator) is takes


@pytest.mark.parametrize(
    "one, state, orphan",
    [
        (node("hv1"), TaskState.RUNNING, False),
        (node("hv1"), TaskState.WAITING, False),
        (node("hv1", alive=False), TaskState.RUNNING, True),
        (node("hv1", alive=False), TaskState.DONE, False),
        (replace(node("hv1"), alive=Alive(token="s-2")), TaskState.RUNNING, True),
    ],
)
def test_a_running_task_is_an_orphan_once_the_token_it_was_claimed_under_is_gone(
    one: Node, state: TaskState, orphan: bool
) -> None:
    assert is_orphan(with_tasks(nodes=(one,)), replace(RUNNING, state=state)) is orphan


def test_a_task_of_a_node_that_was_removed_is_an_orphan() -> None:
    assert is_orphan(with_tasks(), replace(RUNNING, claimed_by="hv9"))


@pytest.mark.parametrize(
    "known, words",
    [
        ({}, " (copying); look what is there"),
        ({"text": ""}, " (25%); look what is there"),
        ({"text": "", "progress": 0.0}, "while it was at it; look what is there"),
        ({"text": "", "progress": -1.0}, "while it was at it; look what is there"),
    ],
)
def test_an_orphan_fails_as_interrupted_and_tells_how_far_it_was(known: dict[str, object], words: str) -> None:
    orphan = replace(RUNNING, claim="s-0", **known)  # type: ignore[arg-type]
    (found,) = after(plan_tasks(with_tasks(orphan), WATCH))
    assert (found.state, found.ended_at, found.text) == (TaskState.FAILED, NOW_S, "")
    assert found.error.startswith("interrupted: the daemon of hv1 ended")
    assert words in found.error


def test_a_cancelled_task_whose_daemon_died_is_failed_for_nobody_knows_what_it_left() -> None:
    (found,) = after(plan_tasks(with_tasks(replace(RUNNING, claim="s-0", cancel_requested="anna@ops1")), WATCH))
    assert found.state is TaskState.FAILED


def test_a_task_that_waits_for_a_node_that_was_removed_ends() -> None:
    waits = (WAITING, replace(WAITING, key="2", runs_on="hv1"), replace(WAITING, key="3", runs_on="hv9"))
    (found,) = after(plan_tasks(with_tasks(*waits, nodes=(node("hv1", alive=False),)), WATCH))
    assert (found.key, found.state) == ("3", TaskState.FAILED)
    assert found.error == "never begun: hv9 is not a node of the cluster any more"


def waits_for(one: Node, **absent_s: float) -> Plan:
    waiting = with_tasks(replace(WAITING, runs_on="hv1"), nodes=(one,))
    return plan_tasks(waiting, replace(WATCH, absent_s=absent_s))


def test_a_task_that_waits_for_a_node_that_is_off_or_long_absent_ends_with_the_reason() -> None:
    dead = node("hv1", alive=False)
    (off,) = after(waits_for(fenced(dead, FencePhase.RECOVERING)))
    (absent,) = after(waits_for(dead, hv1=60.0))
    assert (off.state, off.error) == (TaskState.FAILED, "never begun: hv1 is off")
    assert (absent.state, absent.error) == (TaskState.FAILED, "never begun: hv1 is not alive")


def test_a_task_waits_for_a_node_that_is_alive_said_goodbye_or_is_just_absent() -> None:
    assert waits_for(node("hv1")) == Plan()
    assert waits_for(node("hv1", alive=False)) == Plan()
    assert waits_for(node("hv1", alive=False), hv1=59.0) == Plan(wake_at_s=101.0)


def test_nothing_is_done_about_tasks_that_are_carried_out_or_few() -> None:
    assert plan_tasks(with_tasks(RUNNING, replace(RUNNING, key="2", state=TaskState.DONE)), WATCH) == Plan()


@pytest.mark.parametrize(
    "over, count", [(0, 0), (1, 1), (PRUNED_AT_ONCE, PRUNED_AT_ONCE), (PRUNED_AT_ONCE + 7, PRUNED_AT_ONCE)]
)
def test_only_the_oldest_ended_tasks_beyond_those_kept_are_forgotten(over: int, count: int) -> None:
    old = [replace(WAITING, key=f"{number:04d}", state=TaskState.DONE) for number in range(1, TASKS_KEPT + over + 1)]
    plan = plan_tasks(with_tasks(*reversed(old), replace(WAITING, key="0000")), WATCH)
    assert forgotten(plan) == [f"{number:04d}" for number in range(1, count + 1)]
    assert all(step.change is not None and step.change.quiet for step in plan.steps)


@pytest.mark.parametrize(
    "cancelled, result, lines, error, state, progress, why",
    [
        ("", "OSD 1 is in\nand more", ("and more",), "", TaskState.DONE, 1.0, "OSD 1 is in"),
        ("anna@ops1", "OSD 1 is in", (), "", TaskState.DONE, 1.0, "OSD 1 is in"),
        ("", "", (), "no such OSD", TaskState.FAILED, 0.25, "no such OSD"),
        ("anna@ops1", "", (), "stopped half-way", TaskState.CANCELLED, 0.25, "stopped half-way"),
    ],
)
def test_a_task_ends_done_failed_or_cancelled(
    cancelled: str,
    result: str,
    lines: tuple[str, ...],
    error: str,
    state: TaskState,
    progress: float,
    why: str,
) -> None:
    before = replace(RUNNING, cancel_requested=cancelled)
    change = ended(before, NOW_S, result=result, error=error)
    (write,) = change.writes
    words = result.partition("\n")[0]
    assert (write.kind, write.key, write.before) == (Kind.TASK, "1", before)
    assert write.after == replace(
        before, state=state, ended_at=NOW_S, result=words, lines=lines, error=error, progress=progress, text=""
    )
    assert (change.what, change.why, change.vm, change.node) == (f"take OSD 1 in: {state}", why, "web1", "hv1")


def test_a_task_without_a_title_is_told_by_its_verb() -> None:
    assert ended(replace(RUNNING, title=""), NOW_S).what == "storage osd in: done"


def test_who_only_reads_leaves_no_trace_in_the_journal() -> None:
    assert ended(replace(RUNNING, verb=VM_LOG), NOW_S).quiet
    assert not ended(RUNNING, NOW_S).quiet


def test_few_answers_that_nobody_took_away_are_kept() -> None:
    answers = [replace(WAITING, key=f"{n:04d}", verb=NODE_LOG, state=TaskState.DONE) for n in range(READINGS_KEPT + 2)]
    done = replace(WAITING, key="000", state=TaskState.DONE)
    assert forgotten(plan_tasks(with_tasks(done, *answers), WATCH)) == ["0000", "0001"]


@pytest.mark.parametrize(
    "verb, given, words",
    [
        ("storage osd remove", {"osd": "3"}, "OSD 3 may be out"),
        ("storage volume snapshot rollback", {"volume": "vms/a", "name": "s"}, "vms/a may be half rolled back"),
        ("storage volume upload", {"volume": "vms/a"}, "what there is of vms/a is removed"),
        ("storage volume clone", {"volume": "vms/a", "to": "vms/b"}, "what there is of vms/b is removed"),
        ("storage osd in", {"osd": "3"}, "look what is there before you ask again"),
        ("node log", {}, "look what is there before you ask again"),
    ],
)
def test_an_interrupted_task_says_what_may_be_left_of_it(verb: str, given: dict[str, str], words: str) -> None:
    task = replace(RUNNING, verb=verb, arguments=given)
    (one, *_) = after(plan_tasks(with_tasks(task, nodes=(node("hv1", alive=False),)), WATCH))
    assert words in one.error
