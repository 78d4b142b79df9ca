from collections.abc import Mapping
from types import MappingProxyType

from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.model.vm import Request, RequestVerb, VmState, Wanted
from pvctui.rows.vm_rows import VM_COLUMNS, rows_of_vms
from pvctui.widgets.rows import Row
from tests.pvctui.canned import GB, cluster_of, night, node, uuid, view_of, vm

AT = {column.key: index for index, column in enumerate(VM_COLUMNS)}


def rows(cluster: Cluster | None = None, on_way: Mapping[str, str] = MappingProxyType({})) -> dict[str, Row]:
    view = replace(view_of(cluster or night()), on_way=on_way)
    return {str(row.value(0)): row for row in rows_of_vms(view)}


def told(row: Row, column: str) -> str:
    return row.text(AT[column]).strip()


def test_a_vm_on_a_silent_node_is_unknown_and_never_running() -> None:
    row = rows()["app17"]
    assert told(row, "status") == "? unknown"
    assert told(row, "cpu") == "–"
    assert told(row, "why") == "fencing hv3: off sent"


def test_a_parked_vm_says_why() -> None:
    row = rows()["db1"]
    assert told(row, "status") == "■ parked"
    assert "hv5 has 3 of the 8 GB it needs" in told(row, "why")


def test_a_failed_vm_says_why() -> None:
    assert told(rows()["build7"], "why") == "vms/build7 is locked by 10.1.0.99, which is alive"


def test_a_migrating_vm_shows_both_nodes() -> None:
    assert told(rows()["web2"], "node") == "hv1→hv2"


def test_wanted_is_shown_only_where_it_differs() -> None:
    found = rows()
    assert told(found["app1"], "wanted") == ""
    assert told(found["db1"], "wanted") == "running"
    assert told(found["spare"], "wanted") == ""


def test_a_vm_that_waits_for_its_start_says_so() -> None:
    waiting = cluster_of([node("hv1")], [vm(1, "a", "hv1", state=VmState.STOPPED)])
    assert told(rows(waiting)["a"], "why") == "waits for hv1 to start it"


def test_a_request_names_who_asked() -> None:
    asked = Request(id="r", verb=RequestVerb.SHUTDOWN, by="anna@ops1")
    stopping = cluster_of([node("hv1")], [vm(1, "a", "hv1", wanted=Wanted.STOPPED, request=asked)])
    assert told(rows(stopping)["a"], "why") == "shutdown asked by anna@ops1"


def test_a_vm_whose_node_is_not_registered_is_unknown() -> None:
    row = rows(cluster_of([node("hv1")], [vm(1, "a", "hv9")]))["a"]
    assert told(row, "status") == "? unknown"
    assert told(row, "why") == "its node hv9 is not registered"


def test_memory_is_told_of_what_is_defined_and_sorts_by_it() -> None:
    row = rows()["app1"]
    assert told(row, "memory") == "3/4 G"
    assert row.value(AT["memory"]) == 4 * GB


def test_a_command_on_its_way_is_marked_on_the_row() -> None:
    assert told(rows(on_way={uuid(1): "saving app1"})["app1"], "why") == "→ saving app1"


def test_a_name_is_taken_as_it_stands() -> None:
    hostile = vm(1, "bad[/x]", "hv1")
    assert rows(cluster_of([node("hv1")], [hostile]))["bad[/x]"].text(0) == "bad[/x]"


def test_an_undecodable_definition_shows_the_uuid() -> None:
    nameless = replace(vm(1, "", "hv1"))
    assert rows(cluster_of([node("hv1")], [nameless]))[uuid(1)].text(0) == uuid(1)


def test_only_the_asked_rows_are_made() -> None:
    found = rows_of_vms(view_of(night()), [uuid(1), uuid(999)])
    assert [row.key for row in found] == [uuid(1)]
