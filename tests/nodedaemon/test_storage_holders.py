"""Who has a volume open is asked of a few at a time, and first where something was done."""

from __future__ import annotations

from nodedaemon.storage_holders import AT_ONCE, HolderTurns
from pvccore.model.cluster import Cluster
from pvccore.model.storage import Storage, Volume
from pvccore.model.struct import replace
from pvccore.model.vm import Vm, VmState
from pvccore.model.volume_documents import shard_of
from tests.plan.asked import cluster, vm
from tests.plan.storages import with_disks


def disk_of(number: int, pool: str = "vms", state: VmState = VmState.RUNNING) -> Vm:
    return with_disks(vm(f"web{number:02}", "hv1", state), f"{pool}/web{number:02}")


def having(*vms: Vm, seen: bool = True) -> Cluster:
    volumes: dict[str, dict[str, Volume]] = {}
    for path in (path for one in vms for path in one.definition.volumes if seen):
        pool, _, name = path.partition("/")
        volumes.setdefault(pool, {})[name] = Volume(name=name)
    return replace(cluster(*vms), storage=Storage(volumes=volumes))


def turns(documents: int = 1) -> HolderTurns:
    return HolderTurns(lambda _pool: documents)


def test_each_has_its_turn_before_one_has_it_again() -> None:
    known, whose = having(*(disk_of(number) for number in range(20))), turns()
    asked = [whose.next(known, float(step))[1] for step in range(3)]
    assert [len(names) for names in asked] == [AT_ONCE, AT_ONCE, AT_ONCE]
    assert asked[0] == tuple(f"web{number:02}" for number in range(8))
    assert len({name for names in asked for name in names}) == 20


def test_one_whose_vm_was_started_stopped_or_moved_comes_first() -> None:
    vms = [disk_of(number) for number in range(20)]
    whose = turns()
    for step in range(3):
        whose.next(having(*vms), float(step))
    vms[3] = disk_of(3, state=VmState.STOPPED)
    assert whose.next(having(*vms), 9.0)[1][0] == "web03"


def test_those_of_one_question_are_of_one_pool_and_stand_in_one_document() -> None:
    known = having(*(disk_of(number, pool=f"p{number % 2}") for number in range(40)))
    pool, names = turns(documents=4).next(known, 0.0)
    assert pool == "p0"
    assert len({shard_of(name, 4) for name in names}) == 1
    assert 1 < len(names) <= AT_ONCE


def test_where_no_vm_has_a_volume_that_was_seen_nobody_is_asked() -> None:
    assert turns().next(having(), 0.0) == ("", ())
    assert turns().next(having(disk_of(1), seen=False), 0.0) == ("", ())
