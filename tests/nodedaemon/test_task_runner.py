"""A task is claimed by one daemon, told about, ended once; what a dead daemon left is never repeated."""

from __future__ import annotations

import pytest

from nodedaemon.task_runner import LOOK_EVERY_S, READINGS_AT_ONCE, TASKS_AT_ONCE, TaskLoop, Work, carry_out
from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict, Refused
from pvccore.model.struct import replace
from pvccore.model.task import INTERRUPTED, NODE_LOG, Task, TaskState
from pvccore.operations import tasks
from pvccore.operations.operator import Operator
from pvccore.operations.tasks import NewTask
from pvccore.plan.tasks import TASKS_KEPT, plan_tasks
from pvccore.plan.watch import Watch
from pvccore.state.session import Session
from tests.nodedaemon.clocks import HandClock
from tests.operations.world import World, three_nodes


class HandExecutor:
    """Carries nothing out: the test says how each task ends."""

    def __init__(self) -> None:
        self.works: dict[str, Work] = {}
        self.begun: list[str] = []

    def takes(self, task: Task) -> bool:
        return task.verb != "unknown here"

    def begin(self, work: Work) -> None:
        self.works[work.task.key] = work
        self.begun.append(work.task.key)


class Runner:
    """The task loop of one node before the cluster in memory."""

    def __init__(self, world: World, node: str, *, is_coordinator: bool = True) -> None:
        self.world = world
        self.clock = HandClock()
        self.executor = HandExecutor()
        self.token = token_of(world, node)
        self.loop = TaskLoop(
            node,
            Session(world.store, world.schema, who=f"agent@{node}", wall_clock=world.wall_clock),
            self.clock,
            self.executor,
            lambda: None,
            alive=lambda: self.token,
            is_coordinator=is_coordinator,
        )
        self.loop.start()
        self.loop.step()


def token_of(world: World, node: str) -> str:
    alive = world.load().node(node).alive
    assert alive is not None
    return alive.token


def ask(world: World, *, runs_on: str = "", verb: str = "storage pool add") -> str:
    new = NewTask(verb=verb, title="add pool x", arguments={"pool": "x"}, runs_on=runs_on)
    goal = tasks.request(seat(world), lambda _cluster: new).goal
    assert goal is not None
    return goal.id


def seat(world: World) -> Operator:
    return replace(world.operator, new_id=lambda: f"{len(world.load().tasks):08x}")


@pytest.fixture
def world() -> World:
    return three_nodes()


def test_a_task_is_claimed_told_about_and_done(world: World) -> None:
    runner = Runner(world, "hv1")
    key = ask(world)
    runner.loop.step()
    task = world.load().task(key)
    assert (task.state, task.claimed_by, task.claim) == (TaskState.RUNNING, "hv1", token_of(world, "hv1"))

    assert runner.executor.works[key].tell(0.5, "half way")
    runner.loop.step()
    task = world.load().task(key)
    assert (task.progress, task.text) == (0.5, "half way")

    runner.executor.works[key].end(result="pool x is made")
    runner.loop.step()
    task = world.load().task(key)
    assert (task.state, task.result, task.progress) == (TaskState.DONE, "pool x is made", 1.0)
    assert world.last_entry() == ("agent@hv1", "add pool x: done")
    runner.loop.step()
    assert runner.executor.begun == [key]


def test_one_task_is_claimed_by_one_daemon(world: World) -> None:
    first, second = Runner(world, "hv1"), Runner(world, "hv2")
    key = ask(world)
    first.loop.step()
    second.loop.step()
    assert world.load().task(key).claimed_by == "hv1"
    assert second.executor.begun == []


def test_a_lost_race_for_a_claim_begins_nothing(world: World) -> None:
    first, second = Runner(world, "hv1"), Runner(world, "hv2")
    key = ask(world, verb="unknown here")
    second.loop.step()
    waiting = world.load().task(key)
    world.write(Kind.TASK, key, waiting, replace(waiting, verb="storage pool add"))
    second.loop._open[key] = replace(waiting, verb="storage pool add", version=waiting.version)
    first.clock.now_s += LOOK_EVERY_S
    first.loop.step()
    with pytest.raises(Conflict):
        second.loop.step()
    assert second.executor.begun == []


def test_a_task_of_another_node_is_left_alone_and_a_plain_hypervisor_takes_only_its_own(world: World) -> None:
    coordinator, plain = Runner(world, "hv1"), Runner(world, "hv2", is_coordinator=False)
    anyones, own = ask(world), ask(world, runs_on="hv2")
    plain.loop.step()
    assert plain.executor.begun == [own]
    coordinator.loop.step()
    assert coordinator.executor.begun == [anyones]


def test_a_daemon_takes_only_what_it_can_do(world: World) -> None:
    runner = Runner(world, "hv1")
    ask(world, verb="unknown here")
    runner.loop.step()
    assert runner.executor.begun == []


def test_only_so_many_are_carried_out_at_once(world: World) -> None:
    runner = Runner(world, "hv1")
    keys = [ask(world) for _ in range(TASKS_AT_ONCE + 2)]
    runner.loop.step()
    assert len(runner.executor.begun) == TASKS_AT_ONCE
    runner.executor.works[runner.executor.begun[0]].end()
    runner.loop.step()
    runner.loop.step()
    assert len(runner.executor.begun) == TASKS_AT_ONCE + 1
    assert set(runner.executor.begun) <= set(keys)


def test_who_looks_for_a_reason_does_not_wait_behind_what_takes_hours(world: World) -> None:
    runner = Runner(world, "hv1")
    for _ in range(TASKS_AT_ONCE):
        ask(world)
    runner.loop.step()
    logs = [ask(world, verb=NODE_LOG, runs_on="hv1") for _ in range(READINGS_AT_ONCE + 1)]
    runner.loop.step()
    assert len(runner.executor.begun) == TASKS_AT_ONCE + READINGS_AT_ONCE
    assert len(set(logs) & set(runner.executor.begun)) == READINGS_AT_ONCE


def test_a_failure_is_told_in_the_words_of_the_error(world: World) -> None:
    runner = Runner(world, "hv1")
    key = ask(world)
    runner.loop.step()
    runner.executor.works[key].end(error="there is a pool x already")
    runner.loop.step()
    task = world.load().task(key)
    assert (task.state, task.error) == (TaskState.FAILED, "there is a pool x already")


def test_whoever_cancels_is_heard_at_once_and_the_end_is_cancelled(world: World) -> None:
    runner = Runner(world, "hv1")
    key = ask(world)
    runner.loop.step()
    tasks.cancel(seat(world), key)
    runner.loop.step()
    work = runner.executor.works[key]
    assert not work.tell(0.2)
    work.end(error="cancelled")
    runner.loop.step()
    assert world.load().task(key).state is TaskState.CANCELLED


def test_what_could_not_be_stopped_any_more_is_done(world: World) -> None:
    runner = Runner(world, "hv1")
    key = ask(world)
    runner.loop.step()
    tasks.cancel(seat(world), key)
    runner.loop.step()
    runner.executor.works[key].end(result="made")
    runner.loop.step()
    assert world.load().task(key).state is TaskState.DONE


def test_a_new_session_stops_what_was_begun_in_the_old_one_and_does_not_write_its_end(world: World) -> None:
    runner = Runner(world, "hv1")
    key = ask(world)
    runner.loop.step()
    work = runner.executor.works[key]
    world.kill("hv1")
    runner.token = ""
    runner.loop.step()
    assert work.should_stop
    work.end(result="made")
    runner.token = "s-9999999999"
    runner.loop.step()
    assert world.load().task(key).state is TaskState.RUNNING
    assert runner.executor.begun == [key]


def test_a_daemon_that_lost_its_life_can_not_claim(world: World) -> None:
    runner = Runner(world, "hv1")
    world.kill("hv1")
    key = ask(world)
    with pytest.raises(Conflict):
        runner.loop.step()
    assert world.load().task(key).state is TaskState.WAITING


# The manager's part


def commit_plan(world: World) -> Cluster:
    for step in plan_tasks(world.load(), Watch(now_s=5.0, wall_s=5.0)).steps:
        assert step.change is not None
        world.setup.commit(step.change)
    return world.load()


def test_a_dead_daemons_task_ends_interrupted_and_stays_so(world: World) -> None:
    runner = Runner(world, "hv1")
    key = ask(world)
    runner.loop.step()
    runner.executor.works[key].tell(0.25, "writing")
    runner.loop.step()
    assert plan_tasks(world.load(), Watch(now_s=5.0, wall_s=5.0)).steps == ()
    world.kill("hv1")
    task = commit_plan(world).task(key)
    assert task.state is TaskState.FAILED
    assert task.error.startswith(f"{INTERRUPTED}: the daemon of hv1 ended while it was at it (writing)")
    survivor = Runner(world, "hv2")
    survivor.loop.step()
    assert survivor.executor.begun == []
    assert commit_plan(world).task(key).state is TaskState.FAILED


def test_a_task_of_a_node_that_was_removed_ends_interrupted_even_when_it_was_to_stop(world: World) -> None:
    key = ask(world)
    task = world.load().task(key)
    lost = replace(task, state=TaskState.RUNNING, claimed_by="hv9", claim="s-1", cancel_requested="anna@ops1")
    world.write(Kind.TASK, key, task, lost)
    assert commit_plan(world).task(key).state is TaskState.FAILED


def test_the_oldest_that_have_ended_are_forgotten(world: World) -> None:
    for number in range(TASKS_KEPT + 3):
        key = f"{number:010d}-00000000"
        state = TaskState.WAITING if number == 0 else TaskState.DONE
        world.write(Kind.TASK, key, None, Task(key=key, verb="x", state=state, asked_at=1.0))
    left = commit_plan(world).tasks
    assert len(left) == TASKS_KEPT + 1
    assert "0000000000-00000000" in left
    assert "0000000001-00000000" not in left


# Executors


def refuse(_work: Work) -> str:
    raise Refused("no")


@pytest.mark.parametrize(
    "verbs, result, error",
    [
        ({"v": lambda _work: "fine"}, "fine", ""),
        ({"v": refuse}, "", "no"),
        ({}, "", "this node can't do 'v'"),
    ],
)
def test_an_executor_ends_every_task(verbs: dict[str, object], result: str, error: str) -> None:
    work = Work(Task(key="k", verb="v"), lambda: None)
    carry_out(verbs, work)  # type: ignore[arg-type]
    assert work.has_ended
    assert work.result == result
    assert work.error.startswith(error)


def test_an_executor_that_breaks_off_ends_its_task_too() -> None:
    def broken(_work: Work) -> str:
        raise ZeroDivisionError

    work = Work(Task(key="k", verb="v"), lambda: None)
    with pytest.raises(ZeroDivisionError):
        carry_out({"v": broken}, work)
    assert "broke off" in work.error
