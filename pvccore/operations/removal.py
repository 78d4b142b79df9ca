"""Removing a VM for good: its definition at once, and then its volumes, each by a task."""

from __future__ import annotations

from pvccore.model.change import Change
from pvccore.model.cluster import Cluster
from pvccore.model.storage import Volume, size_words
from pvccore.model.struct import Struct
from pvccore.model.task import task_key
from pvccore.model.vm import Vm
from pvccore.operations.definitions import forgettable, stop_and_wait, undefine_writes
from pvccore.operations.operator import Decision, Operator, Result, carry_out
from pvccore.operations.tasks import NewTask, task_write
from pvccore.plan.outcome import Aim, Goal
from pvccore.plan.storage import storage_verb
from pvccore.plan.storage_checks import check_removal, users_of

REMOVE = "storage volume remove"


class Losses(Struct, frozen=True, kw_only=True):
    """What removing a VM means for its volumes: POOL/VOLUME with its size, those of other VMs, those never seen."""

    removed: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def removal_losses(cluster: Cluster, vm: str) -> Losses:
    """Which volumes would go with a VM, and which stay because another VM has them too."""
    found = cluster.vm(vm)
    volumes = found.definition.volumes
    shared = tuple(path for path in volumes if len(users_of(cluster, path)) > 1)
    missing = tuple(path for path in volumes if cluster.storage.find(path) is None)
    removed = tuple(path for path in volumes if path not in (*shared, *missing))
    words = tuple(f"volume {path}{_size(cluster.storage.find(path))}" for path in removed)
    return Losses(removed=removed, shared=shared, missing=missing, words=words)


def remove(operator: Operator, vm: str, *, stop_first: bool = False, force: bool = False) -> Result:
    """Forget a VM and remove its volumes; all are asked for in the commit that forgets it. force: snapshots go too."""
    if stop_first:
        stop_and_wait(operator, vm)
    stem = operator.new_id()

    def decide(cluster: Cluster) -> Decision:
        found = forgettable(operator, cluster, vm, stop_first=stop_first)
        going = removal_losses(cluster, found.uuid)
        for path in going.removed:
            check_removal(cluster, path, forced=force)
        tasks = [_task(found, path, force=force) for path in going.removed]
        keys = [task_key(operator.wall_clock(), f"{stem}-{number}") for number in range(len(tasks))]
        writes = [task_write(operator, cluster, key, task) for key, task in zip(keys, tasks, strict=True)]
        change = Change(
            writes=(*undefine_writes(found), *writes),
            what=f"remove {found.name}",
            why=", ".join(going.removed),
            vm=found.name,
            node=found.node,
        )
        goal = Goal(aim=Aim.TASK, id=",".join(keys)) if keys else None
        return Decision(change=change, result=Result(text=_text(found, going), goal=goal))

    return carry_out(operator, decide)


def _task(vm: Vm, path: str, *, force: bool) -> NewTask:
    given = {"volume": path} | ({"force": "yes"} if force else {})
    return NewTask(verb=REMOVE, title=storage_verb(REMOVE).title_of(given), arguments=given, vm=vm.name)


def _size(volume: Volume | None) -> str:
    return f" of {size_words(volume.size_bytes)}" if volume is not None else ""


def _text(vm: Vm, going: Losses) -> str:
    parts = [f"{vm.name} is undefined"]
    if going.removed:
        parts.append(f"{', '.join(going.removed)} {'is' if len(going.removed) == 1 else 'are'} being removed")
    if going.shared:
        parts.append(f"{', '.join(going.shared)} stay: other VMs have them too")
    if going.missing:
        parts.append(f"{', '.join(going.missing)} were never seen in the storage")
    return "; ".join(parts)
