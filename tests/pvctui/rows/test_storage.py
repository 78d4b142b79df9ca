from collections.abc import Sequence

import pytest

from pvccore.model.cluster import Cluster
from pvccore.model.storage import Osd, Pool, StorageHealth, StorageStatus, Volume
from pvccore.model.struct import replace
from pvctui.rows.lines import Line, text_of
from pvctui.rows.storage_detail import osd_tabs, pool_tabs, snapshot_tabs, volume_tabs
from pvctui.rows.storage_holders import opened_lines
from pvctui.rows.storage_lines import status_lines
from pvctui.rows.storage_rows import (
    OSD_COLUMNS,
    POOL_COLUMNS,
    osd_why,
    pool_why,
    rows_of_osds,
    rows_of_pools,
)
from pvctui.rows.subject_tabs import subject_tabs
from pvctui.rows.tabs import Tab
from pvctui.rows.volume_rows import SNAPSHOT_COLUMNS, VOLUME_COLUMNS, snapshot_rows, volume_rows, volume_why
from pvctui.widgets.rows import Column, Row
from tests.pvctui.canned import NOW_S, view_of, well
from tests.pvctui.canned_storage import STATUS, TB, on_ceph, storage


def told(lines: Sequence[Line]) -> str:
    return "\n".join(text_of(line) for line in lines)


def tab(tabs: Sequence[Tab], title: str = "Summary") -> str:
    return told(next(tab for tab in tabs if tab.title == title).lines())


def table(rows: Sequence[Row], columns: Sequence[Column]) -> dict[str, dict[str, str]]:
    assert all(len(row.cells) == len(row.values) == len(columns) for row in rows)
    return {row.key: {column.key: row.text(at).strip() for at, column in enumerate(columns)} for row in rows}


def head(status: StorageStatus) -> str:
    return told(status_lines(view_of(on_ceph(storage=storage(status)))))


# The head


def test_a_storage_that_does_not_answer_is_not_called_well() -> None:
    silent = replace(STATUS, health=StorageHealth.OK, error="ceph did not answer within 30 s")
    (health, *_), *_ = status_lines(view_of(on_ceph(storage=storage(silent))))
    assert health == ("● ok, when last heard", "dim")


def test_a_cluster_without_a_report_says_so() -> None:
    assert told(status_lines(view_of(well()))).startswith("No storage report yet\nno daemon of this cluster")
    assert "ceph: no such file" in head(StorageStatus(error="ceph: no such file"))


def test_health_use_and_what_is_not_clean_are_told() -> None:
    text = head(STATUS)
    assert text.startswith("▲ warning   OSDs 3/5 up, 3 in   20 of 128 PGs not clean, 2 % degraded, 10 % misplaced")
    assert "figures 12 s old" in text
    assert "60 % of 5 T, 2 T free" in text
    assert "moving 128 M/s" in text


def test_flags_that_are_set_stand_out() -> None:
    assert "▌2 flags set: noout, norebalance" in head(STATUS)
    assert "flag" not in head(replace(STATUS, flags=()))


def test_the_first_checks_are_told_and_the_others_counted() -> None:
    text = head(STATUS)
    assert "▲ OSD_DOWN  1 osds down" in text
    assert "✗ PG_DEGRADED  2 pgs [red]degraded" in text
    assert text.endswith("1 more, 1 muted")


def test_figures_that_nobody_renews_tell_their_age_and_why() -> None:
    stuck = replace(STATUS, at=NOW_S - 180, error="ceph does not answer")
    assert "figures 3 m old: ceph does not answer" in head(stuck)


def test_a_storage_that_is_well_says_little() -> None:
    fine = StorageStatus(at=NOW_S, health=StorageHealth.OK, osds_total=3, osds_up=3, osds_in=3)
    assert len(head(fine).splitlines()) == 2


def test_the_flow_of_bytes_is_told_where_there_is_room() -> None:
    view = view_of(on_ceph())
    assert "read 0 M/s" in told(status_lines(view, 120))
    assert "read" not in told(status_lines(view, 78))
    assert max(len(text_of(line)) for line in status_lines(view, 78)) <= 78


def test_where_one_line_is_too_short_the_placement_groups_have_their_own() -> None:
    health, groups, *_ = (text_of(line) for line in status_lines(view_of(on_ceph()), 78))
    assert health == "▲ warning   OSDs 3/5 up, 3 in"
    assert groups.startswith("20 of 128 PGs not clean")


# Rows


def test_an_osd_says_what_is_wrong_with_it() -> None:
    found = table(rows_of_osds(on_ceph()), OSD_COLUMNS)
    assert {key: row["state"] for key, row in found.items()} == {
        "0": "● up, in",
        "1": "✗ down, in",
        "2": "◇ up, out",
        "3": "● up, in",
        "4": "✗ down, out",
    }
    assert found["1"]["why"] == "its daemon does not answer"
    assert found["2"]["why"] == "its copies move elsewhere; 1 G left"
    assert found["3"]["why"] == "nearly full"
    assert found["0"]["why"] == ""
    assert found["2"]["weight"].endswith("×0.50")


def test_an_osd_without_figures_is_shown() -> None:
    assert osd_why(Osd(id=9)) == "down, and its copies are kept elsewhere"


def test_a_pool_says_when_it_is_nearly_full_or_has_one_copy() -> None:
    found = table(rows_of_pools(on_ceph()), POOL_COLUMNS)
    assert found["full"]["why"] == "nearly full: no new volume unless forced"
    assert found["scratch"]["why"] == "one copy only: a dead disk loses it"
    assert found["vms"]["replicas"] == "3/2"
    assert found["vms"]["use"].endswith("50 %")


def test_a_volume_tells_its_vm_and_who_locks_it() -> None:
    found = table(volume_rows()(on_ceph()), VOLUME_COLUMNS)
    assert (found["vms/web1"]["vm"], found["vms/web1"]["lock"]) == ("web1", "hv1")
    assert found["vms/web1"]["snapshots"] == "2"
    assert found["vms/[red]old"]["why"] == "no VM has it"
    assert found["vms/[red]old"]["used"] == "–"
    assert found["vms/stray"]["why"] == "in use, though no VM here has it"
    assert found["vms/stray"]["parent"] == "vms/web1@before"


def test_a_row_is_made_anew_only_when_what_it_tells_has_changed() -> None:
    cluster, make = on_ceph(), volume_rows()
    before = {row.key: row for row in make(cluster)}
    volumes = cluster.storage.volumes["vms"]
    other = {**volumes, "web1": replace(volumes["web1"], watchers=("10.0.0.2",))}
    after = {row.key: row for row in make(replace(cluster, storage=replace(cluster.storage, volumes={"vms": other})))}
    assert {key for key in after if after[key] is not before[key]} == {"vms/web1"}
    assert make(cluster) == list(before.values())


def test_a_snapshot_tells_the_clones_that_hang_on_it() -> None:
    found = table(snapshot_rows()(on_ceph()), SNAPSHOT_COLUMNS)
    assert found["vms/web1@before"]["why"] == "vms/stray"
    assert found["vms/web1@before"]["protected"] == "yes"
    assert found["vms/web1@[b]x"]["why"] == ""


@pytest.mark.parametrize(
    "volume, vms, why",
    [
        (Volume(name="a"), "web1", ""),
        (Volume(name="a", error="Ceph can't open it"), "web1", "Ceph can't open it"),
        (Volume(name="a", watchers=("10.0.0.1", "10.0.0.2")), "web1", "open in 2 places"),
        (Volume(name="a", watchers=("10.0.0.1",)), "", "in use, though no VM here has it"),
        (Volume(name="a.partial-1-2"), "", "part of what a task makes, or left half-made"),
    ],
)
def test_what_is_odd_about_a_volume_is_told(volume: Volume, vms: str, why: str) -> None:
    assert volume_why(volume, vms)[0] == why


def test_a_pool_that_cant_be_listed_says_why() -> None:
    assert pool_why(Pool(name="x", replicas=1, error="its volumes can't be listed: denied")).endswith("denied")


def test_a_pools_namespaces_are_told_with_what_is_not_seen_of_them() -> None:
    cluster = on_ceph()
    pools = {**cluster.storage.pools, "vms": replace(cluster.storage.pools["vms"], namespaces=1)}
    seen = tab(pool_tabs("vms", view_of(replace(cluster, storage=replace(cluster.storage, pools=pools)))))
    assert "namespaces   1 namespace, whose volumes are not listed" in seen
    assert "namespaces" not in tab(pool_tabs("vms", view_of(cluster)))


def opening(volume: Volume, cluster: Cluster | None = None) -> str:
    lines = opened_lines(volume, "vms/web1", view_of(cluster or on_ceph()))
    return "\n".join(text_of(line) for line in lines)


def test_who_has_a_volume_open_is_told_with_when_ceph_was_asked() -> None:
    held = Volume(name="web1", is_locked=True, lock_holder="10.0.0.1", watchers=("10.0.0.1",), opened_at=NOW_S - 95)
    words = opening(held)
    assert "locked by    hv1 (10.0.0.1)" in words
    assert "open at      hv1 (10.0.0.1)   asked 1 m ago" in words
    stranger = replace(held, lock_holder="192.0.2.9", watchers=("192.0.2.9", "10.0.0.1"))
    assert "192.0.2.9, no node of this cluster" in opening(stranger)
    assert "192.0.2.9, hv1 (10.0.0.1)" in opening(stranger)
    assert "nobody   asked" in opening(replace(held, watchers=()))


def test_before_ceph_was_asked_a_running_vms_daemon_is_believed() -> None:
    cluster = on_ceph()
    (web1,) = [vm for vm in cluster.vms.values() if "vms/web1" in vm.definition.volumes]
    told = replace(web1, placement=replace(web1.placement, clients=("10.0.0.1:0/7",)))
    assert f"{web1.node}, as its daemon says" in opening(
        Volume(name="web1"), replace(cluster, vms={**cluster.vms, web1.uuid: told})
    )
    assert "not asked yet" in opening(Volume(name="web1"))


# Details


def test_details_tell_the_rest() -> None:
    view = view_of(on_ceph())
    assert "reweighted to 0.5" in tab(osd_tabs("2", view))
    assert "reweighted" not in tab(osd_tabs("0", view))
    assert "one copy only" in tab(pool_tabs("scratch", view))
    assert "[red]old  5 G" in tab(pool_tabs("vms", view), "Volumes")
    text = tab(volume_tabs("vms/web1", view))
    assert "VM           web1  ● running  on hv1" in text
    assert "clones       vms/stray" in text
    assert "before  10 G  protected" in tab(volume_tabs("vms/web1", view), "Snapshots")
    assert "no VM has it as a disk" in tab(volume_tabs("vms/[red]old", view))
    assert "yes, a clone needs it" in tab(snapshot_tabs("vms/web1@before", view))


@pytest.mark.parametrize(
    "subject", ["osd 77", "osd x", "pool gone", "volume vms/gone", "volume x", "snapshot vms/web1@gone", "snapshot x"]
)
def test_what_is_gone_says_so(subject: str) -> None:
    _, tabs = subject_tabs(subject, view_of(on_ceph()))
    assert [one.title for one in tabs] == ["Gone"]


def test_long_lists_are_cut() -> None:
    many = {"p": {f"v{number}": Volume(name=f"v{number}") for number in range(130)}}
    full = replace(storage(), volumes=many, pools={"p": Pool(name="p", stored_bytes=TB)})
    assert "and 30 more" in tab(pool_tabs("p", view_of(on_ceph(storage=full))), "Volumes")
    assert tab(pool_tabs("full", view_of(on_ceph())), "Volumes") == "none"
