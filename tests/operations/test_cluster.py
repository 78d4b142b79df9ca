"""The cluster as a whole by a person's word."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid, Refused
from pvccore.operations.cluster import init, maintenance_off, maintenance_on, set_setting
from pvccore.operations.reading import load_cluster, load_journal
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from pvccore.state.store import Create
from tests.operations.world import World


def test_maintenance_is_one_write_and_one_entry(world: World) -> None:
    version, entries = world.load().maintenance.version, len(world.load().journal)
    maintenance_on(world.operator, reason="switch upgrade")
    cluster = world.load()
    assert (cluster.maintenance.on, cluster.maintenance.version) == (True, version + 1)
    assert (cluster.maintenance.by, cluster.maintenance.reason) == ("anna@ops1", "switch upgrade")
    assert len(cluster.journal) == entries + 1
    assert cluster.journal[-1].why == "switch upgrade"


def test_a_switch_that_stands_so_already_is_left_as_it_is(world: World) -> None:
    maintenance_on(world.operator)
    before = world.load()
    result = maintenance_on(world.seat("ben@ops2"))
    assert (result.changed, result.text) == (False, "maintenance is on already, by anna@ops1")
    assert world.load() == before
    maintenance_off(world.operator)
    assert not world.load().maintenance.on


def test_a_setting_is_parsed_set_and_journalled(world: World) -> None:
    result = set_setting(world.operator, "fence_after_s", "2.5")
    assert world.load().settings.fence_after_s == 2.5
    assert result.text == "fence_after_s is 2.5, it was 1.0"
    assert world.load().journal[-1].what == "set fence_after_s to 2.5"
    assert not set_setting(world.operator, "fence_after_s", "2.5").changed


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("fence_aft", "2", "setting 'fence_aft'"),
        ("fence_after_s", "-1", "fence_after_s '-1'"),
        ("session_s", "x", "number"),
    ],
)
def test_a_bad_setting_is_named(world: World, name: str, value: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        set_setting(world.operator, name, value)


def test_init_makes_a_cluster_once() -> None:
    store = MemoryTree(lambda: 0.0).connect()
    session = Session(store, Schema("/pvc"), who="root@ops1", wall_clock=lambda: 5.0)
    assert init(session).changed
    assert not init(session).changed
    assert [entry.what for entry in load_journal(store, Schema("/pvc"), 10)] == ["cluster created"]
    assert load_cluster(store, Schema("/pvc")).nodes == {}


def test_init_is_refused_beside_a_pvc_1_cluster() -> None:
    store = MemoryTree(lambda: 0.0).connect()
    store.commit([Create("/domains"), Create("/nodes")])
    with pytest.raises(Refused, match=r"a PVC 1\.0 cluster lives here"):
        init(Session(store, Schema("/pvc"), who="root@ops1", wall_clock=lambda: 5.0))


def test_an_unreadable_journal_entry_says_so_in_its_place(world: World) -> None:
    world.store.commit([Create(world.schema.journal_prefix, b"{", sequential=True)])
    assert load_journal(world.store, world.schema, 1)[0].what == "an entry that can't be read"
