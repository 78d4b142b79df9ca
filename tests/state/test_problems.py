"""A record that can't be read is a problem of its own: it hides nothing else, and nobody acts on it."""

from __future__ import annotations

import pytest

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Delta
from pvccore.model.fence import FencePhase
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import replace
from pvccore.state.live import LiveCluster
from pvccore.state.store import Create, Delete, Put
from tests.state.clusters import WEB1, WEB2, Lab, define


@pytest.mark.parametrize("document", [b"?", b'{"memory_mb":"much"}', b"[]"])
def test_an_unreadable_definition_is_a_problem_of_its_own(lab: Lab, document: bytes) -> None:
    lab.session.commit(define(WEB2, "web2"))
    lab.live.refresh()
    lab.store.commit([Put(lab.schema.path(Kind.DEFINITION, WEB1), document, -1)])
    cluster, delta = lab.live.refresh()
    assert delta.problems
    assert list(cluster.problems) == [f"vm {WEB1} definition"]
    assert cluster.vms[WEB1].placement.node == "hv1"
    assert cluster.vms[WEB1].definition.version == UNREADABLE
    assert cluster.names == {"web2": WEB2}
    fresh = LiveCluster(lab.store, lab.schema, clock=lab.clock)
    fresh.start()
    assert fresh.refresh()[0].problems == cluster.problems


def test_a_mended_record_is_no_problem_any_more(lab: Lab) -> None:
    path = lab.schema.path(Kind.FENCE, "hv1")
    lab.store.commit([Put(path, b"?", -1)])
    assert lab.live.refresh()[0].node("hv1").fence.phase is FencePhase.FAILED
    lab.store.commit([Put(path, b"{}", -1)])
    cluster, delta = lab.live.refresh()
    assert delta.problems
    assert cluster.problems == {}
    assert cluster.node("hv1").fence.phase is FencePhase.NONE


def test_a_deleted_record_is_no_problem_any_more(lab: Lab) -> None:
    path = lab.schema.path(Kind.REPORT, "hv1")
    lab.store.commit([Create(path, b"?")])
    assert lab.live.refresh()[0].problems
    lab.store.commit([Delete(path)])
    assert lab.live.refresh()[0].problems == {}


def test_unreadable_settings_stay_as_they_were(lab: Lab) -> None:
    settings = replace(lab.live.cluster.settings, fence_after_s=7.0)
    write = Write(kind=Kind.SETTINGS, key="", before=lab.live.cluster.settings, after=settings)
    lab.session.commit(Change(writes=(write,), what="set"))
    lab.live.refresh()
    lab.store.commit([Put(lab.schema.settings, b"?", -1)])
    cluster = lab.live.refresh()[0]
    assert cluster.settings.fence_after_s == 7.0
    assert cluster.problems.keys() == {"settings"}


def test_unreadable_maintenance_counts_as_on(lab: Lab) -> None:
    lab.store.commit([Put(lab.schema.maintenance, b"?", -1)])
    assert lab.live.refresh()[0].maintenance.on


def test_names_that_no_node_or_vm_may_have_are_problems_and_hide_nothing(lab: Lab) -> None:
    bad_node, bad_vm = f"{lab.schema.nodes}/[red]x", f"{lab.schema.vms}/not-a-uuid"
    lab.store.commit([Create(bad_node), Create(f"{bad_node}/config", b"{}")])
    lab.store.commit([Create(bad_vm), Create(f"{bad_vm}/placement", b"{}")])
    cluster, delta = lab.live.refresh()
    assert delta.problems
    assert cluster.problems == {"node [red]x": "is no name of a node", "vm not-a-uuid": "is no uuid"}
    assert sorted(cluster.nodes) == ["hv1", "hv2"]
    assert list(cluster.vms) == [WEB1]
    lab.store.commit([Delete(f"{bad_vm}/placement"), Delete(f"{bad_node}/config")])
    assert lab.live.refresh()[0].problems == {}


def test_an_unreadable_journal_entry_is_shown_as_one(lab: Lab) -> None:
    lab.store.commit([Create(lab.schema.journal_prefix, b"?", sequential=True)])
    assert "can't be read" in lab.live.refresh()[0].journal[-1].what


def test_what_later_versions_store_is_tolerated(lab: Lab) -> None:
    folder = f"{lab.schema.chroot}/storage/later"
    lab.store.commit([Create(folder, b"?"), Create(f"{lab.schema.chroot}/later", b"?")])
    before = lab.live.cluster
    assert lab.live.refresh() == (before, Delta())
