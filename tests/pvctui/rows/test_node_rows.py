from pvccore.model.fence import FencePhase
from pvccore.model.node import Goodbye, GoodbyeReason, Node, Presence, Report
from pvctui.rows.node_rows import NODE_COLUMNS, map_of_nodes, node_state, rows_of_nodes
from pvctui.widgets.rows import Row
from tests.pvctui.canned import NOW_S, cluster_of, fence_of, in_maintenance, night, node, view_of

AT = {column.key: index for index, column in enumerate(NODE_COLUMNS)}


def told(row: Row, column: str) -> str:
    return row.text(AT[column]).strip()


def rows() -> dict[str, Row]:
    return {row.key: row for row in rows_of_nodes(view_of(night()))}


def test_a_node_that_said_goodbye_is_not_live() -> None:
    assert told(rows()["hv6"], "state") == "▲ unsupervised"


def test_a_fenced_node_tells_its_phase() -> None:
    assert told(rows()["hv3"], "state") == "✗ being fenced"
    assert told(rows()["hv3"], "why") == "round 1, off sent"


def test_memory_of_a_silent_node_is_not_known() -> None:
    assert told(rows()["hv3"], "memory").endswith("–/128 G")


def test_provisioned_memory_counts_what_is_wanted_there() -> None:
    assert rows()["hv2"].value(AT["provisioned"]) == (8 + 1) * 4096


def test_a_flushed_node_says_who_flushed_it_and_why() -> None:
    assert told(rows()["hv4"], "readiness") == "flushed"
    assert told(rows()["hv4"], "why") == "replace fan"


def test_states_are_told_by_a_word() -> None:
    off = Presence(boot_id="b", goodbye=Goodbye(boot_id="b", reason=GoodbyeReason.HOST_STOP))
    assert node_state(node("hv1", alive=False)).word == "silent"
    assert node_state(node("hv1", alive=False, presence=off)).word == "off"
    assert node_state(Node(name="hv1")).word == "never seen"
    assert node_state(node("hv1", report=Report(hypervisor_error="libvirt is away"))).word == "unhealthy"
    assert node_state(node("hv1", alive=False, fence=fence_of("hv1", FencePhase.FAILED))).word == "fence failed"
    assert node_state(node("hv1", alive=False, fence=fence_of("hv1", FencePhase.RECOVERED))).word == "fenced"


def test_a_node_that_may_get_no_vm_does_not_look_ready() -> None:
    unfit = node("hv1", report=Report(unfit="it reaches Ceph from elsewhere"))
    assert (node_state(unfit).glyph, node_state(unfit).state) == ("◇", "warn")
    assert told(rows_of_nodes(view_of(cluster_of([unfit], [])))[0], "why") == (
        "takes no VM: it reaches Ceph from elsewhere"
    )


def test_in_maintenance_a_silent_node_says_that_it_is_not_fenced() -> None:
    cluster = in_maintenance(cluster_of([node("hv1", alive=False)], []))
    row = rows_of_nodes(view_of(cluster))[0]
    assert told(row, "why") == "gone without a goodbye, not fenced: maintenance"


def test_the_age_of_a_report_is_never_negative() -> None:
    ahead = cluster_of([node("hv1", report=Report(at=NOW_S + 30))], [])
    assert told(rows_of_nodes(view_of(ahead))[0], "age") == "0 s"


def test_the_map_counts_unknown_vms_as_unknown() -> None:
    texts = {cell.name: (cell.glyph, cell.text) for cell in map_of_nodes(view_of(night()))}
    assert texts["hv3"] == ("✗", "12 unknown")
    assert texts["hv4"] == ("◇", "flushed, 1 VM")
    assert texts["hv5"] == ("●", "8 VMs")


def test_the_map_shows_no_memory_of_a_node_that_is_off_and_says_how_far_its_fence_is() -> None:
    fence = fence_of("hv1", FencePhase.RECOVERING)
    cell, *_ = map_of_nodes(view_of(cluster_of([node("hv1", alive=False, fence=fence)], [])))
    assert (cell.text, cell.memory_used) == ("recovering", None)
