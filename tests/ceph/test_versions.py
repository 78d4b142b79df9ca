"""What Ceph 16 to 19 print becomes the same storage."""

from __future__ import annotations

import pytest

from pvccore.ceph.health import MAX_CHARACTERS, parse_checks, parse_flags, parse_status, parse_version
from pvccore.ceph.osds import parse_osds
from pvccore.ceph.pools import parse_pools
from pvccore.ceph.snapshots import parse_listed_snapshot
from pvccore.ceph.volumes import parse_used, parse_volumes
from pvccore.model.storage import Snapshot, StorageHealth, Volume
from tests.ceph.samples import VERSIONS, sample

GB = 1 << 30


@pytest.mark.parametrize("version", VERSIONS)
def test_the_status_tells_health_flags_and_use(version: str) -> None:
    names = ("status", "df", "osd_dump", "health", "versions")
    status = parse_status(*(sample(version, name) for name in names))
    assert status.health is StorageHealth.WARNING
    assert "noout flag(s) set" in [check.summary for check in status.checks]
    assert status.flags == ("noout",)
    assert (status.osds_total, status.osds_up, status.osds_in) == (3, 3, 3)
    assert status.pg_states == {"active+clean": 9}
    assert status.total_bytes == 3 * GB
    assert 0 < status.used_bytes < status.total_bytes
    assert status.monitors == status.monitors_in_quorum == ("a",)
    assert status.ceph_version.startswith(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_osds_are_told_with_their_node_and_use(version: str) -> None:
    osds = parse_osds(sample(version, "osd_df_tree"), sample(version, "osd_perf"), sample(version, "osd_metadata"))
    assert [osd.id for osd in osds] == [0, 1, 2]
    assert {osd.node for osd in osds} == {"hv1"}
    assert all(osd.is_up and osd.is_in and osd.total_bytes == GB for osd in osds)
    assert sum(osd.pgs for osd in osds) == 9


@pytest.mark.parametrize("version", VERSIONS)
def test_pools_are_told_with_their_copies_and_room(version: str) -> None:
    pools = parse_pools(sample(version, "df"), sample(version, "osd_dump"))
    vms = next(pool for pool in pools if pool.name == "vms")
    assert (vms.replicas, vms.replicas_min, vms.pgs) == (1, 1, 8)
    assert vms.is_for_volumes
    assert vms.applications == ("rbd",)
    assert vms.available_bytes == sample(version, "df")["pools"][0]["stats"]["max_avail"] > 0
    assert len(pools) == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_volumes_are_told_with_their_snapshots_and_parents(version: str) -> None:
    db1, db2, web1 = parse_volumes(sample(version, "ls_l"))
    assert db1 == Volume(
        name="db1", size_bytes=GB, snapshots=(Snapshot(name="before", size_bytes=GB, is_protected=True),)
    )
    assert db2.parent == "vms/db1@before"
    assert web1.is_locked
    assert not web1.snapshots[0].is_protected


def test_bytes_in_use_are_those_of_the_volume_and_of_its_snapshots() -> None:
    assert parse_used(sample("16", "du")) == {"db1": 0, "db2": 0, "web1": 0}
    images = [{"name": "a", "snapshot": "s", "used_size": 30}, {"name": "a", "used_size": 4}, {"name": "b"}]
    assert parse_used({"images": images}) == {"a": 34, "b": 0}


def test_a_parent_in_a_namespace_is_not_taken_for_one_of_the_pool() -> None:
    parent = {"pool": "vms", "pool_namespace": "ns", "image": "a", "snapshot": "s"}
    (volume,) = parse_volumes([{"image": "b", "parent": parent}])
    assert volume.parent == "vms/ns/a@s"


def test_a_snapshot_is_told_alike_by_both_commands() -> None:
    (entry,) = sample("16", "snap_ls")
    assert parse_listed_snapshot(entry) == Snapshot(name="before", size_bytes=GB, is_protected=True)


def test_nothing_known_is_an_empty_storage() -> None:
    status = parse_status(None, None, None, None)
    assert status.health is StorageHealth.UNKNOWN
    assert not status.is_known
    assert parse_osds(None) == ()
    assert parse_pools(None, None) == ()
    assert parse_volumes(None) == ()


def test_the_worst_check_comes_first_and_the_muted_last() -> None:
    listed = {
        "A_MUTED": {"severity": "HEALTH_ERR", "summary": {"message": "a"}, "muted": True},
        "B_WARN": {"severity": "HEALTH_WARN", "summary": {"message": "b"}},
        "C_ERR": {
            "severity": "HEALTH_ERR",
            "summary": {"message": "c"},
            "detail": [{"message": str(n)} for n in range(99)],
        },
    }
    found = parse_checks({"checks": listed})
    assert [check.code for check in found] == ["C_ERR", "B_WARN", "A_MUTED"]
    assert len(found[0].details) == 20


def test_what_a_check_says_at_length_is_cut() -> None:
    entry = {"summary": {"message": "s" * 999}, "detail": [{"message": "d" * 999}]}
    (found,) = parse_checks({"checks": {"PG_DEGRADED": entry}})
    assert (len(found.summary), len(found.details[0])) == (MAX_CHARACTERS, MAX_CHARACTERS)


def test_a_paused_cluster_is_one_flag() -> None:
    assert parse_flags({"flags": "pauserd,pausewr,sortbitwise"}) == ("pause",)


def test_two_versions_are_told_while_an_upgrade_is_under_way() -> None:
    assert parse_version({"mon": {"ceph version 16.2.15 (x)": 2, "ceph version 17.2.7 (y)": 1}}) == "16.2.15, 17.2.7"


def test_osds_and_counts_of_older_layouts_are_read() -> None:
    status = parse_status({"osdmap": {"osdmap": {"num_osds": 2, "num_up_osds": 1}}}, None, None, None)
    assert (status.osds_total, status.osds_up) == (2, 1)
    (osd,) = parse_osds({"nodes": [], "stray": [{"id": 4, "name": "osd.4", "type": "osd", "reweight": 0}]})
    assert osd.id == 4
    assert not osd.is_in
