"""The live snapshot: what changed is new, what did not is the same object, and nothing that happened is missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Delta
from pvccore.model.errors import Unavailable
from pvccore.model.node import Presence, Report
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvccore.state.live import RESYNC_DELAY_S, RESYNC_EVERY_S, LiveCluster
from pvccore.state.store import Create, Delete, Znode
from tests.state.clusters import WEB1, WEB2, Lab, define, place, session_for


def unavailable(_paths: Sequence[str]) -> list[Znode | None]:
    raise Unavailable("no answer")


def current(live: LiveCluster) -> bool:
    return live.is_current


def test_the_first_snapshot_has_everything(lab: Lab) -> None:
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock)
    live.start()
    assert not current(live)
    cluster, delta = live.refresh()
    assert delta.full
    assert current(live)
    assert sorted(cluster.nodes) == ["hv1", "hv2"]
    assert cluster.names == {"web1": WEB1}
    assert cluster.vm("web1").memory_mb == 1024
    assert [entry.what for entry in cluster.journal][:2] == ["cluster created", "hv1 registered"]
    assert cluster.problems == {}


def test_nothing_new_is_the_same_snapshot(lab: Lab) -> None:
    before = lab.live.cluster
    assert lab.live.refresh() == (before, Delta())
    assert lab.live.refresh()[0] is before


def test_a_change_renews_its_own_records_and_shares_all_others(lab: Lab) -> None:
    lab.session.commit(define(WEB2, "web2", "hv2"))
    before = lab.live.refresh()[0]
    lab.session.commit(place(before.vm("web1"), quiet=True, state=VmState.RUNNING))
    after, delta = lab.live.refresh()
    assert delta == Delta(vms=frozenset({WEB1}))
    assert after.vm("web1").placement.state is VmState.RUNNING
    assert after.vm("web1").definition is before.vm("web1").definition
    assert after.vm("web2") is before.vm("web2")
    assert after.nodes is before.nodes
    assert after.names is before.names
    assert before.vm("web1").placement.state is VmState.STOPPED


def test_each_part_is_told_in_the_difference(lab: Lab) -> None:
    cluster = lab.live.refresh()[0]
    writes = (
        Write(
            kind=Kind.MAINTENANCE,
            key="",
            before=cluster.maintenance,
            after=replace(cluster.maintenance, on=True),
        ),
        Write(
            kind=Kind.SETTINGS,
            key="",
            before=cluster.settings,
            after=replace(cluster.settings, fence_after_s=2.0),
        ),
        Write(
            kind=Kind.READINESS,
            key="hv1",
            before=cluster.node("hv1").readiness,
            after=replace(cluster.node("hv1").readiness, by="anna"),
        ),
    )
    lab.session.commit(Change(writes=writes, what="much"))
    after, delta = lab.live.refresh()
    assert (delta.maintenance, delta.settings, delta.nodes) == (True, True, frozenset({"hv1"}))
    assert [entry.what for entry in delta.journal] == ["much"]
    assert after.maintenance.on
    assert after.settings.fence_after_s == 2.0


def test_a_deleted_vm_is_gone_and_its_name_too(lab: Lab) -> None:
    vm = lab.vm()
    writes = tuple(
        Write(kind=kind, key=WEB1, before=record, after=None)
        for kind, record in ((Kind.DEFINITION, vm.definition), (Kind.PLACEMENT, vm.placement))
    )
    lab.store.commit([Delete(lab.schema.path(Kind.XML, WEB1))])
    lab.session.commit(Change(writes=writes, what="undefine"))
    cluster, delta = lab.live.refresh()
    assert WEB1 in delta.vms
    assert cluster.vms == {}
    assert cluster.names == {}


def test_a_swap_of_names_is_followed(lab: Lab) -> None:
    lab.session.commit(define(WEB2, "web2"))
    cluster = lab.live.refresh()[0]
    for uuid, name in ((WEB1, "spare"), (WEB2, "web1"), (WEB1, "web2")):
        definition = cluster.vms[uuid].definition
        write = Write(kind=Kind.DEFINITION, key=uuid, before=definition, after=replace(definition, name=name))
        lab.session.commit(Change(writes=(write,), what="rename"))
        cluster = lab.live.refresh()[0] if name == "spare" else cluster
        if uuid == WEB2:
            cluster = lab.live.refresh()[0]
    assert lab.live.refresh()[0].names == {"web1": WEB2, "web2": WEB1}


def test_started_and_leases_are_told(lab: Lab) -> None:
    lab.session.acquire_lease("hv1")
    lab.store.commit([Create(lab.schema.path(Kind.STARTED), b"{}")])
    cluster, delta = lab.live.refresh()
    assert delta.leases
    assert cluster.started
    assert (len(cluster.leases), cluster.manager) == (1, "hv1")


def test_the_newest_alive_of_a_node_counts(lab: Lab) -> None:
    lab.session.announce("hv1", None, Presence(boot_id="b1"))
    prefix = lab.schema.alive_prefix("hv1")
    other = lab.tree.connect()
    newer = other.commit([Create(prefix, ephemeral=True, sequential=True)])[0]
    alive = lab.live.refresh()[0].node("hv1").alive
    assert alive is not None
    assert newer.endswith(alive.token)
    lab.store.close()
    live = LiveCluster(other, lab.schema, clock=lab.clock)
    live.start()
    assert live.refresh()[0].node("hv1").alive == alive
    other.commit([Delete(newer)])
    cluster, delta = live.refresh()
    assert cluster.node("hv1").is_silent
    assert delta == Delta(nodes=frozenset({"hv1"}))


def test_only_the_newest_entries_of_the_journal_are_kept(lab: Lab) -> None:
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock, journal_shown=3)
    live.start()
    assert [entry.what for entry in live.refresh()[0].journal] == ["hv1 registered", "hv2 registered", "define web1"]
    for _ in range(5):
        lab.session.commit(place(lab.vm()))
    cluster, delta = live.refresh()
    assert [entry.key for entry in cluster.journal] == [f"e-{number:010}" for number in (6, 7, 8)]
    assert len(delta.journal) == 3
    lab.session.prune_journal(1)
    assert live.refresh()[1].journal == ()


# Losing the connection


def another(lab: Lab, *, delay: float = 0.0) -> LiveCluster:
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock, random=lambda: delay)
    live.start()
    live.refresh()
    return live


def test_what_changed_behind_its_back_is_found_after_a_reconnect_and_the_rest_is_shared(lab: Lab) -> None:
    lab.session.commit(define(WEB2, "web2"))
    live = another(lab)
    other = session_for(lab.tree.connect(), lab.schema)
    before = live.cluster
    lab.store.sever()
    assert not current(live)
    other.commit(place(before.vm("web1"), state=VmState.RUNNING))
    other.report("hv1", Report(load=1.0))
    lab.store.restore()
    assert not current(live)
    cluster, delta = live.refresh()
    assert current(live)
    assert not delta.full
    assert (delta.vms, delta.nodes) == (frozenset({WEB1}), frozenset({"hv1"}))
    assert cluster.vm("web2") is before.vm("web2")


def test_what_was_deleted_and_made_again_behind_its_back_is_new(lab: Lab) -> None:
    live = another(lab)
    other = lab.tree.connect()
    before = live.cluster.node("hv1")
    lab.store.sever()
    path = lab.schema.path(Kind.READINESS, "hv1")
    other.commit([Delete(path), Create(path, b'{"by":"anna"}')])
    other.commit([Delete(lab.schema.path(Kind.FENCE, "hv2"))])
    lab.store.restore()
    cluster = live.refresh()[0]
    assert cluster.node("hv1").readiness.by == "anna"
    assert cluster.node("hv1").readiness.version == before.readiness.version
    assert cluster.node("hv2").fence.version == -1


def test_many_clients_do_not_all_read_again_at_once(lab: Lab) -> None:
    live = another(lab, delay=0.5)
    lab.store.sever()
    lab.store.restore()
    assert live.due_at_s == lab.clock.now_s + RESYNC_DELAY_S / 2
    live.refresh()
    assert not current(live)
    lab.clock.now_s += RESYNC_DELAY_S / 2
    assert live.is_dirty
    live.refresh()
    assert current(live)


def test_everything_is_read_again_now_and_then(lab: Lab) -> None:
    live = another(lab)
    before = live.cluster
    assert live.due_at_s == lab.clock.now_s + RESYNC_EVERY_S / 2
    lab.tree._watches.clear()
    lab.session.commit(place(before.vm("web1"), state=VmState.RUNNING))
    assert live.refresh()[0] is before
    lab.clock.now_s = live.due_at_s
    cluster, delta = live.refresh()
    assert not delta.full
    assert delta.vms == {WEB1}
    assert cluster.nodes is before.nodes


def test_a_refresh_without_a_connection_loses_nothing(lab: Lab) -> None:
    live = another(lab)
    lab.session.commit(place(lab.vm(), quiet=True, state=VmState.RUNNING))
    lab.tree.go_down()
    with pytest.raises(Unavailable):
        live.refresh()
    lab.tree.come_up()
    cluster, delta = live.refresh()
    assert delta.vms == {WEB1}
    assert cluster.vm("web1").is_active


def test_an_answer_that_fails_to_come_is_asked_for_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    live = another(lab)
    lab.session.commit(place(lab.vm(), quiet=True, state=VmState.RUNNING))
    with monkeypatch.context() as patched:
        patched.setattr(lab.store, "read", unavailable)
        with pytest.raises(Unavailable):
            live.refresh()
    assert live.refresh()[1].vms == {WEB1}


def test_a_connection_lost_while_everything_is_read_makes_it_read_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock)
    live.start()
    other, read = session_for(lab.tree.connect(), lab.schema), lab.store.read

    def lose_and_read(paths: Sequence[str]) -> list[Znode | None]:
        found = read(paths)
        monkeypatch.undo()
        lab.store.sever()
        other.commit(place(lab.live.cluster.vm("web1"), state=VmState.RUNNING))
        lab.store.restore()
        return found

    monkeypatch.setattr(lab.store, "read", lose_and_read)
    live.refresh()
    assert not current(live)
    assert live.refresh()[0].vm("web1").is_active
    assert current(live)


def test_a_first_load_without_a_connection_is_made_up_for(lab: Lab) -> None:
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock)
    live.start()
    lab.tree.go_down()
    with pytest.raises(Unavailable):
        live.refresh()
    lab.tree.come_up()
    assert live.refresh()[1].full


def test_the_age_of_what_is_shown_grows_only_while_it_may_be_wrong(lab: Lab) -> None:
    live = another(lab)
    lab.clock.now_s += 60.0
    assert live.fresh_at_s == lab.clock.now_s
    lab.store.sever()
    lab.clock.now_s += 12.0
    assert live.fresh_at_s == lab.clock.now_s - 12.0
    lab.store.restore()
    assert live.fresh_at_s == lab.clock.now_s - 12.0
    live.refresh()
    assert live.fresh_at_s == lab.clock.now_s


def test_the_age_of_what_is_shown_begins_with_the_last_ping(lab: Lab) -> None:
    live = another(lab)
    lab.clock.now_s += 60.0
    lab.store.sever()
    lab.clock.now_s += 12.0
    assert live.fresh_at_s == lab.clock.now_s - 12.0


def test_a_change_not_yet_read_stops_the_clock(lab: Lab) -> None:
    live = another(lab)
    lab.session.commit(place(lab.vm()))
    lab.clock.now_s += 1.0
    assert live.fresh_at_s == lab.clock.now_s - 1.0


def test_every_change_and_every_turn_of_the_connection_wakes(lab: Lab) -> None:
    wakes: list[int] = []
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock, wake=lambda: wakes.append(1))
    live.start()
    live.refresh()
    happenings: list[Callable[[], None]] = [
        lambda: lab.session.commit(place(lab.vm())),
        lab.store.sever,
        lab.store.restore,
    ]
    for happens in happenings:
        wakes.clear()
        happens()
        assert wakes


def test_reports_can_be_left_to_wait_and_are_read_with_whatever_comes_next(lab: Lab) -> None:
    wakes: list[int] = []
    live = LiveCluster(lab.store, lab.schema, clock=lab.clock, wake=lambda: wakes.append(1), reports_wait_s=5.0)
    live.start()
    live.refresh()
    assert live.due_at_s == lab.clock.now_s + 5.0
    lab.session.report("hv1", Report(load=1.0))
    assert wakes == []
    assert live.is_dirty
    lab.session.commit(place(lab.vm(), quiet=True))
    assert wakes
    assert live.refresh()[0].node("hv1").report.load == 1.0
    lab.session.report("hv1", Report(load=2.0))
    lab.clock.now_s += 5.0
    assert live.refresh()[0].node("hv1").report.load == 2.0
    assert live.due_at_s == lab.clock.now_s + 5.0


def test_a_new_leader_is_seen_by_the_epoch(lab: Lab) -> None:
    epoch = lab.live.zxid >> 32
    lab.tree.go_down()
    lab.tree.come_up()
    lab.live.refresh()
    lab.session.commit(place(lab.vm()))
    lab.live.refresh()
    assert lab.live.zxid >> 32 == epoch + 1
