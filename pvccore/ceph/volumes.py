"""Volumes: RBD images, as they are and as they are made, filled, copied, resized, renamed and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pvccore.ceph.commands import Commands, Tell
from pvccore.ceph.locks import parse_locks, parse_watchers
from pvccore.ceph.snapshots import parse_listed_snapshot, place_of_image
from pvccore.model.errors import NotFound, PvcError, Refused
from pvccore.model.storage import Snapshot, Volume, path_of_volume
from pvccore.model.struct import Struct, replace

LISTING_LIMIT_S = 300.0
"""How long looking at every image of a pool may take: 12 s for 2,000 of them on a busy machine."""
MEASURING_LIMIT_S = 600.0
FORMATS = frozenset({"raw", "qcow2", "vmdk", "vdi", "vhdx", "vpc", "qed"})
"""Formats of image files that can be taken in."""


class ImageFile(Struct, frozen=True, kw_only=True):
    """An image file on this machine, as qemu-img sees it."""

    path: str
    format: str
    size_bytes: int


class Volumes(Struct, frozen=True, kw_only=True):
    """The volumes of one Ceph cluster; `volume` is always POOL/VOLUME."""

    commands: Commands

    def names(self, pool: str) -> tuple[str, ...]:
        """The names of a pool's volumes: one cheap question."""
        return tuple(str(name) for name in self.commands.rbd("ls", "--pool", pool) or ())

    def namespaces(self, pool: str) -> int:
        """How many namespaces a pool has: what is in them is no volume to us."""
        return len(self.commands.rbd("namespace", "ls", "--pool", pool) or ())

    def load(self, pool: str) -> tuple[Volume, ...]:
        """Every volume of a pool, by name; every image is opened for that, some 5 ms of a core each."""
        return parse_volumes(self.commands.rbd("ls", "-l", "--pool", pool, limit_s=LISTING_LIMIT_S))

    def load_one(self, pool: str, name: str) -> Volume:
        """One volume as it is now; raises NotFound."""
        volume = path_of_volume(pool, name)
        try:
            facts = self.commands.rbd("info", volume)
        except NotFound:
            raise NotFound("volume", volume) from None
        listed = self.commands.rbd("snap", "ls", volume)
        locks = parse_locks(self.commands.rbd("lock", "ls", volume))
        return Volume(
            name=name,
            size_bytes=int(facts["size"]),
            parent=_parent(facts),
            is_locked=bool(locks),
            lock_holder=locks[0].address if locks else "",
            snapshots=tuple(parse_listed_snapshot(one) for one in listed or ()),
        )

    def look_at(self, pool: str, name: str) -> Volume | None:
        """One volume as it is now, with why it can't be opened where Ceph only lists it; None when it is gone."""
        try:
            return self.load_one(pool, name)
        except NotFound:
            return unopened(name) if name in self.names(pool) else None

    def used_bytes(self, pool: str) -> dict[str, int]:
        """Volume → bytes in use, with its snapshots. Dear: without fast-diff every object is asked for."""
        said = self.commands.rbd("du", "--pool", pool, limit_s=MEASURING_LIMIT_S)
        return parse_used(said)

    def watchers(self, volume: str) -> tuple[str, ...]:
        """Addresses of the clients that have it open."""
        return parse_watchers(self.commands.rbd("status", volume))

    def add(self, volume: str, size_bytes: int) -> None:
        """Make an empty volume."""
        self.commands.rbd_plain("create", "--size", f"{size_bytes}B", volume)

    def image_file(self, path: str) -> ImageFile:
        """The facts of an image file here; raises `Refused` for one that reaches for other files of this machine."""
        facts = self.commands.image_facts(path) or {}
        image_format = str(facts.get("format", ""))
        if image_format not in FORMATS:
            raise Refused(f"{path} has the format {image_format or 'unknown'}, which can't be taken in")
        details = (facts.get("format-specific") or {}).get("data") or {}
        if facts.get("backing-filename") or details.get("data-file"):
            raise Refused(f"{path} is only a part of an image: it names another file")
        return ImageFile(path=path, format=image_format, size_bytes=int(facts["virtual-size"]))

    def upload(self, image: ImageFile, volume: str, partial: str, tell: Tell) -> None:
        """Write an image file into a new volume, which has its name only once all of it is there."""
        self.add(partial, image.size_bytes)
        try:
            self.commands.image_written(image.path, image.format, partial, tell=tell)
            self.commands.rbd_plain("rename", partial, volume)
        except PvcError:
            self.discard(partial)
            raise

    def copy(self, source: str, volume: str, partial: str, tell: Tell) -> None:
        """Copy a volume, or POOL/VOLUME@SNAPSHOT, whole; the copy has its name only once all of it is there."""
        try:
            self.commands.rbd_followed("copy", source, partial, tell=tell)
            self.commands.rbd_plain("rename", partial, volume)
        except PvcError:
            self.discard(partial)
            raise

    def clone(self, snapshot: str, volume: str) -> None:
        """Make a volume that shares all it did not change with a protected snapshot."""
        self.commands.rbd_plain("clone", snapshot, volume)

    def resize(self, volume: str, size_bytes: int, *, shrink: bool) -> None:
        """Give it another size; what lies beyond a smaller one is lost."""
        allowed = ["--allow-shrink"] if shrink else []
        self.commands.rbd_plain("resize", "--no-progress", "--size", f"{size_bytes}B", *allowed, volume)

    def rename(self, volume: str, name: str) -> None:
        """Give it another name in its pool."""
        self.commands.rbd_plain("rename", volume, f"{volume.partition('/')[0]}/{name}")

    def remove(self, volume: str, tell: Tell) -> None:
        """Remove it and all that is in it; Ceph refuses while it is open somewhere or has snapshots."""
        self.commands.rbd_followed("rm", volume, tell=tell)

    def discard(self, partial: str) -> None:
        """Remove what of a volume was made before something failed; harmless when there is nothing."""
        try:
            self.commands.rbd_plain("rm", "--no-progress", partial)
        except PvcError:
            return  # it is listed with its telling name, and can be removed by hand


def parse_volumes(listed: Any) -> tuple[Volume, ...]:  # noqa: ANN401 - JSON of `rbd ls -l`
    """`rbd ls -l` as volumes by name: an entry each for an image and for every snapshot of it."""
    entries: Sequence[Mapping[str, Any]] = listed or ()
    found = {
        str(one["image"]): Volume(
            name=str(one["image"]),
            size_bytes=int(one.get("size", 0)),
            parent=_parent(one),
            is_locked=bool(one.get("lock_type")),
        )
        for one in entries
        if "snapshot" not in one
    }
    snapshots: dict[str, list[Snapshot]] = {}
    for one in entries:
        if "snapshot" in one:
            snapshots.setdefault(str(one["image"]), []).append(parse_listed_snapshot(one))
    full = [replace(volume, snapshots=tuple(snapshots.get(name, ()))) for name, volume in sorted(found.items())]
    return tuple(full)


def unopened(name: str) -> Volume:
    """A volume of which no more than its name is known."""
    return Volume(name=name, error="Ceph lists it, but can't open it: a removal broke off, or it is damaged")


def parse_used(said: Any) -> dict[str, int]:  # noqa: ANN401 - JSON of `rbd du`
    """`rbd du` as volume → bytes in use: it tells what each snapshot has beyond the one before, and the volume then."""
    used: dict[str, int] = {}
    for one in (said or {}).get("images") or ():
        used[str(one["name"])] = used.get(str(one["name"]), 0) + int(one.get("used_size", 0))
    return used


def _parent(entry: Mapping[str, Any]) -> str:
    parent = entry.get("parent")
    if not isinstance(parent, Mapping):
        return str(parent or "")
    return f"{place_of_image(parent)}@{parent['snapshot']}"
