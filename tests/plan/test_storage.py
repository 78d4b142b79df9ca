"""The table of the storage's verbs: what each takes and is called, what it would lose, and where it runs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pvccore.model.errors import Invalid
from pvccore.model.node import Node
from pvccore.model.storage import Pool, Volume
from pvccore.model.struct import replace
from pvccore.model.task import Task
from pvccore.model.vm import Vm, VmState
from pvccore.plan.storage import STORAGE_VERBS, StorageVerb, complete, storage_verb, volumes_touched
from tests.plan.asked import node
from tests.plan.storages import GB, osd, storage, user, with_storage

Words = Mapping[str, str]
OLD = {"volume": "vms/old", "name": "monday"}
DEAD = node("hv1", alive=False)


def test_a_verb_is_found_by_its_name_or_told_to_be_none() -> None:
    assert storage_verb("storage osd in") is STORAGE_VERBS["storage osd in"]
    with pytest.raises(Invalid, match="verb 'storage burn': is no verb of the storage"):
        storage_verb("storage burn")


@pytest.mark.parametrize(
    "verb, given, full",
    [
        ("storage osd in", {"osd": "1"}, {"osd": "1"}),
        (
            "storage pool add",
            {"pool": "a", "pgs": "8"},
            {"pool": "a", "pgs": "8", "replicas": "3", "replicas_min": "2"},
        ),
        (
            "storage pool add",
            {"pool": "a", "pgs": "8", "replicas": "2", "replicas_min": ""},
            {"pool": "a", "pgs": "8", "replicas": "2", "replicas_min": "2"},
        ),
        ("storage osd remove", {"osd": "1", "force": ""}, {"osd": "1"}),
        ("storage osd remove", {"osd": "1", "force": "yes"}, {"osd": "1", "force": "yes"}),
    ],
)
def test_defaults_are_filled_in_and_what_was_left_out_is_dropped(verb: str, given: Words, full: Words) -> None:
    assert complete(storage_verb(verb), given) == full


@pytest.mark.parametrize(
    "given, words",
    [
        ({}, "osd '': must be given: number of the OSD"),
        ({"osd": ""}, "osd '': must be given: number of the OSD"),
        ({"osd": "1", "colour": "red"}, "colour 'red': is nothing that `storage osd in` takes"),
        ({"osd": "1", "force": "yes"}, "force 'yes': is nothing that `storage osd in` takes"),
    ],
)
def test_what_is_missing_or_unknown_is_refused(given: Words, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        complete(storage_verb("storage osd in"), given)
    assert str(refused.value) == words


@pytest.mark.parametrize("one", STORAGE_VERBS.values(), ids=STORAGE_VERBS.keys())
def test_a_title_tells_what_a_verb_is_about(one: StorageVerb) -> None:
    said = one.title_of({field.name: f"<{field.name}>" for field in one.fields})
    about = next(field.name for field in one.fields if field.name != "node")
    assert f"<{about}>" in said


def test_a_title_leaves_out_what_was_not_given() -> None:
    assert storage_verb("storage volume add").title_of({"volume": "vms/new"}) == "add volume vms/new of "


# What would be lost


LOSSES = [
    ("storage osd add", {"node": "hv1", "device": "/dev/sdc"}, ("everything on /dev/sdc of hv1",)),
    ("storage osd remove", {"osd": "1"}, ("OSD 1 of hv2; its 50 G are copied elsewhere first",)),
    ("storage osd remove", {"osd": "7"}, ("OSD 7 of an unknown node; its 50 G are copied elsewhere first",)),
    ("storage pool remove", {"pool": "vms"}, ("pool vms with 4 volumes and 50 G: child, old, spare, web1",)),
    ("storage pool remove", {"pool": "ssd"}, ("pool ssd with 0 volumes and 0 B",)),
    ("storage volume resize", {"volume": "vms/old", "size": "2G"}, ()),
    ("storage volume resize", {"volume": "vms/old", "size": "1G"}, ()),
    ("storage volume resize", {"volume": "vms/old", "size": "256M"}, ("the last 768 M of vms/old",)),
    ("storage volume remove", {"volume": "vms/web1"}, ("volume vms/web1, 20 G, 5 G of them written",)),
    (
        "storage volume remove",
        {"volume": "vms/spare"},
        ("volume vms/spare, 10 G", "its snapshot monday", "its snapshot gold"),
    ),
    (
        "storage volume remove",
        {"volume": "vms/old"},
        ("volume vms/old, 1 G, 0 B of them written", "its snapshot monday"),
    ),
    ("storage volume snapshot rollback", OLD, ("everything written to vms/old since snapshot monday",)),
    ("storage volume snapshot remove", OLD, ("snapshot monday of vms/old",)),
    ("storage volume snapshot add", {"volume": "vms/old", "name": "now"}, ()),
    ("storage osd out", {"osd": "1"}, ()),
]


@pytest.mark.parametrize("verb, given, losses", LOSSES)
def test_what_would_be_lost_is_told(verb: str, given: Words, losses: tuple[str, ...]) -> None:
    one, cluster = storage_verb(verb), with_storage(known=storage(osd(7, node="")))
    assert one.losses(cluster, given) == losses


def test_a_pool_of_many_volumes_names_the_first_and_counts_those_not_yet_listed() -> None:
    volumes = {f"v{number}": Volume(name=f"v{number}") for number in range(6)}
    pool = Pool(name="vms", stored_bytes=GB, volumes=9)
    known = replace(storage(), pools={"vms": pool}, volumes={"vms": volumes})
    losses = storage_verb("storage pool remove").losses(with_storage(known=known), {"pool": "vms"})
    assert losses == ("pool vms with 9 volumes and 1 G: v0, v1, v2, v3, v4 …",)


# Where it runs, and whom it is about

GROW = {"volume": "vms/web1", "size": "30G"}


@pytest.mark.parametrize(
    "verb, given, parts, runs_on, about",
    [
        ("storage osd in", {"osd": "1"}, (), "", ""),
        ("storage osd add", {"node": "hv2", "device": "/dev/sdc"}, (), "hv2", ""),
        ("storage osd remove", {"osd": "1"}, (), "hv2", ""),
        ("storage osd remove", {"osd": "7"}, (), "", ""),
        ("storage osd remove", {"osd": "99"}, (), "", ""),
        ("storage osd remove", {"osd": "1"}, (node("hv2", alive=False),), "", ""),
        ("storage volume upload", {"node": "hv3"}, (), "hv3", ""),
        ("storage volume resize", GROW, (), "", ""),
        ("storage volume resize", GROW, (user(),), "hv1", "web1"),
        ("storage volume resize", GROW, (user(VmState.STOPPED),), "", "web1"),
        ("storage volume resize", GROW, (user(VmState.STOPPED, name="a"), user(name="b")), "hv1", ""),
        ("storage volume snapshot add", OLD, (user(VmState.RUNNING, "vms/old"),), "", "web1"),
        ("vm flush-locks", {"vm": "web1"}, (user(VmState.STOPPED),), "hv1", "web1"),
        ("vm flush-locks", {"vm": "uuid-web1"}, (user(VmState.STOPPED),), "hv1", "web1"),
        ("vm flush-locks", {"vm": "web1"}, (user(VmState.STOPPED), DEAD), "", "web1"),
        ("vm flush-locks", {"vm": "web1"}, (user(VmState.STOPPED, node=""),), "", "web1"),
    ],
)
def test_a_verb_runs_where_its_device_file_or_guest_is(
    verb: str, given: Words, parts: tuple[Node | Vm, ...], runs_on: str, about: str
) -> None:
    one, cluster = storage_verb(verb), with_storage(*parts)
    assert (one.runs_on(cluster, given), one.vm(cluster, given)) == (runs_on, about)


@pytest.mark.parametrize(
    "verb, given, touched",
    [
        ("storage volume add", {"volume": "vms/a"}, [("vms", "a")]),
        ("storage volume clone", {"volume": "vms/a@s", "to": "ssd/b"}, [("vms", "a"), ("ssd", "b")]),
        ("storage volume rename", {"volume": "vms/a", "name": "b"}, [("vms", "a"), ("vms", "b")]),
        ("storage volume snapshot rename", {"volume": "vms/a", "name": "s", "new_name": "t"}, [("vms", "a")]),
        ("storage pool remove", {"pool": "vms"}, []),
        ("vm flush-locks", {"vm": "web1"}, []),
    ],
)
def test_a_task_tells_the_volumes_it_may_have_changed(verb: str, given: Words, touched: list[tuple[str, str]]) -> None:
    assert list(volumes_touched(Task(verb=verb, arguments=given))) == touched


@pytest.mark.parametrize(
    "verb, destroys",
    [("storage volume remove", True), ("storage pool remove", True), ("storage volume add", False)],
)
def test_a_verb_says_whether_it_may_lose_anything_at_all(verb: str, destroys: bool) -> None:
    assert storage_verb(verb).destroys is destroys
