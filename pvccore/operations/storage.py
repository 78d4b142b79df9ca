"""Verbs on the storage: checked here by what is known, and carried out by a node's daemon as a task.

A front end has no access to Ceph. What is known may be some seconds old: the daemon checks again by what is true then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pvccore.model.cluster import Cluster
from pvccore.model.errors import NotFound, Refused
from pvccore.model.storage import Osd, Pool, Volume, path_of_volume, split_volume_path
from pvccore.model.vm import Vm
from pvccore.operations.operator import Operator, Result
from pvccore.operations.tasks import NewTask, request
from pvccore.plan.openers import nodes_by_address, openers
from pvccore.plan.storage import STORAGE_VERBS, StorageVerb, complete, storage_verb
from pvccore.plan.storage_checks import users_of


def ask(operator: Operator, verb: str, given: Mapping[str, str], *, confirmed: bool = False) -> Result:
    """Ask for a verb of `plan.storage.STORAGE_VERBS`; `given` is field → value as typed.

    confirmed: the person was told what would be lost (`losses`); without it a verb that loses something is refused.
    """
    found = storage_verb(verb)
    full = complete(found, given)

    def decide(cluster: Cluster) -> NewTask:
        lost = _losses(cluster, found, full)
        if lost and not confirmed:
            raise Refused(f"not confirmed; lost would be {'; '.join(lost)}")
        return NewTask(
            verb=found.verb,
            title=found.title_of(full),
            arguments=full,
            vm=found.vm(cluster, full),
            runs_on=found.runs_on(cluster, full),
        )

    return request(operator, decide)


def losses(cluster: Cluster, verb: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """What a verb would lose, in words; raises the error by which it would be refused."""
    found = storage_verb(verb)
    return _losses(cluster, found, complete(found, given))


def is_behind(cluster: Cluster) -> bool:
    """Whether a task has changed the storage since it was last looked at: what is known of it may be over."""
    status = cluster.storage.status
    done = (task for task in cluster.tasks.values() if task.verb in STORAGE_VERBS and task.has_ended)
    return status.is_known and any(task.ended_at > status.at for task in done)


def _losses(cluster: Cluster, verb: StorageVerb, given: Mapping[str, str]) -> tuple[str, ...]:
    """Check, and tell what would be lost. Where we are behind, only the daemon can say: it asks Ceph itself."""
    try:
        verb.check(cluster, given)
        return verb.losses(cluster, given)
    except (NotFound, Refused):
        if not is_behind(cluster) or not _is_about_storage(cluster, verb, given):
            raise
        return (f"{verb.title_of(given)}: what is not known yet, for the storage has just changed",) * verb.destroys


def _is_about_storage(cluster: Cluster, verb: StorageVerb, given: Mapping[str, str]) -> bool:
    """Whether the refusal may come from old figures: no VM uses the volume, and every node named is there."""
    node = given.get("node", "")
    used = [path for path in (given.get("volume", ""),) if path and users_of(cluster, path)]
    return verb.verb != "vm flush-locks" and not used and (not node or node in cluster.nodes)


# Records for machines: the same in CLI and API


def status_record(cluster: Cluster) -> dict[str, Any]:
    """The storage as a whole, with the age of what is known."""
    status = cluster.storage.status
    return {
        "known": status.is_known,
        "at": status.at or None,
        "by": status.by or None,
        "error": status.error or None,
        "error_since": status.error_since or None,
        "health": status.health.value,
        "checks": [
            {"code": one.code, "severity": one.severity.value, "summary": one.summary, "muted": one.muted}
            for one in status.checks
        ],
        "flags": list(status.flags),
        "ceph_version": status.ceph_version or None,
        "monitors": list(status.monitors),
        "monitors_in_quorum": list(status.monitors_in_quorum),
        "osds": {"total": status.osds_total, "up": status.osds_up, "in": status.osds_in},
        "pgs": {"total": status.pgs_total, "states": dict(status.pg_states)},
        "total_bytes": status.total_bytes,
        "used_bytes": status.used_bytes,
        "available_bytes": status.available_bytes,
        "degraded_ratio": status.degraded_ratio,
        "misplaced_ratio": status.misplaced_ratio,
        "recovering_bytes_s": status.recovering_bytes_s,
        "read_bytes_s": status.read_bytes_s,
        "write_bytes_s": status.write_bytes_s,
        "read_operations_s": status.read_operations_s,
        "write_operations_s": status.write_operations_s,
    }


def osd_record(osd: Osd) -> dict[str, Any]:
    """One OSD."""
    return {
        "osd": osd.id,
        "node": osd.node or None,
        "device": osd.device or None,
        "class": osd.device_class or None,
        "up": osd.is_up,
        "in": osd.is_in,
        "weight": osd.weight,
        "reweight": osd.reweight,
        "total_bytes": osd.total_bytes,
        "used_bytes": osd.used_bytes,
        "pgs": osd.pgs,
        "latency_ms": osd.latency_ms,
    }


def pool_record(pool: Pool) -> dict[str, Any]:
    """One pool."""
    return {
        "pool": pool.name,
        "volumes": pool.volumes,
        "namespaces": pool.namespaces,
        "stored_bytes": pool.stored_bytes,
        "used_bytes": pool.used_bytes,
        "available_bytes": pool.available_bytes,
        "used_ratio": round(pool.used_ratio, 4),
        "replicas": pool.replicas,
        "replicas_min": pool.replicas_min,
        "pgs": pool.pgs,
        "objects": pool.objects,
        "applications": list(pool.applications),
        "error": pool.error or None,
    }


def volume_record(cluster: Cluster, pool: str, volume: Volume) -> dict[str, Any]:
    """One volume."""
    path = path_of_volume(pool, volume.name)
    return _volume(path, pool, volume, [vm.name for vm in users_of(cluster, path)], nodes_by_address(cluster))


def volume_records(cluster: Cluster, pool: str = "") -> list[dict[str, Any]]:
    """Every volume (of one pool), by pool and name; the VMs that use each are found in one pass."""
    if pool:
        cluster.storage.pool(pool)
    users: dict[str, list[str]] = {}
    nodes = nodes_by_address(cluster)
    for vm in sorted(cluster.vms.values(), key=lambda vm: vm.name):
        for path in vm.definition.volumes:
            users.setdefault(path, []).append(vm.name)
    return [
        _volume(path_of_volume(place, name), place, volume, users.get(path_of_volume(place, name), []), nodes)
        for place, volumes in sorted(cluster.storage.volumes.items())
        if pool in ("", place)
        for name, volume in sorted(volumes.items())
    ]


def disk_records(cluster: Cluster, vm: Vm) -> list[dict[str, Any]]:
    """The volumes of a VM in its own order, with their snapshots' names; one that nobody has seen says why."""
    return [_disk(cluster, path) for path in vm.definition.volumes]


def _disk(cluster: Cluster, path: str) -> dict[str, Any]:
    pool, name = split_volume_path(path)
    volume = cluster.storage.find(path)
    if volume is None:
        known = cluster.storage.status.is_known
        unseen = Volume(name=name, error="the storage has no such volume" if known else "no storage report yet")
        return volume_record(cluster, pool, unseen) | {"size_bytes": None, "snapshot_names": []}
    names = [one.name for one in volume.snapshots]
    return volume_record(cluster, pool, volume) | {"snapshot_names": names}


def snapshot_records(volumes: Iterable[tuple[str, Volume]]) -> list[dict[str, Any]]:
    """The snapshots of volumes given as (POOL/VOLUME, volume)."""
    return [
        {
            "snapshot": f"{path}@{one.name}",
            "volume": path,
            "name": one.name,
            "size_bytes": one.size_bytes,
            "protected": one.is_protected,
        }
        for path, volume in volumes
        for one in volume.snapshots
    ]


def _volume(path: str, pool: str, volume: Volume, users: list[str], nodes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "volume": path,
        "pool": pool,
        "name": volume.name,
        "size_bytes": volume.size_bytes,
        "used_bytes": volume.used_bytes if volume.used_bytes >= 0 else None,
        "parent": volume.parent or None,
        "locked": volume.is_locked,
        "lock_holder": volume.lock_holder or None,
        "open_at": list(openers(volume, nodes)),
        "open_asked_at": volume.opened_at or None,
        "vms": users,
        "snapshots": volume.snapshot_count,
        "error": volume.error or None,
    }
