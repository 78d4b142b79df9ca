"""The simulated Ceph's `rbd`: its words, and the JSON that it prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pvccore.ceph.commands import NotThere
from pvccore.model.errors import Refused
from pvccore.model.struct import Struct
from simulation.ceph_state import Image, Pool, SimulatedStorage, Snap

Words = tuple[str, ...]


class RbdCaller(Struct, frozen=True):
    """One `rbd` at work on the simulated storage."""

    storage: SimulatedStorage

    def pool(self, name: str) -> Pool:
        """The pool of that name; raises NotFound as rbd does."""
        try:
            return self.storage.pools[name]
        except KeyError:
            raise NotThere((), "rbd", f"error opening pool '{name}': (2) No such file or directory") from None

    def image(self, path: str) -> Image:
        """The image POOL/IMAGE; raises NotFound as rbd does."""
        pool, _, name = path.partition("/")
        try:
            return self.pool(pool).images[name]
        except KeyError:
            raise NotThere((path,), "rbd", f"error opening image {name}: (2) No such file or directory") from None

    def json(self, words: Words) -> Any:  # noqa: ANN401 - JSON
        """What a command with --format json prints."""
        call = _RBD.get(" ".join(words[:2])) or _RBD.get(words[0])
        if call is None:
            raise Refused(f"rbd {' '.join(words)}: command not known")
        return call(self, words[-1])

    def plain(self, words: Words) -> None:
        """Carry a command out."""
        plain = tuple(word for word in words if word not in ("--no-progress", "--allow-shrink"))
        for length in (2, 1):
            call = _RBD_PLAIN.get(" ".join(plain[:length]))
            if call is not None:
                call(self, plain[length:])
                return
        raise Refused(f"rbd {' '.join(words)}: command not known")


def _ls(at: RbdCaller, pool: str) -> Any:  # noqa: ANN401 - JSON
    return sorted(at.pool(pool).images)


def _ls_long(at: RbdCaller, pool: str) -> Any:  # noqa: ANN401 - JSON
    entries: list[dict[str, Any]] = []
    for name, image in sorted(at.pool(pool).images.items()):
        watched = at.storage.ceph.watchers.get(f"{pool}/{name}")
        lock = {"lock_type": "exclusive"} if watched else {}
        entries.append({"image": name, "size": image.size_bytes, **_parent(image), **lock})
        entries += [{"image": name, "snapshot": snap.name, **_snap(snap)} for snap in image.snaps]
    return entries


def _info(at: RbdCaller, path: str) -> Any:  # noqa: ANN401 - JSON
    image = at.image(path)
    return {"name": path.partition("/")[2], "size": image.size_bytes, **_parent(image)}


def _parent(image: Image) -> dict[str, Any]:
    if not image.parent:
        return {}
    path, _, snapshot = image.parent.partition("@")
    pool, _, name = path.partition("/")
    return {"parent": {"pool": pool, "image": name, "snapshot": snapshot}}


def _snap(snap: Snap) -> dict[str, Any]:
    return {"name": snap.name, "size": snap.size_bytes, "protected": str(snap.is_protected).lower()}


def _snap_ls(at: RbdCaller, path: str) -> Any:  # noqa: ANN401 - JSON
    return [_snap(snap) for snap in at.image(path).snaps]


def _rbd_status(at: RbdCaller, path: str) -> Any:  # noqa: ANN401 - JSON
    at.image(path)
    return {"watchers": [{"address": f"{client.address}:0/1"} for client in at.storage.clients(path)]}


def _lock_ls(at: RbdCaller, path: str) -> Any:  # noqa: ANN401 - JSON
    at.image(path)
    return [
        {"id": f"auto {index}", "locker": f"client.{index}", "address": f"{client.address}:0/1"}
        for index, client in enumerate(at.storage.clients(path)[:1])
    ]


def _du(at: RbdCaller, pool: str) -> Any:  # noqa: ANN401 - JSON
    return {"images": [{"name": name, "used_size": image.used_bytes} for name, image in at.pool(pool).images.items()]}


def _children(at: RbdCaller, path: str) -> Any:  # noqa: ANN401 - JSON
    return [
        {"pool": pool.name, "image": name}
        for pool in at.storage.pools.values()
        for name, image in pool.images.items()
        if image.parent == path or ("@" not in path and image.parent.startswith(f"{path}@"))
    ]


_RBD: Mapping[str, Callable[[RbdCaller, str], Any]] = {
    "ls -l": _ls_long,
    "ls": _ls,
    "info": _info,
    "snap ls": _snap_ls,
    "status": _rbd_status,
    "lock ls": _lock_ls,
    "du": _du,
    "children": _children,
    "trash ls": lambda _at, _pool: [],
    "namespace ls": lambda _at, _pool: [],
}


def _free(at: RbdCaller, path: str) -> tuple[Pool, str]:
    pool_name, _, name = path.partition("/")
    pool = at.pool(pool_name)
    if name in pool.images:
        raise Refused(f"rbd create: (17) File exists: {name}")
    return pool, name


def _create(at: RbdCaller, words: Words) -> None:
    pool, name = _free(at, words[-1])
    pool.images[name] = Image(size_bytes=int(words[1].removesuffix("B")))


def _rename(at: RbdCaller, words: Words) -> None:
    image = at.image(words[0])
    pool, name = _free(at, words[1])
    del pool.images[words[0].partition("/")[2]]
    pool.images[name] = image


def _clone(at: RbdCaller, words: Words) -> None:
    image = at.image(words[0].partition("@")[0])
    pool, name = _free(at, words[1])
    pool.images[name] = Image(size_bytes=image.size_bytes, parent=words[0])


def _copy(at: RbdCaller, words: Words) -> None:
    image = at.image(words[0].partition("@")[0])
    pool, name = _free(at, words[1])
    pool.images[name] = Image(size_bytes=image.size_bytes, used_bytes=image.used_bytes)


def _resize(at: RbdCaller, words: Words) -> None:
    image = at.image(words[-1])
    image.size_bytes = int(words[1].removesuffix("B"))
    image.used_bytes = min(image.used_bytes, image.size_bytes)


def _remove(at: RbdCaller, words: Words) -> None:
    image = at.image(words[0])
    if image.snaps:
        raise Refused("rbd rm: image has snapshots - these must be deleted with 'rbd snap purge' before removal.")
    if at.storage.clients(words[0]):
        raise Refused("rbd rm: image still has watchers")
    pool, _, name = words[0].partition("/")
    del at.storage.pools[pool].images[name]


def _at(path: str) -> tuple[str, str]:
    image, _, snapshot = path.partition("@")
    return image, snapshot


def _find(at: RbdCaller, path: str) -> Snap:
    image, name = _at(path)
    for snap in at.image(image).snaps:
        if snap.name == name:
            return snap
    raise NotThere((), "rbd", f"failed to open snapshot {name}: (2) No such file or directory")


def _snap_create(at: RbdCaller, words: Words) -> None:
    path, name = _at(words[0])
    image = at.image(path)
    image.snaps.append(Snap(name=name, size_bytes=image.size_bytes))


def _snap_rename(at: RbdCaller, words: Words) -> None:
    _find(at, words[0]).name = _at(words[1])[1]


def _snap_rollback(at: RbdCaller, words: Words) -> None:
    image = at.image(_at(words[0])[0])
    image.size_bytes = _find(at, words[0]).size_bytes


def _nothing(_at: RbdCaller, _words: Words) -> None:
    """What changes nothing that is simulated."""


def _snap_rm(at: RbdCaller, words: Words) -> None:
    snap = _find(at, words[0])
    if snap.is_protected:
        raise Refused("rbd snap: snapshot is protected from removal")
    at.image(_at(words[0])[0]).snaps.remove(snap)


def _snap_protect(at: RbdCaller, words: Words) -> None:
    _find(at, words[0]).is_protected = True


def _snap_unprotect(at: RbdCaller, words: Words) -> None:
    _find(at, words[0]).is_protected = False


def _lock_rm(at: RbdCaller, words: Words) -> None:
    at.storage.ceph.watchers.pop(words[0], None)


_RBD_PLAIN: Mapping[str, Callable[[RbdCaller, Words], None]] = {
    "pool init": _nothing,
    "create": _create,
    "rename": _rename,
    "clone": _clone,
    "copy": _copy,
    "resize": _resize,
    "rm": _remove,
    "snap create": _snap_create,
    "snap rename": _snap_rename,
    "snap rollback": _snap_rollback,
    "snap rm": _snap_rm,
    "snap protect": _snap_protect,
    "snap unprotect": _snap_unprotect,
    "lock rm": _lock_rm,
}
