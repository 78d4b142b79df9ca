"""A living cluster with Ceph, before which a person asks for the verbs of the storage; and what Ceph itself says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab.ceph import Ceph
from lab.cluster import Lab
from pvccore.model.errors import PvcError
from pvccore.model.storage import Volume
from pvccore.model.task import Task, TaskState
from pvccore.operations import storage
from tests.lab.on_ceph import CephCluster

TASK_LIMIT_S = 150.0
SEEN_LIMIT_S = 120.0
PVC = Path(sys.executable).parent / "pvc"


class StorageCluster(CephCluster):
    """A living cluster with Ceph, before which a person asks for the verbs of the storage."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab, witnessed=False)

    def ask(self, verb: str, **given: str) -> Task:
        """Ask for a verb and wait for its end."""
        result = storage.ask(self.operator, f"storage {verb}", given, confirmed=True)
        assert result.goal is not None
        return self.ended(result.goal.id)

    def done(self, verb: str, **given: str) -> str:
        """Ask for a verb that must be done; its result."""
        task = self.ask(verb, **given)
        assert task.state is TaskState.DONE, f"{task.title}: {task.error}\n{self.story}"
        return task.result

    def ended(self, key: str) -> Task:
        """A task once it is over."""

        def over() -> Task | None:
            task = self.look().task(key)
            return task if task.has_ended else None

        return self.wait_until(over, within_s=TASK_LIMIT_S, what=f"task {key} has ended")  # type: ignore[return-value]

    def refused(self, verb: str, **given: str) -> str:
        """Ask for a verb that must be refused beforehand; the words."""
        before = set(self.look().tasks)
        with pytest.raises(PvcError) as refusal:
            storage.ask(self.operator, f"storage {verb}", given, confirmed=True)
        assert set(self.look().tasks) == before
        return str(refusal.value)

    def failed(self, verb: str, **given: str) -> str:
        """Ask for a verb that the daemon must refuse, by what Ceph says; the words."""
        task = self.ask(verb, **given)
        assert task.state is TaskState.FAILED, f"{task.title}: {task.result}"
        return task.error

    def either(self, verb: str, **given: str) -> str:
        """The refusal of a verb, by what was known beforehand or by what Ceph said."""
        try:
            return self.failed(verb, **given)
        except PvcError as refused:
            return str(refused)

    def sees(self, pool: str, name: str) -> Volume:
        """A volume once the reporter has seen all of it."""

        def seen() -> Volume | None:
            found = self.look().storage.volumes.get(pool, {}).get(name)
            return found if found is not None and found.size_bytes else None

        return self.wait_until(seen, within_s=SEEN_LIMIT_S, what=f"{pool}/{name} is seen")  # type: ignore[return-value]

    def sees_no(self, pool: str, name: str) -> None:
        """Wait until the reporter has seen that it is gone."""
        self.wait_until(
            lambda: name not in self.look().storage.volumes.get(pool, {}),
            within_s=SEEN_LIMIT_S,
            what=f"{pool}/{name} is gone",
        )

    def typed(self, line: str) -> subprocess.CompletedProcess[str]:
        """What `pvc LINE` does, as a script would call it: nobody is there to be asked."""
        words = [str(PVC), "-c", f"{self.lab.zookeeper.hosts}{self.chroot}", *line.split()]
        return subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TASK_LIMIT_S, check=False
        )

    def knows_room(self) -> bool:
        """Whether Ceph has counted its room, and the reporter has seen it."""
        pool = self.look().storage.pools.get("vms")
        return self.look().storage.status.is_known and pool is not None and pool.available_bytes > 0

    def sees_pool(self, pool: str, *, there: bool = True) -> None:
        """Wait until the reporter has seen a pool, or that it is gone."""
        self.wait_until(
            lambda: (pool in self.look().storage.pools) is there, within_s=SEEN_LIMIT_S, what=f"pool {pool}: {there}"
        )


@contextmanager
def storage_cluster(lab: Lab, ceph: Ceph) -> Iterator[StorageCluster]:
    """One for all tests of a module, which knows its room."""
    assert ceph.runs
    lab.mend()
    with StorageCluster(lab) as made:
        made.wait_until(made.knows_room, within_s=SEEN_LIMIT_S, what="Ceph has told how much room there is")
        yield made


def listed(ceph: Ceph, pool: str) -> list[str]:
    """What Ceph itself says is in a pool."""
    names: list[str] = json.loads(ceph.rbd("ls", pool, "--format", "json"))
    return names


def placement_groups(ceph: Ceph, pool: str) -> int:
    count: int = json.loads(ceph.ceph("osd", "pool", "get", pool, "pg_num", "--format", "json"))["pg_num"]
    return count


def info(ceph: Ceph, volume: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ceph.rbd("info", volume, "--format", "json"))
    return found


def snapshots(ceph: Ceph, volume: str) -> list[str]:
    return [one["name"] for one in json.loads(ceph.rbd("snap", "ls", volume, "--format", "json"))]
