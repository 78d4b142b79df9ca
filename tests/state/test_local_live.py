"""An agent sees its own part of the store, and all of that."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pvccore.model.change import Change, Kind, Write
from pvccore.model.errors import NotFound, Unavailable
from pvccore.model.node import Presence, Report
from pvccore.model.struct import replace
from pvccore.model.vm import Migration, VmState
from pvccore.state.local_live import LocalLive
from pvccore.state.store import Delete, Put, Znode
from tests.state.clusters import WEB1, WEB2, Lab, define, place, register, session_for


def agent(lab: Lab, node: str = "hv1") -> LocalLive:
    local = LocalLive(lab.store, lab.schema, node, clock=lab.clock)
    local.start()
    local.refresh()
    return local


def test_an_agent_sees_its_node_its_vms_and_the_clusters_word(lab: Lab) -> None:
    lab.session.commit(define(WEB2, "web2", "hv2"))
    lab.session.report("hv1", Report(load=1.0))
    view = agent(lab).view
    assert view.node == lab.live.refresh()[0].node("hv1")
    assert list(view.vms) == [WEB1]
    assert view.vms[WEB1] == lab.vm()
    assert view.settings == lab.live.cluster.settings
    assert view.alive == ""
    assert view.elsewhere == {}


def test_an_agent_of_a_node_that_is_not_registered_yet_sees_it_come(lab: Lab) -> None:
    local = agent(lab, "hv3")
    assert local.view.node.name == "hv3"
    assert local.view.node.config.version == -1
    lab.session.commit(register("hv3"))
    assert local.refresh().node.config.machine_id == "hv3"


def test_nothing_new_is_the_same_view(lab: Lab) -> None:
    local = agent(lab)
    assert local.refresh() is local.view
    lab.session.report("hv2", Report())
    lab.session.commit(define(WEB2, "web2", "hv2"))
    assert not local.is_dirty
    assert local.refresh() is local.view


def test_a_placement_arrives_changes_and_leaves(lab: Lab) -> None:
    here, there = agent(lab), agent(lab, "hv2")
    lab.session.commit(place(lab.vm(), state=VmState.RUNNING))
    assert here.refresh().vms[WEB1].is_active
    lab.session.commit(place(lab.vm(), migration=Migration(id="m", source="hv1", target="hv2")))
    assert here.refresh().vms[WEB1].placement.migration is not None
    assert there.refresh().vms[WEB1].placement.migration is not None
    lab.session.commit(place(lab.vm(), node="hv2", migration=None))
    assert here.refresh().vms == {}
    assert there.refresh().vms[WEB1].node == "hv2"


def test_maintenance_settings_fence_and_readiness_are_followed(lab: Lab) -> None:
    local, cluster = agent(lab), lab.live.refresh()[0]
    node = cluster.node("hv1")
    writes = (
        Write(kind=Kind.MAINTENANCE, key="", before=cluster.maintenance, after=replace(cluster.maintenance, on=True)),
        Write(kind=Kind.SETTINGS, key="", before=cluster.settings, after=replace(cluster.settings, session_s=6.0)),
        Write(kind=Kind.FENCE, key="hv1", before=node.fence, after=replace(node.fence, round=1)),
        Write(kind=Kind.READINESS, key="hv1", before=node.readiness, after=replace(node.readiness, by="anna")),
    )
    lab.session.commit(Change(writes=writes, what="much"))
    view = local.refresh()
    assert view.maintenance.on
    assert view.settings.session_s == 6.0
    assert view.node.fence.round == 1
    assert view.node.readiness.by == "anna"


def test_its_own_token_is_that_of_its_own_session(lab: Lab) -> None:
    local = agent(lab)
    other = session_for(lab.tree.connect(), lab.schema)
    theirs = other.announce("hv1", None, Presence(boot_id="old"))
    view = local.refresh()
    assert view.alive == ""
    assert view.node.alive is not None
    assert view.node.alive.token == theirs
    mine = lab.session.announce("hv1", view.node.presence, Presence(boot_id="new"))
    view = local.refresh()
    assert view.alive == mine != theirs
    lab.store.commit([Delete(lab.schema.path(Kind.ALIVE, f"hv1/{mine}"))])
    assert local.refresh().alive == ""


def test_a_domain_that_is_assigned_elsewhere_is_looked_up_on_demand(lab: Lab) -> None:
    lab.session.commit(define(WEB2, "web2", "hv2"))
    local = agent(lab)
    view = local.look_up([WEB1, WEB2, "00000000-0000-4000-8000-00000000dead"])
    assert list(view.vms) == [WEB1]
    assert view.elsewhere[WEB2].node == "hv2"
    assert list(view.elsewhere) == [WEB2]
    lab.session.commit(place(lab.live.refresh()[0].vm("web2"), state=VmState.RUNNING))
    assert local.look_up([WEB2]).elsewhere[WEB2].is_active
    assert local.look_up([]).elsewhere == {}


def test_what_was_elsewhere_and_is_placed_here_is_here_only(lab: Lab) -> None:
    lab.session.commit(define(WEB2, "web2", "hv2"))
    local = agent(lab)
    local.look_up([WEB2])
    lab.session.commit(place(lab.live.refresh()[0].vm("web2"), node="hv1"))
    view = local.refresh()
    assert sorted(view.vms) == [WEB1, WEB2]
    assert view.elsewhere == {}


def test_an_unreadable_placement_is_still_assigned_and_acted_on_by_nobody(lab: Lab) -> None:
    local = agent(lab)
    lab.session.commit(place(lab.vm(), state=VmState.RUNNING))
    lab.store.commit(
        [
            Put(lab.schema.path(Kind.PLACEMENT, WEB1), b"?", -1),
            Put(lab.schema.assigned_to("hv1", WEB1), b"", -1),
        ]
    )
    view = local.refresh()
    assert view.vms[WEB1].placement.node == ""
    assert view.vms[WEB1].placement.version < -1


def test_xml_is_read_on_demand(lab: Lab) -> None:
    local = agent(lab)
    assert local.xml(WEB1).text == "<domain/>"
    with pytest.raises(NotFound):
        local.xml(WEB2)
    lab.store.commit([Put(lab.schema.path(Kind.XML, WEB1), b"\xff", -1)])
    with pytest.raises(NotFound):
        local.xml(WEB1)


def test_what_was_missed_while_cut_off_is_found(lab: Lab) -> None:
    local = agent(lab)
    other = session_for(lab.tree.connect(), lab.schema)
    vm = lab.vm()
    lab.store.sever()
    assert not local.is_current
    other.commit(place(vm, node="hv2"))
    other.commit(define(WEB2, "web2", "hv1"))
    with pytest.raises(Unavailable):
        local.look_up([])
    lab.store.restore()
    assert list(local.refresh().vms) == [WEB2]
    assert local.is_current


def test_an_answer_that_fails_to_come_is_asked_for_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    local = agent(lab)
    lab.session.commit(place(lab.vm(), state=VmState.RUNNING))

    def unavailable(_paths: Sequence[str]) -> list[Znode | None]:
        raise Unavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(lab.store, "read", unavailable)
        with pytest.raises(Unavailable):
            local.refresh()
    assert local.refresh().vms[WEB1].is_active


def test_a_refresh_that_broke_off_is_made_up_for(lab: Lab) -> None:
    local = agent(lab)
    lab.session.commit(place(lab.vm(), state=VmState.RUNNING))
    lab.tree.go_down()
    with pytest.raises(Unavailable):
        local.refresh()
    lab.tree.come_up()
    assert local.refresh().vms[WEB1].is_active
