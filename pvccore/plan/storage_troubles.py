"""What is wrong with the storage, for every list of troubles: Ceph's complaints, full pools, figures that are old."""

from __future__ import annotations

from collections.abc import Iterator

from pvccore.model.cluster import Cluster
from pvccore.model.naming import natural_items
from pvccore.model.storage import StorageHealth, StorageStatus
from pvccore.model.struct import Struct
from pvccore.plan.storage_checks import FULL_RATIO

CEPH = "ceph"


class StorageTrouble(Struct, frozen=True, kw_only=True):
    """One thing that is wrong. what: `ceph`, or the pool's name. since: seconds since the epoch, 0 for unknown."""

    key: str
    what: str
    text: str
    severity: StorageHealth = StorageHealth.WARNING
    since: float = 0.0

    @property
    def is_error(self) -> bool:
        """Whether data is out of reach or lost, and not only in danger."""
        return self.severity is StorageHealth.ERROR

    @property
    def is_of_a_pool(self) -> bool:
        """Whether it is one pool's, not the whole storage's."""
        return self.what != CEPH


def storage_troubles(cluster: Cluster) -> list[StorageTrouble]:
    """All of it, errors first; empty while nobody has reported on a storage."""
    status = cluster.storage.status
    if not status.is_known:
        return []
    found = [*_unread(status), *_complaints(status), *_full_pools(cluster)]
    return sorted(found, key=lambda trouble: not trouble.is_error)


def _unread(status: StorageStatus) -> Iterator[StorageTrouble]:
    if status.error:
        text = f"its figures are old: {status.error}"
        yield StorageTrouble(key="unread", what=CEPH, text=text, since=status.error_since)


def _complaints(status: StorageStatus) -> Iterator[StorageTrouble]:
    for check in status.checks:
        if not check.muted:
            text = f"{check.summary or 'it complains'} ({check.code})"
            yield StorageTrouble(key=check.code, what=CEPH, text=text, severity=check.severity)


def _full_pools(cluster: Cluster) -> Iterator[StorageTrouble]:
    for name, pool in natural_items(cluster.storage.pools):
        if pool.is_for_volumes and pool.used_ratio > FULL_RATIO:
            text = f"{pool.used_ratio:.0%} of its room is taken; beyond {FULL_RATIO:.0%} nothing is made unless forced"
            yield StorageTrouble(key=f"full {name}", what=name, text=text)
