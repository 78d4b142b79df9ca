from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.storage import HealthCheck, Pool, Storage, StorageHealth, StorageStatus
from pvccore.model.struct import replace
from pvccore.plan.storage_troubles import storage_troubles

GIB = 1 << 30


def told(storage: Storage) -> list[tuple[str, str]]:
    return [(one.what, one.text) for one in storage_troubles(Cluster(storage=storage))]


def status_of(*checks: HealthCheck, error: str = "") -> StorageStatus:
    return StorageStatus(at=1.0, health=StorageHealth.WARNING, checks=checks, error=error, error_since=9.0)


def test_a_cluster_without_a_storage_has_no_trouble_with_it() -> None:
    assert told(Storage()) == []
    assert told(Storage(status=StorageStatus(at=1.0, health=StorageHealth.OK))) == []


def test_ceph_s_complaints_are_told_errors_first_and_muted_ones_not() -> None:
    down = HealthCheck(code="OSD_DOWN", summary="1 osds down")
    lost = HealthCheck(code="PG_DAMAGED", severity=StorageHealth.ERROR)
    muted = HealthCheck(code="POOL_NO_REDUNDANCY", summary="1 pool", muted=True)
    assert told(Storage(status=status_of(down, lost, muted))) == [
        ("ceph", "it complains (PG_DAMAGED)"),
        ("ceph", "1 osds down (OSD_DOWN)"),
    ]


def test_figures_that_could_not_be_read_anew_are_told_with_since_when() -> None:
    (trouble,) = storage_troubles(Cluster(storage=Storage(status=status_of(error="no answer within 20 s"))))
    assert (trouble.text, trouble.since) == ("its figures are old: no answer within 20 s", 9.0)
    assert not trouble.is_of_a_pool


def test_a_pool_that_takes_no_more_volumes_is_told() -> None:
    full = Pool(name="vms", stored_bytes=83 * GIB, available_bytes=17 * GIB, applications=("rbd",))
    files = replace(full, name="files", applications=("cephfs",))
    roomy = replace(full, name="fast", stored_bytes=GIB)
    status = replace(status_of(), health=StorageHealth.OK)
    storage = Storage(status=status, pools={one.name: one for one in (full, files, roomy)})
    (trouble,) = storage_troubles(Cluster(storage=storage))
    assert trouble.text == "83% of its room is taken; beyond 80% nothing is made unless forced"
    assert trouble.is_of_a_pool
