"""Changes become multis with their indexes and their journal; liveness becomes ephemerals that are never doubled."""

from __future__ import annotations

import json

import pytest

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.errors import Conflict, Invalid, Refused, Unavailable
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import Goodbye, GoodbyeReason, Presence, Report
from pvccore.model.record import UNREADABLE, Record
from pvccore.model.settings import Settings
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Migration, VmState, Xml
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import create_tree
from pvccore.state.store import Create, Put
from pvccore.state.upgrade import check_schema
from tests.state.clusters import WEB1, WEB2, Lab, define, place, register, session_for
from tests.state.worlds import Clock


def journal(lab: Lab) -> list[str]:
    return [entry.what for entry in lab.live.refresh()[0].journal]


def delete_vm(lab: Lab, *, xml: Record | None = None) -> Change:
    vm = lab.vm()
    writes = (
        Write(kind=Kind.DEFINITION, key=vm.uuid, before=vm.definition, after=None),
        Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=None),
        Write(kind=Kind.XML, key=vm.uuid, before=xml or Xml(), after=None),
    )
    return Change(writes=writes, what="undefine web1", vm="web1")


def test_a_defined_vm_has_its_documents_its_name_and_its_assignment(lab: Lab) -> None:
    schema = lab.schema
    assert lab.data(schema.name("web1")) == WEB1.encode()
    assert lab.data(schema.assigned_to("hv1", WEB1)) == b""
    assert lab.data(schema.path(Kind.XML, WEB1)) == b"<domain/>"
    assert lab.vm().node == "hv1"


def test_a_name_is_given_once(lab: Lab) -> None:
    before = lab.tree.dump()
    with pytest.raises(Conflict) as refused:
        lab.session.commit(define(WEB2, "web1"))
    assert str(refused.value) == "VM name web1 exists already"
    assert lab.tree.dump() == before


def test_a_vm_is_not_defined_twice(lab: Lab) -> None:
    with pytest.raises(Conflict) as refused:
        lab.session.commit(define(WEB1, "other"))
    assert WEB1 in str(refused.value)


def test_a_rename_moves_the_name(lab: Lab) -> None:
    definition = lab.vm().definition
    write = Write(kind=Kind.DEFINITION, key=WEB1, before=definition, after=replace(definition, name="www"))
    lab.session.commit(Change(writes=(write,), what="rename web1"))
    assert lab.data(lab.schema.name("web1")) is None
    assert lab.data(lab.schema.name("www")) == WEB1.encode()


def test_a_change_of_metadata_leaves_the_name_alone(lab: Lab) -> None:
    definition = lab.vm().definition
    write = Write(kind=Kind.DEFINITION, key=WEB1, before=definition, after=replace(definition, tags=("a",)))
    lab.session.commit(Change(writes=(write,), what="tag web1"))
    assert lab.vm("web1").definition.tags == ("a",)


def test_a_placement_bumps_the_assignment_so_that_the_agent_wakes(lab: Lab) -> None:
    heard: list[str] = []
    path = lab.schema.assigned_to("hv1", WEB1)
    lab.store.watch(path, heard.append, recursive=False)
    lab.session.commit(place(lab.vm(), state=VmState.RUNNING))
    assert heard == [path]


def test_a_migration_is_assigned_to_both_nodes_until_it_has_arrived(lab: Lab) -> None:
    schema = lab.schema
    here, there = schema.assigned_to("hv1", WEB1), schema.assigned_to("hv2", WEB1)
    lab.session.commit(place(lab.vm(), migration=Migration(id="m", source="hv1", target="hv2")))
    assert (lab.data(here), lab.data(there)) == (b"", b"")
    lab.session.commit(place(lab.vm(), node="hv2", migration=None))
    assert (lab.data(here), lab.data(there)) == (None, b"")


def test_an_undefined_vm_leaves_nothing_behind(lab: Lab) -> None:
    lab.session.commit(delete_vm(lab))
    assert not [path for path in lab.tree.dump() if WEB1 in path or "web1" in path]
    assert lab.live.refresh()[0].vms == {}


def test_a_lost_race_names_the_record_and_writes_nothing(lab: Lab) -> None:
    stale = lab.vm()
    lab.session.commit(place(stale, state=VmState.RUNNING))
    before = lab.tree.dump()
    with pytest.raises(Conflict) as refused:
        lab.session.commit(place(stale, state=VmState.STOPPED))
    assert str(refused.value) == "placement of web1 was changed meanwhile"
    assert lab.tree.dump() == before


def test_a_stand_in_for_what_could_not_be_read_is_never_written_over(lab: Lab) -> None:
    vm = lab.vm()
    hidden = replace(vm, placement=replace(vm.placement, version=UNREADABLE))
    with pytest.raises(Conflict):
        lab.session.commit(place(hidden, state=VmState.RUNNING))


def test_a_record_that_was_never_stored_is_created_once(lab: Lab) -> None:
    write = Write(kind=Kind.PRESENCE, key="hv1", before=Presence(), after=Presence(boot_id="b"))
    lab.session.commit(Change(writes=(write,), quiet=True))
    with pytest.raises(Conflict) as refused:
        lab.session.commit(Change(writes=(write,), quiet=True))
    assert str(refused.value) == "presence of hv1 exists already"


def test_deleting_what_was_never_stored_deletes_nothing(lab: Lab) -> None:
    before = lab.tree.dump()
    lab.session.commit(
        Change(writes=(Write(kind=Kind.PRESENCE, key="hv1", before=Presence(), after=None),), quiet=True)
    )
    assert lab.tree.dump() == before


@pytest.mark.parametrize("kind, key", [(Kind.MAINTENANCE, ""), (Kind.FENCE, "hv1"), (Kind.PLACEMENT, WEB1)])
def test_a_check_on_a_changed_record_holds_the_change_back(lab: Lab, kind: Kind, key: str) -> None:
    vm = lab.vm()
    with pytest.raises(Conflict):
        lab.session.commit(replace(place(vm), checks=(Check(kind=kind, key=key, version=9),)))
    with pytest.raises(Conflict):
        lab.session.commit(place(vm), guards=(Check(kind=kind, key=key, version=9),))
    lab.session.commit(place(vm), guards=(Check(kind=kind, key=key, version=0), Check(kind=kind, key=key)))


def test_the_manager_writes_only_while_its_lease_exists(lab: Lab) -> None:
    token = lab.session.acquire_lease("hv1")
    guard = Check(kind=Kind.LEASE, key=token)
    lab.session.commit(place(lab.vm()), guards=(guard,))
    lab.session.release_lease()
    with pytest.raises(Conflict) as refused:
        lab.session.commit(place(lab.vm()), guards=(guard,))
    assert str(refused.value) == "the manager lease does not exist"


def test_every_change_is_journalled_with_who_what_and_why(lab: Lab) -> None:
    lab.session.commit(replace(place(lab.vm()), what="start web1", why="anna asked", node="hv1"))
    entry = lab.live.refresh()[0].journal[-1]
    assert (entry.who, entry.what, entry.why, entry.vm, entry.node) == (
        "anna@desk",
        "start web1",
        "anna asked",
        "web1",
        "hv1",
    )
    assert entry.at == 1700000000.0


def test_a_quiet_change_is_not_journalled(lab: Lab) -> None:
    before = journal(lab)
    lab.session.commit(place(lab.vm(), quiet=True))
    assert journal(lab) == before


def test_a_key_that_is_no_name_writes_nothing(lab: Lab) -> None:
    with pytest.raises(Invalid):
        lab.session.commit(register("../hv3"))


def test_a_removed_node_leaves_nothing_behind(lab: Lab) -> None:
    node = lab.live.refresh()[0].node("hv2")
    writes = (
        Write(kind=Kind.NODE_CONFIG, key="hv2", before=node.config, after=None),
        Write(kind=Kind.READINESS, key="hv2", before=node.readiness, after=None),
        Write(kind=Kind.FENCE, key="hv2", before=node.fence, after=None),
        Write(kind=Kind.REPORT, key="hv2", before=node.report, after=None),
        Write(kind=Kind.PRESENCE, key="hv2", before=node.presence, after=None),
    )
    lab.session.commit(Change(writes=writes, what="remove hv2"))
    assert not [path for path in lab.tree.dump() if "hv2" in path]
    assert list(lab.live.refresh()[0].nodes) == ["hv1"]


def test_a_node_with_vms_is_not_removed(lab: Lab) -> None:
    node = lab.live.refresh()[0].node("hv1")
    write = Write(kind=Kind.NODE_CONFIG, key="hv1", before=node.config, after=None)
    with pytest.raises(Conflict) as refused:
        lab.session.commit(Change(writes=(write,), what="remove hv1"))
    assert "hv1" in str(refused.value)


def test_a_report_is_stored_over_the_last_one(lab: Lab) -> None:
    for load in (1.0, 2.0, 3.0):
        lab.session.report("hv1", Report(load=load))
    report = lab.live.refresh()[0].node("hv1").report
    assert (report.load, report.version) == (3.0, 2)


def test_a_report_of_a_daemon_that_lost_its_session_is_not_stored(lab: Lab) -> None:
    guard = Check(kind=Kind.ALIVE, key="hv1/s-0000000000")
    for _ in ("no report yet", "one is there"):
        with pytest.raises(Conflict) as refused:
            lab.session.report("hv1", Report(), guards=(guard,))
        assert "s-0000000000" in refused.value.subject
        lab.session.report("hv1", Report())


# The manager lease


def test_the_oldest_in_line_holds_the_lease(lab: Lab) -> None:
    other = session_for(lab.tree.connect(), lab.schema)
    lab.session.acquire_lease("hv1")
    other.acquire_lease("hv2")
    cluster = lab.live.refresh()[0]
    assert cluster.manager == "hv1"
    assert lab.session.holds_lease(cluster.leases)
    assert not other.holds_lease(cluster.leases)
    lab.session.release_lease()
    cluster = lab.live.refresh()[0]
    assert cluster.manager == "hv2"
    assert other.holds_lease(cluster.leases)
    assert not lab.session.holds_lease(cluster.leases)


def test_a_lease_in_doubt_is_adopted_and_never_doubled(lab: Lab) -> None:
    lab.session.acquire_lease("hv1")
    lab.session.release_lease()
    prefix = Create(lab.schema.lease_prefix, b"{}", ephemeral=True, sequential=True)
    first, second = (lab.store.commit([prefix])[0] for _ in range(2))
    token = lab.session.acquire_lease("hv1")
    assert first.endswith(token)
    assert lab.data(second) is None
    assert lab.session.acquire_lease("hv1") == token


def test_a_lease_whose_answer_was_lost_is_held_under_its_token(lab: Lab) -> None:
    lab.store.lose_answer(after=1)
    with pytest.raises(Unavailable):
        lab.session.acquire_lease("hv1")
    token = lab.session.acquire_lease("hv1")
    assert lab.live.refresh()[0].leases == (token,)


def test_another_sessions_lease_is_not_adopted(lab: Lab) -> None:
    other = session_for(lab.tree.connect(), lab.schema)
    assert other.acquire_lease("hv2") != lab.session.acquire_lease("hv1")


# A node's daemon


def test_a_daemon_announces_its_presence_and_its_life_at_once(lab: Lab) -> None:
    token = lab.session.announce("hv1", None, Presence(boot_id="b1"), what="hv1 is back", why="daemon start")
    node = lab.live.refresh()[0].node("hv1")
    assert node.is_alive
    assert node.alive is not None
    assert node.alive.token == token
    assert node.presence.boot_id == "b1"
    assert node.alive.zxid == node.presence.zxid
    assert journal(lab)[-1] == "hv1 is back"


def test_an_announcement_in_doubt_is_adopted(lab: Lab) -> None:
    lab.session.announce("hv2", None, Presence(boot_id="other"))
    lab.store.close()
    store = lab.tree.connect()
    session = session_for(store, lab.schema)
    (znode,) = store.read([lab.schema.path(Kind.PRESENCE, "hv2")])
    assert znode is not None
    before = Presence(boot_id="other", version=znode.version)
    store.lose_answer(after=1)  # the first commit is the barrier of the adoption
    with pytest.raises(Unavailable):
        session.announce("hv2", before, Presence(boot_id="b2"))
    assert store.children([lab.schema.alive("hv2")]) == [["s-0000000001"]]
    token = session.announce("hv2", before, Presence(boot_id="b2"))
    assert session.announce("hv2", before, Presence(boot_id="b2")) == token
    assert store.children([lab.schema.alive("hv2")]) == [[token]]


def test_a_presence_that_somebody_else_changed_is_not_announced(lab: Lab) -> None:
    lab.session.announce("hv1", None, Presence(boot_id="b1"))
    other = session_for(lab.tree.connect(), lab.schema)
    with pytest.raises(Conflict) as refused:
        other.announce("hv1", None, Presence(boot_id="b2"))
    assert str(refused.value) == "presence of hv1 exists already"


def test_a_goodbye_and_the_end_of_life_are_seen_together(lab: Lab) -> None:
    token = lab.session.announce("hv1", None, Presence(boot_id="b1"))
    before = lab.live.refresh()[0].node("hv1").presence
    after = replace(before, goodbye=Goodbye(boot_id="b1", reason=GoodbyeReason.DAEMON_STOP))
    lab.session.say_goodbye("hv1", token, before, after, what="hv1's daemon stops")
    node = lab.live.refresh()[0].node("hv1")
    assert node.said_goodbye
    assert not node.is_silent


# The journal and the tree


def test_the_journal_is_pruned_from_its_oldest_end(lab: Lab) -> None:
    for number in range(1200):
        lab.session.commit(replace(place(lab.vm(), quiet=False), what=f"change {number}"))
    whole = len(lab.store.children([lab.schema.journal])[0] or [])
    assert lab.session.prune_journal(100) == whole - 100
    assert len(lab.store.children([lab.schema.journal])[0] or []) == 100
    assert lab.session.prune_journal(100) == 0
    assert journal(lab)[-1] == "change 1199"


def empty(chroot: str = "/pvc") -> tuple[MemoryTree, Schema]:
    return MemoryTree(Clock()), Schema(chroot)


@pytest.mark.parametrize("chroot", ["/pvc", "/a/b", ""])
def test_an_empty_tree_is_made_once(chroot: str) -> None:
    tree, schema = empty(chroot)
    session = session_for(tree.connect(), schema)
    with pytest.raises(Unavailable, match="no cluster at h1:2181/pvc; run `pvc init`"):
        check_schema(session.store, schema, "h1:2181/pvc")
    assert create_tree(session, Settings(cluster_name="lab"))
    check_schema(session.store, schema)
    before = tree.dump()
    assert not create_tree(session)
    assert tree.dump() == before
    assert json.loads(before[schema.settings])["cluster_name"] == "lab"
    assert json.loads(before[schema.path(Kind.JOURNAL, "e-0000000000")])["what"] == "cluster created"


def test_a_tree_is_made_beside_what_already_lies_under_the_chroot() -> None:
    tree, schema = empty()
    store = tree.connect()
    store.commit([Create("/pvc"), Create("/pvc/nodes")])
    assert create_tree(session_for(store, schema))


@pytest.mark.parametrize("base", ["", "/pvc"])
def test_a_pvc_1_cluster_is_left_alone(base: str) -> None:
    tree, schema = empty()
    session = session_for(tree.connect(), schema)
    session.store.commit([Create("/pvc"), Create(f"{base}/domains"), Create(f"{base}/nodes")])
    before = tree.dump()
    for refused in (create_tree, lambda session: check_schema(session.store, schema)):
        with pytest.raises(Refused, match=r"PVC 1\.0"):
            refused(session)
    assert tree.dump() == before


@pytest.mark.parametrize("document", [b'{"schema":2}', b"{}", b"?"])
def test_another_schema_version_is_refused_with_both_numbers(lab: Lab, document: bytes) -> None:
    lab.store.commit([Put(lab.schema.version, document, -1)])
    with pytest.raises(Refused) as refused:
        check_schema(lab.store, lab.schema)
    if b"2" in document:
        assert "version 2" in str(refused.value)
        assert "version 1" in str(refused.value)
    with pytest.raises(Refused):
        create_tree(lab.session)


def test_settings_and_maintenance_exist_from_the_start(lab: Lab) -> None:
    cluster = lab.live.refresh()[0]
    assert cluster.settings == Settings(version=0, zxid=cluster.settings.zxid)
    assert cluster.maintenance == Maintenance(version=0, zxid=cluster.maintenance.zxid)
    assert isinstance(cluster.vm("web1").definition, Definition)
