"""What has become of a person's request: done, failed or under way, read from one cluster value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from pvccore.model.cluster import Cluster, status_of
from pvccore.model.fence import FencePhase
from pvccore.model.node import ReadinessState, WantedReadiness
from pvccore.model.struct import Struct
from pvccore.model.task import TaskState
from pvccore.model.vm import Vm, VmState, Wanted


class Aim(StrEnum):
    """What somebody waits for."""

    RUNNING = "running"
    RESTARTED = "restarted"
    AT_REST = "at_rest"
    ELSEWHERE = "elsewhere"
    FLUSHED = "flushed"
    READY = "ready"
    FENCED = "fenced"
    IN_FORCE = "in_force"
    TASK = "task"


class Goal(Struct, frozen=True, kw_only=True):
    """A request's aim and what it is about.

    vm: uuid. node: the node it is about, or where the VM shall be. id: of the request, migration or task.
    round: the fence round that was asked for.
    """

    aim: Aim
    vm: str = ""
    node: str = ""
    id: str = ""
    round: int = 0


class Progress(Struct, frozen=True, kw_only=True):
    """How a request stands, in words; under way when neither done nor failed."""

    text: str
    done: bool = False
    failed: bool = False

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.done or self.failed


def progress(cluster: Cluster, goal: Goal) -> Progress:
    """How the request behind `goal` stands in this cluster value."""
    if goal.vm:
        vm = cluster.vms.get(goal.vm)
        if vm is None:
            return Progress(text="the VM is not defined any more", failed=True)
        return _OF_VM[goal.aim](cluster, vm, goal)
    return _OF_CLUSTER[goal.aim](cluster, goal)


def _running(cluster: Cluster, vm: Vm, goal: Goal) -> Progress:  # noqa: ARG001 - one signature in _OF_VM
    hindered = _hindered(vm)
    if hindered is not None:
        return hindered
    if vm.placement.state is VmState.RUNNING and vm.placement.request is None:
        return Progress(text=f"{vm.name} runs on {vm.node}", done=True)
    return _under_way(cluster, vm)


def _restarted(cluster: Cluster, vm: Vm, goal: Goal) -> Progress:
    request = vm.placement.request
    if request is not None and request.id == goal.id:
        return _under_way(cluster, vm)
    return _running(cluster, vm, goal)


def _at_rest(cluster: Cluster, vm: Vm, goal: Goal) -> Progress:  # noqa: ARG001 - one signature in _OF_VM
    if vm.placement.wanted is Wanted.RUNNING:
        return Progress(text=f"{vm.name} is wanted running again: somebody started it", failed=True)
    if not vm.is_active:
        return Progress(text=f"{vm.name} is {vm.placement.state}", done=True)
    return _under_way(cluster, vm)


def _elsewhere(cluster: Cluster, vm: Vm, goal: Goal) -> Progress:
    migration = vm.placement.migration
    if migration is not None and migration.id == goal.id:
        said = f": {migration.error}" if migration.error else ""
        return Progress(text=f"{vm.name} {migration.phase}, {migration.source} to {migration.target}{said}")
    if vm.node != goal.node:
        said = _last_words(cluster, vm)
        return Progress(text=f"{vm.name} did not move to {goal.node}{said}", failed=True)
    if vm.placement.wanted is Wanted.RUNNING:
        return _running(cluster, vm, goal)
    return Progress(text=f"{vm.name} is on {vm.node}", done=True)


def _hindered(vm: Vm) -> Progress | None:
    """What keeps it from ever running as asked."""
    placement = vm.placement
    if placement.state is VmState.FAILED:
        return Progress(text=f"{vm.name} failed: {placement.failure}", failed=True)
    if vm.is_parked:
        return Progress(text=f"{vm.name} is parked on {placement.parked_on}: {placement.why}", failed=True)
    if placement.wanted is not Wanted.RUNNING:
        return Progress(text=f"{vm.name} is wanted {placement.wanted}: somebody stopped it", failed=True)
    return None


def _under_way(cluster: Cluster, vm: Vm) -> Progress:
    status = status_of(vm, cluster.nodes.get(vm.node))
    return Progress(text=f"{vm.name} {status}" + (f" on {vm.node}" if vm.node else ""))


def _last_words(cluster: Cluster, vm: Vm) -> str:
    """What the journal last gave as a reason about this VM."""
    found = [entry.why for entry in cluster.journal if entry.vm == vm.name and entry.why]
    return f": {found[-1]}" if found else ""


def _flushed(cluster: Cluster, goal: Goal) -> Progress:
    return _readiness(cluster, goal, WantedReadiness.FLUSHED, ReadinessState.FLUSHED)


def _ready(cluster: Cluster, goal: Goal) -> Progress:
    return _readiness(cluster, goal, WantedReadiness.READY, ReadinessState.READY)


def _readiness(cluster: Cluster, goal: Goal, wanted: WantedReadiness, state: ReadinessState) -> Progress:
    node = cluster.nodes.get(goal.node)
    if node is None:
        return _gone(goal)
    readiness = node.readiness
    if readiness.wanted is not wanted:
        return Progress(text=f"{node.name} is wanted {readiness.wanted} now: somebody changed it", failed=True)
    if readiness.state is state:
        return Progress(text=f"{node.name} is {state}", done=True)
    waits = f", waits for {len(readiness.waits_for)}: {readiness.waits_for[0]}" if readiness.waits_for else ""
    return Progress(text=f"{node.name} {readiness.state}{waits}")


def _fenced(cluster: Cluster, goal: Goal) -> Progress:
    node = cluster.nodes.get(goal.node)
    if node is None:
        return _gone(goal)
    fence = node.fence
    if fence.phase is FencePhase.RECOVERED or fence.round > goal.round:
        return Progress(text=f"{node.name} is fenced and its VMs are settled", done=True)
    if fence.phase is FencePhase.NONE:
        return _fence_ended(cluster, goal)
    if fence.phase is FencePhase.FAILED:
        return Progress(text=f"the fence of {node.name} failed: {fence.error}", failed=True)
    return Progress(text=f"fence of {node.name}: {fence.phase}")


def _fence_ended(cluster: Cluster, goal: Goal) -> Progress:
    """No fence any more: withdrawn, unless this round was once recovered."""
    node = cluster.nodes[goal.node]
    if FencePhase.RECOVERED.value in node.fence.times:
        return Progress(text=f"{node.name} was fenced and is admitted again", done=True)
    return Progress(text=f"the fence of {node.name} was withdrawn", failed=True)


def _in_force(cluster: Cluster, goal: Goal) -> Progress:  # noqa: ARG001 - one signature in _OF_CLUSTER
    version = cluster.maintenance.version
    late = sorted(
        name
        for name, node in cluster.nodes.items()
        if node.is_alive and node.presence.maintenance_acknowledged < version
    )
    if not late:
        return Progress(text=f"maintenance is {'on' if cluster.maintenance.on else 'off'}", done=True)
    return Progress(text=f"waiting for {', '.join(late)} to know of it")


def _task(cluster: Cluster, goal: Goal) -> Progress:
    """One task, or several with a comma between: done when all are."""
    found = [_one_task(cluster, key) for key in goal.id.split(",")]
    text = "; ".join(one.text for one in found)
    return Progress(
        text=text,
        done=all(one.done for one in found),
        failed=all(one.ended for one in found) and any(one.failed for one in found),
    )


def _one_task(cluster: Cluster, key: str) -> Progress:
    task = cluster.tasks.get(key)
    if task is None:
        return Progress(text=f"task {key} is not there any more", failed=True)
    if task.state is TaskState.DONE:
        return Progress(text=task.result or f"{task.title}: done", done=True)
    if task.has_ended:
        return Progress(text=f"{task.title}: {task.error or task.state}", failed=True)
    if task.state is TaskState.WAITING:
        return Progress(text=f"{task.title}: waits" + (f" for {task.runs_on}" if task.runs_on else ""))
    share = f" {task.progress:.0%}" if task.progress > 0 else ""
    return Progress(text=f"{task.title}: runs on {task.claimed_by}{share}" + (f", {task.text}" if task.text else ""))


def _gone(goal: Goal) -> Progress:
    return Progress(text=f"{goal.node} is not a node of the cluster any more", failed=True)


_OF_VM: Mapping[Aim, Callable[[Cluster, Vm, Goal], Progress]] = {
    Aim.RUNNING: _running,
    Aim.RESTARTED: _restarted,
    Aim.AT_REST: _at_rest,
    Aim.ELSEWHERE: _elsewhere,
}
_OF_CLUSTER: Mapping[Aim, Callable[[Cluster, Goal], Progress]] = {
    Aim.FLUSHED: _flushed,
    Aim.READY: _ready,
    Aim.FENCED: _fenced,
    Aim.IN_FORCE: _in_force,
    Aim.TASK: _task,
}
