"""Leftovers: volumes that a task began and nobody will finish, removed as soon as nobody has them open."""

from __future__ import annotations

from collections.abc import Callable

from nodedaemon.task_runner import Work
from pvccore.ceph.commands import Commands
from pvccore.ceph.volumes import Volumes
from pvccore.model.cluster import Cluster
from pvccore.model.errors import NotFound, Refused, Unavailable
from pvccore.model.struct import Struct
from pvccore.plan.leftovers import maker_of

LOOK_EVERY_S = 10.0
GIVE_UP_S = 300.0
"""A dead daemon's child writes on for a moment, and its watch lasts 30 s; Ceph itself may be away for longer."""


class Leftovers(Struct, frozen=True, kw_only=True):
    """What a daemon does about them. cluster: the newest, read from the store. pause: waits that many seconds."""

    commands: Commands
    cluster: Callable[[], Cluster]
    pause: Callable[[float], object]

    def discard(self, work: Work) -> str:
        """Remove the leftover that a task names; raises `Refused` for any other volume, and when it stays open."""
        path = work.task.arguments["volume"]
        waited_s = 0.0
        while True:
            if maker_of(self.cluster(), path) is None:
                raise Refused(f"{path} is nothing that an ended task left half-made")
            try:
                Volumes(commands=self.commands).remove(path, work.tell)
            except NotFound:
                return f"{path} is gone already"
            except (Refused, Unavailable) as error:
                if waited_s >= GIVE_UP_S or not work.tell(work.progress, f"tries again: {error}"):
                    raise
            else:
                return f"{path} is removed"
            self.pause(LOOK_EVERY_S)
            waited_s += LOOK_EVERY_S
