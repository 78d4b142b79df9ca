from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid, Refused
from pvccore.operations.backup import backup, parsed, restore
from pvccore.operations.cluster import maintenance_off, maintenance_on
from pvccore.operations.reading import load_cluster, read_xml
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from pvccore.state.store import Create, Store
from tests.operations.world import World


def lines_of(world: World) -> list[str]:
    return list(backup(world.store, world.schema, at=1.0))


def elsewhere(chroot: str = "/other") -> Session:
    tree = MemoryTree(lambda: 0.0)
    return Session(tree.connect(), Schema(chroot), who="anna@ops1", wall_clock=lambda: 5.0)


def populated(world: World) -> World:
    world.add_vm("web1", "hv1")
    world.add_vm("web2", "hv2")
    maintenance_on(world.operator, reason="für später")
    return world


@pytest.mark.parametrize("chroot", ["/other", "/a/b", ""])
def test_a_cluster_comes_back_as_it_was(world: World, chroot: str) -> None:
    before = populated(world).load()
    target = elsewhere(chroot)
    assert restore(target, lines_of(world)).text.endswith("documents are restored")
    after = load_cluster(target.store, target.schema)
    assert {vm.uuid: (vm.name, vm.node, vm.placement.state) for vm in after.vms.values()} == {
        vm.uuid: (vm.name, vm.node, vm.placement.state) for vm in before.vms.values()
    }
    assert (set(after.nodes), after.maintenance.reason) == (set(before.nodes), "für später")
    assert not any(node.is_alive for node in after.nodes.values()), "who is alive is no memory"
    assert read_xml(target, after.vm("web1")).text == read_xml(world.operator.session, before.vm("web1")).text
    assert [entry.what for entry in after.journal][-1] == "cluster restored from a backup"
    assert [entry.what for entry in after.journal][:-1] == [entry.what for entry in before.journal]
    assert not after.problems


def test_new_journal_entries_follow_the_restored_ones(world: World) -> None:
    for _ in range(12):
        maintenance_on(world.operator)
        maintenance_off(world.operator)
    world.operator.session.prune_journal(3)
    target = elsewhere()
    restore(target, lines_of(world))
    keys = [entry.key for entry in load_cluster(target.store, target.schema).journal]
    assert keys == sorted(keys)
    assert load_cluster(target.store, target.schema).journal[-1].what == "cluster restored from a backup"


def test_a_living_cluster_is_never_replaced(world: World) -> None:
    lines = lines_of(world)
    for force in (False, True):
        with pytest.raises(Refused, match="the cluster lives: daemons of hv1, hv2, hv3 run"):
            restore(world.setup, lines, force=force)


def test_a_cluster_at_rest_is_replaced_only_when_told(world: World) -> None:
    lines = lines_of(populated(world))
    for name in ("hv1", "hv2", "hv3"):
        world.kill(name)
    world.add_vm("new", "hv1")
    with pytest.raises(Refused, match="with 3 nodes and 3 VMs; --force replaces it"):
        restore(world.setup, lines)
    restore(world.setup, lines, force=True)
    assert set(world.load().names) == {"web1", "web2"}


def test_half_a_restore_is_no_cluster_and_is_made_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_of(populated(world))
    target = elsewhere()
    store: Store = target.store
    store.commit([Create("/other"), Create("/other/nodes"), Create("/other/nodes/left-over", b"x")])
    restore(target, lines)
    assert "left-over" not in load_cluster(store, target.schema).nodes


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[1:],
        lambda lines: [*lines[:5], *lines[6:]],
        lambda lines: [*lines, lines[5]],
        lambda lines: [lines[0], lines[1].replace("path", "Path"), *lines[2:]],
        lambda lines: [lines[0], '{"path":"../../zookeeper","text":""}\n', *lines[1:]],
        lambda lines: [lines[0], '{"path":"nodes/a/b/c/d","text":""}\n', *lines[1:]],
        lambda lines: [lines[0].replace('"schema":1', '"schema":2'), *lines[1:]],
        lambda lines: [lines[0], "nonsense\n", *lines[1:]],
        lambda lines: [lines[0], "[" * 100_000, *lines[1:]],
        lambda lines: [lines[0], '{"path":"nodes/x","base64":"!"}\n', *lines[1:]],
        lambda lines: [line.replace("hv1", "hv7") for line in lines],
        lambda _: [],
    ],
    ids=range(13),
)
def test_a_damaged_file_changes_nothing(world: World, spoil: object) -> None:
    target = elsewhere()
    assert callable(spoil)
    with pytest.raises(Invalid, match="backup"):
        restore(target, spoil(lines_of(world)))
    assert target.store.children(["/"]) == [[]]


def test_what_is_no_text_is_kept_too(world: World) -> None:
    world.store.commit([Create(f"{world.schema.tasks}/odd", b"\xff\x00")])
    found = dict(parsed(world.schema, lines_of(world)))
    assert found["tasks/odd"] == b"\xff\x00"
