from pvccore.model.cluster import Cluster, Delta
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvctui.rows.statuses import StatusBook, by_name
from tests.pvctui.canned import cluster_of, night, node, uuid, vm, well


def book_of(cluster: Cluster) -> StatusBook:
    book = StatusBook()
    book.take_in(cluster, Delta(full=True))
    return book


def test_it_counts_by_derived_status() -> None:
    book = book_of(night())
    assert (book.running, book.count("unknown"), book.count("parked"), book.count("failed")) == (28, 12, 1, 1)


def test_a_node_that_goes_silent_makes_its_vms_unknown() -> None:
    cluster = well()
    book = book_of(cluster)
    silent = replace(cluster, nodes={**cluster.nodes, "hv1": replace(cluster.nodes["hv1"], alive=None)})
    changed = book.take_in(silent, Delta(nodes=frozenset({"hv1"})))
    assert changed == {uuid(1), uuid(4), uuid(7)}
    assert book.count("unknown") == 3
    assert book.domain(uuid(1), "hv1") is None


def test_a_vm_that_moves_is_counted_where_it_is() -> None:
    cluster = well()
    book = book_of(cluster)
    moved = replace(cluster.vms[uuid(1)], placement=replace(cluster.vms[uuid(1)].placement, node="hv2"))
    book.take_in(replace(cluster, vms={**cluster.vms, uuid(1): moved}), Delta(vms=frozenset({uuid(1)})))
    assert uuid(1) in book.on_node("hv2")
    assert uuid(1) not in book.on_node("hv1")


def test_a_vm_that_is_gone_is_counted_no_more() -> None:
    cluster = well()
    book = book_of(cluster)
    left = {key: found for key, found in cluster.vms.items() if key != uuid(1)}
    assert uuid(1) in book.take_in(replace(cluster, vms=left), Delta(vms=frozenset({uuid(1)})))
    assert book.running == 8
    assert uuid(1) not in book.on_node("hv1")


def test_small_deltas_end_where_a_full_one_does() -> None:
    cluster = cluster_of([node("hv1")], [vm(1, "a", "hv1"), vm(2, "b", "hv1", state=VmState.FAILED)])
    book = book_of(cluster_of([node("hv1")], []))
    book.take_in(cluster, Delta(vms=frozenset({uuid(1), uuid(2)}), nodes=frozenset({"hv1"})))
    full = book_of(cluster)
    assert book.counts_on("hv1") == full.counts_on("hv1")
    assert by_name(cluster, book.with_status("failed")) == [uuid(2)]
