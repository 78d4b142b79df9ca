from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.node import Report
from pvccore.model.storage import HealthCheck, Storage, StorageHealth, StorageStatus
from pvccore.model.struct import replace
from pvctui.rows.attention import rows_of_troubles, troubles
from tests.pvctui.canned import NOW_S, cluster_of, fence_of, in_maintenance, night, node, uuid, view_of, vm, well
from tests.pvctui.canned_storage import on_ceph


def told(cluster: Cluster) -> list[tuple[str, str]]:
    return [(trouble.what, trouble.why) for trouble in troubles(view_of(cluster))]


def test_nothing_is_wrong_in_a_well_cluster() -> None:
    assert told(well()) == []


def test_the_worst_comes_first() -> None:
    assert [what for what, _ in told(night())] == ["hv3", "build7", "db1", "hv6"]


def test_a_fence_tells_its_phase_and_what_is_unknown() -> None:
    assert told(night())[0] == ("hv3", "being fenced (off sent); its 12 VMs unknown")


def test_a_failed_fence_tells_the_error_and_who_waits() -> None:
    failed = fence_of("hv1", FencePhase.FAILED, error="ipmi: no answer")
    cluster = cluster_of([node("hv1", alive=False, fence=failed), node("hv2")], [vm(1, "a", "hv1")])
    assert told(cluster)[0] == ("hv1", "its fence failed: ipmi: no answer; its 1 VM wait")


def test_a_silent_node_in_maintenance_is_said_not_to_be_fenced() -> None:
    cluster = in_maintenance(cluster_of([node("hv1", alive=False), node("hv2"), node("hv3")], []))
    assert told(cluster) == [("hv1", "silent, without a goodbye, not fenced while maintenance is on")]


def test_a_storm_is_above_everything() -> None:
    nodes = [node("hv1", alive=False), node("hv2", alive=False), node("hv3")]
    assert told(cluster_of(nodes, []))[0][0] == "storm"


def test_nobody_with_the_lease_is_an_alarm() -> None:
    assert told(replace(well(), leases=()))[0][0] == "no manager"


def test_what_cannot_be_read_is_listed_and_hides_nothing() -> None:
    broken = replace(well(), problems={"vm web1 placement": "not JSON"})
    assert told(broken) == [("vm web1 placement", "can't be read: not JSON")]


def test_an_unhealthy_node_says_what_ails_it() -> None:
    ill = node("hv1", report=Report(storage_error="Ceph does not answer"))
    assert told(cluster_of([ill], []))[0] == ("hv1", "unhealthy storage: Ceph does not answer")


def test_a_healthy_node_that_may_get_no_vm_is_named_with_the_reason() -> None:
    words = "it reaches Ceph from 10.0.9.1, but storage_address is 10.0.0.1"
    cluster = cluster_of([node("hv1", report=Report(unfit=words)), node("hv2")], [])
    assert told(cluster) == [("hv1", f"takes no VM: {words}")]


def test_rows_tell_how_long_it_has_been_so() -> None:
    rows = {row.key: row for row in rows_of_troubles(troubles(view_of(night())), NOW_S)}
    assert rows["node hv3"].text(2) == "5 s"
    assert rows[f"vm {uuid(102)}"].text(2) == "5 m"
    assert rows[f"vm {uuid(102)}"].fields["subject"] == f"vm {uuid(102)}"


def test_the_storage_tells_its_own_troubles_and_leads_to_its_screen() -> None:
    found = [one for one in troubles(view_of(on_ceph())) if one.key.startswith("storage")]
    assert found
    assert {one.subject for one in found if one.what == "ceph"} == {"storage"}
    assert all(one.subject == f"pool {one.what}" for one in found if one.what != "ceph")


def test_an_error_of_the_storage_stands_before_vms_that_stand_still() -> None:
    lost = HealthCheck(code="PG_DAMAGED", severity=StorageHealth.ERROR, summary="1 pg inconsistent")
    cluster = replace(night(), storage=Storage(status=StorageStatus(at=NOW_S, checks=(lost,))))
    assert [what for what, _ in told(cluster)] == ["hv3", "ceph", "build7", "db1", "hv6"]


def test_a_node_that_is_known_to_be_off_is_said_to_be_recovered_from() -> None:
    recovering = fence_of("hv1", FencePhase.RECOVERING)
    cluster = cluster_of([node("hv1", alive=False, fence=recovering), node("hv2")], [])
    assert told(cluster) == [("hv1", "being fenced: it is off, its VMs are placed again")]
