"""Why a verb on the storage is refused now: each check raises one of the errors, or lets it pass.

A front end asks them of what the reporter last saw; the daemon that carries a verb out asks them again of what Ceph
says at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid, NotFound, Refused
from pvccore.model.metadata import NAME_PATTERN
from pvccore.model.storage import PART, Osd, Pool, Volume, parse_size, path_of_volume, size_words, split_volume_path
from pvccore.model.vm import Vm, VmState, Wanted

Given = Mapping[str, str]

FULL_RATIO = 0.8
"""A pool is not filled beyond this unless forced: Ceph itself stops at 0.85 to 0.95, and then every VM stands still."""
FLAGS = frozenset({
    "noout", "noin", "noup", "nodown", "norebalance", "nobackfill", "norecover", "noscrub", "nodeep-scrub",
})  # fmt: skip
MAX_PGS = 32768
MAX_REPLICAS = 10
_STORED_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,95}")
"""What others may have made: Ceph's own bound on a name's length, and no character that an option could begin with."""
_DEVICE = re.compile(r"/dev/(?:[A-Za-z0-9][A-Za-z0-9._:+-]*/)*[A-Za-z0-9][A-Za-z0-9._:+-]*")
_IMAGE_PATH = re.compile(r"/[A-Za-z0-9._+/-]{1,500}")
IMAGE_FOLDERS = ("/var/lib/pvc/images/", "/var/lib/libvirt/images/")
"""Where image files may be taken from on a node: an operator's word must not read the rest of the machine."""


# What is named


def named(given: Given, field: str) -> str:
    """A new name as given; raises Invalid unless it is one."""
    name = given.get(field, "")
    if not NAME_PATTERN.fullmatch(name):
        raise Invalid(field, name, "must be 1 to 64 of letters, digits and ._-, a letter or digit at each end")
    return name


def path_given(given: Given, field: str = "volume") -> tuple[str, str]:
    """Pool and volume of POOL/VOLUME as given, of a volume that is there; raises Invalid unless it is one."""
    pool, name = split_volume_path(given.get(field, ""))
    if not _STORED_NAME.fullmatch(pool) or not _STORED_NAME.fullmatch(name):
        raise Invalid(field, given.get(field, ""), "must be like POOL/VOLUME")
    return pool, name


def new_path_given(given: Given, field: str = "volume") -> tuple[str, str]:
    """Pool and volume of a new POOL/VOLUME as given; raises Invalid unless it is one."""
    pool, name = path_given(given, field)
    return pool, named({field: name}, field)


def number_given(given: Given, field: str, low: int, high: int) -> int:
    """A whole number as given; raises Invalid outside its bounds."""
    try:
        number = int(given.get(field, ""))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise Invalid(field, given.get(field, ""), f"must be a whole number from {low} to {high}")
    return number


def is_forced(given: Given) -> bool:
    """Whether the person said --force."""
    return given.get("force", "") == "yes"


def known_pool(cluster: Cluster, name: str) -> Pool:
    """A pool that is known to be there; where nothing is known yet of the storage, that is said."""
    if not cluster.storage.status.is_known:
        why = cluster.storage.status.error
        raise Refused("nothing is known of the storage yet" + (f": {why}" if why else "; its reporter has not looked"))
    return cluster.storage.pool(name)


def known_volume(cluster: Cluster, given: Given, field: str = "volume") -> Volume:
    """The volume that is named; raises NotFound."""
    pool, name = path_given(given, field)
    known_pool(cluster, pool)
    return cluster.storage.volume(pool, name)


def known_osd(cluster: Cluster, given: Given) -> Osd:
    """The OSD that is named; raises NotFound."""
    return cluster.storage.osd(number_given(given, "osd", 0, 1_000_000))


def users_of(cluster: Cluster, volume: str) -> list[Vm]:
    """The VMs that have it as a disk, by name."""
    return sorted((vm for vm in cluster.vms.values() if volume in vm.definition.volumes), key=lambda vm: vm.name)


def check_unused(cluster: Cluster, volume: str) -> None:
    """Raise Refused when a VM has this volume as a disk."""
    users = users_of(cluster, volume)
    if users:
        raise Refused(f"{volume} is a disk of {', '.join(vm.name for vm in users)}")


def check_at_rest(cluster: Cluster, volume: str) -> None:
    """Raise Refused while a VM that has this volume as a disk may be running, or may be started at any moment."""
    for vm in users_of(cluster, volume):
        starts = vm.placement.state is VmState.STOPPED and vm.placement.wanted is Wanted.RUNNING
        if vm.is_active or starts:
            state = f"{vm.placement.state}{' and wanted running' if starts else ''}"
            raise Refused(f"{volume} is a disk of {vm.name}, which is {state}; stop it first")


def check_free_name(cluster: Cluster, pool: str, name: str) -> None:
    """Raise when the pool is not there, not for volumes or has one of that name, or when a task may call a part so."""
    if PART in name:
        raise Invalid("name", name, f"must not contain {PART!r}: so a task calls what it has not finished")
    if not (found := known_pool(cluster, pool)).is_for_volumes:
        use = f"for {', '.join(found.applications)}" if "rbd" not in found.applications else "erasure-coded"
        raise Refused(f"pool {pool} is {use}, and not for volumes")
    if name in cluster.storage.volumes.get(pool, {}):
        raise Refused(f"there is a volume {pool}/{name} already")


def check_room(cluster: Cluster, pool_name: str, more_bytes: int, *, forced: bool) -> None:
    """Raise Refused when the pool would be fuller than it should be."""
    pool = known_pool(cluster, pool_name)
    room = pool.stored_bytes + pool.available_bytes
    would = (pool.stored_bytes + more_bytes) / room if room else float("inf")
    if would <= FULL_RATIO or forced:
        return
    limit, full = f"{FULL_RATIO:.0%}", f"{would:.0%}"
    would_be = full if full != limit else f"just over {limit}"
    words = "no room at all" if not room else f"it would be {would_be} full, and {limit} is the limit"
    left = max(0, int(room * FULL_RATIO) - pool.stored_bytes)
    raise Refused(f"pool {pool_name} has no room for {size_words(more_bytes)}: {words} ({size_words(left)} left)")


# OSDs


def check_osd_add(cluster: Cluster, given: Given) -> None:
    """A device on a living node."""
    device, name = given.get("device", ""), given.get("node", "")
    if not _DEVICE.fullmatch(device):
        raise Invalid("device", device, "must be a device like /dev/sdb")
    node = cluster.node(name)
    if not node.is_alive:
        raise Refused(f"{name} is not alive: a new OSD is made by the daemon of the node that has the device")
    taken = [osd.id for osd in cluster.storage.osds.values() if osd.node == name and device in osd.device.split(",")]
    if taken:
        raise Refused(f"{device} of {name} is OSD {taken[0]} already")
    if given.get("class"):
        named(given, "class")


def check_osd_remove(cluster: Cluster, given: Given) -> None:
    """One of several, and where its copies can go."""
    osd = known_osd(cluster, given)
    others = [one for one in cluster.storage.osds.values() if one.id != osd.id and one.is_in and one.is_up]
    if not others:
        raise Refused(f"OSD {osd.id} is the last one that is up and in")
    left = sum(one.total_bytes for one in others) * FULL_RATIO - sum(one.used_bytes for one in others)
    if left < osd.used_bytes and not is_forced(given):
        raise Refused(f"the other OSDs have no room for the {size_words(osd.used_bytes)} on OSD {osd.id}")
    if not is_forced(given):
        _check_copies(cluster, osd, others)


def _check_copies(cluster: Cluster, osd: Osd, others: Sequence[Osd]) -> None:
    """Raise Refused when a pool's copies would have fewer places than there are copies.

    Where hosts are too few already with this OSD, Ceph spreads the copies over OSDs alone, and those are counted.
    """
    hosts = {one.node for one in others}
    for _, pool in sorted(cluster.storage.pools.items()):
        if len(others) < pool.replicas:
            raise Refused(f"pool {pool.name} has {pool.replicas} replicas, and the OSDs left would be {len(others)}")
        if len(hosts) < pool.replicas <= len(hosts | {osd.node}):
            raise Refused(f"pool {pool.name} has {pool.replicas} replicas, and the hosts left would be {len(hosts)}")


def check_osd_in(cluster: Cluster, given: Given) -> None:
    """One that is out."""
    if known_osd(cluster, given).is_in:
        raise Refused(f"OSD {given['osd']} is in already")


def check_osd_out(cluster: Cluster, given: Given) -> None:
    """One that is in, and not the last."""
    osd = known_osd(cluster, given)
    if not osd.is_in:
        raise Refused(f"OSD {osd.id} is out already")
    if not any(one.is_in for one in cluster.storage.osds.values() if one.id != osd.id):
        raise Refused(f"OSD {osd.id} is the last one that is in")


def check_flag(cluster: Cluster, given: Given) -> None:  # noqa: ARG001 - one signature in STORAGE_VERBS
    """A flag of Ceph that we set."""
    if given.get("flag", "") not in FLAGS:
        raise Invalid("flag", given.get("flag", ""), f"must be one of {', '.join(sorted(FLAGS))}")


# Pools


def check_pool_add(cluster: Cluster, given: Given) -> None:
    """A new name, and sane numbers of copies and placement groups."""
    name = named(given, "pool")
    number_given(given, "pgs", 1, MAX_PGS)
    replicas = number_given(given, "replicas", 1, MAX_REPLICAS)
    number_given(given, "replicas_min", 1, replicas)
    if name in cluster.storage.pools:
        raise Refused(f"there is a pool {name} already")


def check_pool_remove(cluster: Cluster, given: Given) -> None:
    """A pool in which no VM has a disk; with volumes in it only when forced."""
    pool = known_pool(cluster, given.get("pool", ""))
    if pool.applications and "rbd" not in pool.applications:
        raise Refused(f"pool {pool.name} is Ceph's own, for {', '.join(pool.applications)}")
    prefix = f"{pool.name}/"
    users = sorted(
        vm.name for vm in cluster.vms.values() if any(one.startswith(prefix) for one in vm.definition.volumes)
    )
    if users:
        more = f" and {len(users) - 3} more" if len(users) > 3 else ""  # noqa: PLR2004 - names that fit a line
        raise Refused(f"pool {pool.name} has disks of {', '.join(users[:3])}{more}")
    clones = _clones_elsewhere(cluster, pool.name)
    if clones:
        raise Refused(f"pool {pool.name} has snapshots on which {', '.join(clones[:3])} hang")
    volumes = volumes_in(cluster, pool)
    if volumes and not is_forced(given):
        raise Refused(f"pool {pool.name} has {volumes} volumes; --force removes them too")


def volumes_in(cluster: Cluster, pool: Pool) -> int:
    """How many volumes a pool has: as Ceph counted them, or more where more are known by name."""
    return max(pool.volumes, len(cluster.storage.volumes.get(pool.name, {})))


def _clones_elsewhere(cluster: Cluster, pool: str) -> list[str]:
    """The volumes of other pools that would be lost with this one: Ceph removes a pool without asking for them."""
    return sorted(
        path_of_volume(place, one.name)
        for place, volumes in cluster.storage.volumes.items()
        if place != pool
        for one in volumes.values()
        if one.parent.startswith(f"{pool}/")
    )


def check_pool_set_pgs(cluster: Cluster, given: Given) -> None:
    """Another number than it has."""
    pool = known_pool(cluster, given.get("pool", ""))
    if number_given(given, "pgs", 1, MAX_PGS) == pool.pgs:
        raise Refused(f"pool {pool.name} has {pool.pgs} placement groups already")


# Volumes


def check_volume_add(cluster: Cluster, given: Given) -> None:
    """A new name in a pool with room."""
    pool, name = new_path_given(given)
    size_bytes = parse_size(given.get("size", ""))
    check_free_name(cluster, pool, name)
    check_room(cluster, pool, size_bytes, forced=is_forced(given))


def check_volume_upload(cluster: Cluster, given: Given) -> None:
    """A new name, and an image file in one of the folders that are for that, on a living node."""
    pool, name = new_path_given(given)
    path = given.get("path", "")
    inside = path.startswith(IMAGE_FOLDERS) and ".." not in path.split("/")
    if not _IMAGE_PATH.fullmatch(path) or not inside:
        raise Invalid("path", path, f"must be a file below {' or '.join(IMAGE_FOLDERS)} of the node")
    if not cluster.node(given.get("node", "")).is_alive:
        raise Refused(f"{given['node']} is not alive: an image is read by the daemon of the node that has the file")
    check_free_name(cluster, pool, name)


def check_volume_clone(cluster: Cluster, given: Given) -> None:
    """A volume (or a snapshot of one) that is there, a new name, and room for a whole copy unless it is a clone."""
    path, at, snapshot = given.get("volume", "").partition("@")
    if at and not snapshot:
        raise Invalid("volume", given["volume"], "must name a snapshot after the @")
    source = known_volume(cluster, {"volume": path})
    pool, name = new_path_given(given, "to")
    check_free_name(cluster, pool, name)
    if snapshot:
        source.snapshot(snapshot)
    else:
        needed = source.used_bytes if source.used_bytes >= 0 else source.size_bytes
        check_room(cluster, pool, needed, forced=is_forced(given))


def check_volume_resize(cluster: Cluster, given: Given) -> None:
    """Larger, with room for it; smaller only when forced, and not under a running VM."""
    volume, pool = known_volume(cluster, given), path_given(given)[0]
    size_bytes = parse_size(given.get("size", ""))
    if size_bytes == volume.size_bytes:
        raise Refused(f"{given['volume']} has {size_words(size_bytes)} already")
    if size_bytes > volume.size_bytes:
        check_room(cluster, pool, size_bytes - volume.size_bytes, forced=is_forced(given))
        return
    if not is_forced(given):
        raise Refused(
            f"{given['volume']} has {size_words(volume.size_bytes)}; to make it smaller cuts its end off, --force"
        )
    check_at_rest(cluster, given["volume"])


def check_volume_rename(cluster: Cluster, given: Given) -> None:
    """A new name for a volume that no VM calls by the old one."""
    known_volume(cluster, given)
    check_free_name(cluster, path_given(given)[0], named(given, "name"))
    check_unused(cluster, given["volume"])


def check_volume_remove(cluster: Cluster, given: Given) -> None:
    """A volume that is no VM's disk; with snapshots only when forced, and never while clones hang on them."""
    known_volume(cluster, given)
    check_unused(cluster, given["volume"])
    check_removal(cluster, given["volume"], forced=is_forced(given))


def check_removal(cluster: Cluster, path: str, *, forced: bool) -> None:
    """Raise Refused when clones or snapshots hang on a volume."""
    pool, name = path_given({"volume": path})
    volume = cluster.storage.volume(pool, name)
    clones = cluster.storage.clones_of(pool, name)
    if clones:
        raise Refused(f"{path} has clones: {', '.join(clones[:3])}")
    if volume.snapshots and not forced:
        names = ", ".join(one.name for one in volume.snapshots[:3])
        raise Refused(f"{path} has {len(volume.snapshots)} snapshots ({names}); --force removes them too")


# Snapshots


def check_snapshot_add(cluster: Cluster, given: Given) -> None:
    """A new name."""
    volume, name = known_volume(cluster, given), named(given, "name")
    if any(one.name == name for one in volume.snapshots):
        raise Refused(f"{given['volume']} has a snapshot {name} already")


def check_snapshot_rename(cluster: Cluster, given: Given) -> None:
    """A snapshot that is there, and a new name."""
    known_volume(cluster, given).snapshot(given.get("name", ""))
    check_snapshot_add(cluster, {"volume": given["volume"], "name": named(given, "new_name")})


def check_snapshot_rollback(cluster: Cluster, given: Given) -> None:
    """A snapshot that is there, of a volume that nobody writes to."""
    known_volume(cluster, given).snapshot(given.get("name", ""))
    check_at_rest(cluster, given["volume"])


def check_snapshot_remove(cluster: Cluster, given: Given) -> None:
    """A snapshot that is there, on which no clone hangs."""
    snapshot = known_volume(cluster, given).snapshot(given.get("name", ""))
    clones = cluster.storage.clones_of(*path_given(given), snapshot.name)
    if clones:
        raise Refused(f"{given['volume']}@{snapshot.name} is protected: {', '.join(clones[:3])} hang on it")


# Locks


def check_flush_locks(cluster: Cluster, given: Given) -> None:
    """A VM that is at rest and has disks."""
    vm = cluster.vm(given.get("vm", ""))
    if vm.is_active:
        raise Refused(f"{vm.name}: it is {vm.placement.state} on {vm.node}, and holds its own locks")
    if not vm.definition.volumes:
        raise NotFound("volume of VM", vm.name)
