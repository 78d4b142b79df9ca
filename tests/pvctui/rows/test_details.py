from collections.abc import Sequence

from pvccore.model.struct import replace
from pvctui.rows.capacity import capacity_lines, capacity_of
from pvctui.rows.journal_rows import rows_of_journal
from pvctui.rows.lines import text_of
from pvctui.rows.node_detail import node_tabs
from pvctui.rows.tabs import Tab
from pvctui.rows.vm_detail import vm_tabs
from tests.pvctui.canned import GB, NOW_S, cluster_of, night, uuid, view_of, well


def told(tabs: Sequence[Tab], title: str) -> str:
    tab = next(tab for tab in tabs if tab.title == title)
    return "\n".join(text_of(line) for line in tab.lines())


def test_placement_says_of_each_node_whether_it_may_take_the_vm() -> None:
    text = told(vm_tabs(uuid(1), view_of(night())), "Placement")
    assert "If it had to leave now: hv2" in text
    assert "hv1  is where it is" in text
    assert "hv3  is being fenced" in text
    assert "hv4  is flushed" in text
    assert "▸ hv2  may take it" in text


def test_a_vm_says_where_it_belongs() -> None:
    view = view_of(well())
    assert "● running on hv1, where it belongs" in told(vm_tabs(uuid(1), view), "Summary")


def test_a_vm_that_is_gone_says_so() -> None:
    assert [tab.title for tab in vm_tabs(uuid(999), view_of(well()))] == ["Gone"]


def test_a_node_tells_its_vms_and_who_manages() -> None:
    tabs = node_tabs("hv1", view_of(night()))
    assert "8 running, 1 migrating" in told(tabs, "Summary")
    assert "holds the manager lease" in told(tabs, "Summary")
    assert "web2" in told(tabs, "VMs")


def test_the_fence_is_the_first_tab_while_there_is_one() -> None:
    assert node_tabs("hv3", view_of(night()))[0].title == "Fence"
    assert node_tabs("hv1", view_of(night()))[0].title == "Summary"


def test_a_node_that_nothing_can_fence_says_so() -> None:
    cluster = well()
    bare = dict(cluster.nodes)
    bare["hv1"] = replace(bare["hv1"], config=replace(bare["hv1"].config, fence_agents=()))
    assert "nothing: it can't be fenced" in told(node_tabs("hv1", view_of(replace(cluster, nodes=bare))), "Summary")


def test_the_journal_of_a_subject_is_its_own() -> None:
    text = told(vm_tabs(uuid(102), view_of(night())), "Journal")
    assert "db1 parked on hv4" in text
    assert "build7" not in text


def test_journal_rows_are_newest_first_and_sort_by_their_sequence() -> None:
    rows = rows_of_journal(night().journal, NOW_S)
    assert rows[0].text(2) == "fence hv3: power off sent"
    assert [row.value(0) for row in rows] == sorted((row.key for row in rows), reverse=True)


def test_capacity_counts_only_nodes_that_are_heard() -> None:
    capacity = capacity_of(night())
    assert (capacity.nodes, capacity.total_mb, capacity.vcpus) == (4, 4 * 128 * GB, 4 * 32)
    lines = [text_of(line) for line in capacity_lines(capacity, night(), view_of(night()).pulse, 44)]
    assert "270/512 G" in lines[0]
    assert len(lines[0]) == 44
    assert "no storage report yet" in lines[-1]


def test_capacity_of_nothing_says_so() -> None:
    empty = cluster_of([], [])
    assert text_of(capacity_lines(capacity_of(empty), empty, view_of(empty).pulse, 40)[0]) == "no node has reported yet"
