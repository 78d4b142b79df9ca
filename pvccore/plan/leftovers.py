"""What tasks left half-made whose executor died, or could not tidy up: what of it may be removed, and by which task."""

from __future__ import annotations

from collections.abc import Iterator

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.storage import PART, Storage, path_of_volume, split_part_name, split_volume_path
from pvccore.model.task import Task, TaskState, task_key
from pvccore.plan.effects import Step
from pvccore.plan.storage_checks import users_of
from pvccore.plan.watch import Watch

DISCARD = "storage volume discard"
"""The verb that removes a leftover. No person asks for it: one removes volumes by their names."""
TRIES = 3
"""How often the removal of one leftover is asked for; what still is there then is left to a person."""
MAKERS = {"storage volume upload": "volume", "storage volume clone": "to"}
"""Verb that makes a volume under a part's name → the field that names the volume."""


def maker_of(cluster: Cluster, path: str) -> Task | None:
    """The task that began this part and will not finish it; None for every other volume, which is nobody's leftover."""
    pool, name = split_volume_path(path)
    volume, key = split_part_name(name)
    task = cluster.tasks.get(key)
    if task is None or not task.has_ended or task.state is TaskState.DONE or users_of(cluster, path):
        return None
    is_its_own = task.arguments.get(MAKERS.get(task.verb, "")) == path_of_volume(pool, volume)
    return task if is_its_own else None


def plan_leftovers(cluster: Cluster, watch: Watch) -> list[Step]:
    """Ask for the removal of every leftover that is seen, one task each, unless one is under way or was in vain."""
    return [
        _removal(path, maker, watch.wall_s)
        for path in _parts(cluster)
        if (maker := maker_of(cluster, path)) is not None and _may_be_tried(cluster, path)
    ]


def parts_only(storage: Storage) -> Storage:
    """All of the storage that a plan looks at: the volumes with a part's name."""
    parts = {
        pool: {name: volumes[name] for name in volumes if PART in name} for pool, volumes in storage.volumes.items()
    }
    return Storage(volumes={pool: found for pool, found in parts.items() if found})


def _parts(cluster: Cluster) -> Iterator[str]:
    for pool, volumes in parts_only(cluster.storage).volumes.items():
        for name in volumes:
            yield path_of_volume(pool, name)


def _may_be_tried(cluster: Cluster, path: str) -> bool:
    tries = [one for one in cluster.tasks.values() if one.verb == DISCARD and one.arguments.get("volume") == path]
    return len(tries) < TRIES and all(one.has_ended and one.state is not TaskState.DONE for one in tries)


def _removal(path: str, maker: Task, wall_s: float) -> Step:
    task = Task(
        key=task_key(wall_s, maker.key),
        verb=DISCARD,
        title=f"remove {path}, which task {maker.key} left half-made",
        arguments={"volume": path, "task": maker.key},
        asked_by="manager",
        asked_at=wall_s,
    )
    write = Write(kind=Kind.TASK, key=task.key, before=None, after=task)
    return Step(change=Change(writes=(write,), what=task.title, why=f"{maker.title or maker.verb}: {maker.error}"))
