"""Snapshots of volumes: made, renamed, rolled back to, protected while clones hang on them, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pvccore.ceph.commands import Commands, Tell
from pvccore.model.errors import Refused
from pvccore.model.storage import Snapshot
from pvccore.model.struct import Struct


class Snapshots(Struct, frozen=True, kw_only=True):
    """The snapshots of one Ceph cluster's volumes; `volume` is always POOL/VOLUME."""

    commands: Commands

    def load(self, volume: str) -> tuple[Snapshot, ...]:
        """Those of one volume, the oldest first."""
        return tuple(parse_listed_snapshot(one) for one in self.commands.rbd("snap", "ls", volume) or ())

    def add(self, volume: str, name: str) -> None:
        """Keep the volume as it is at this moment under a name."""
        self.commands.rbd_plain("snap", "create", "--no-progress", f"{volume}@{name}")

    def rename(self, volume: str, name: str, new_name: str) -> None:
        """Give a snapshot another name."""
        self.commands.rbd_plain("snap", "rename", f"{volume}@{name}", f"{volume}@{new_name}")

    def roll_back(self, volume: str, name: str, tell: Tell) -> None:
        """Make the volume what it was; all that was written since is lost."""
        self.commands.rbd_followed("snap", "rollback", f"{volume}@{name}", tell=tell)

    def protect(self, volume: str, name: str) -> None:
        """Keep it from being removed while clones hang on it; harmless when it is so."""
        try:
            self.commands.rbd_plain("snap", "protect", f"{volume}@{name}")
        except Refused as refused:
            if not any(one.name == name and one.is_protected for one in self.load(volume)):
                raise refused from None

    def unprotect(self, volume: str, name: str) -> None:
        """Let it be removed; Ceph refuses while clones hang on it."""
        self.commands.rbd_plain("snap", "unprotect", f"{volume}@{name}")

    def remove(self, volume: str, name: str) -> None:
        """Forget what the volume was at that moment."""
        self.commands.rbd_plain("snap", "rm", "--no-progress", f"{volume}@{name}")

    def clones(self, volume: str, name: str = "") -> tuple[str, ...]:
        """POOL/VOLUME of what hangs on a snapshot, or on any of the volume's."""
        listed = self.commands.rbd("children", f"{volume}@{name}" if name else volume) or ()
        return tuple(one if isinstance(one, str) else place_of_image(one) for one in listed)


def place_of_image(entry: Mapping[str, Any]) -> str:
    """POOL/IMAGE of an image that another one is about, POOL/NAMESPACE/IMAGE where it is in one."""
    return "/".join(str(entry[part]) for part in ("pool", "pool_namespace", "image") if entry.get(part))


def parse_listed_snapshot(entry: Mapping[str, Any]) -> Snapshot:
    """One entry of `rbd snap ls`, or of a snapshot in `rbd ls -l`."""
    return Snapshot(
        name=str(entry.get("snapshot", entry.get("name", ""))),
        size_bytes=int(entry.get("size", 0)),
        is_protected=entry.get("protected") == "true",
    )
