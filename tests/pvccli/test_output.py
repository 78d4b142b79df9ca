from __future__ import annotations

import pytest

from pvccli.output import cell, header, table
from pvccore.model.vm import Definition, Placement, VmState
from tests.operations.world import World
from tests.pvccli.conftest import Pvc


def test_states_have_colours_where_they_are_wanted_and_names_have_none() -> None:
    drawn = table(["name", "status"], [["failed", "running"], ["b", "failed"], ["c", "other"]], 40, [False, True])
    assert drawn.splitlines() == [
        "NAME    STATUS",
        "failed  \x1b[32mrunning\x1b[0m",
        "b       \x1b[31mfailed \x1b[0m",
        "c       other",
    ]


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("memory_mb", 2048, "2 G"),
        ("used_bytes", 2**30, "1 G"),
        ("used_bytes", None, "-"),
        ("used_ratio", 0.5, "50.0%"),
        ("progress", 0.25, "25%"),
        ("progress", None, "-"),
        ("name", "progress", "progress"),
    ],
)
def test_a_value_has_the_unit_of_its_name(name: str, value: object, words: str) -> None:
    assert cell({name: value}, name) == words
    assert header("used_bytes") == header("used_ratio") == "used"


def test_no_text_of_the_cluster_steers_a_terminal(pvc: Pvc, world: World) -> None:
    steers = Definition(memory_mb=1024, vcpus=1, description="a\x1b]0;title\x07b\nc")
    world.add_vm("web1", "hv1", VmState.FAILED, definition=steers, placement=Placement(failure="ceph: \x9b31m\u202e"))
    for line in ("vm info web1", "vm list", "status", "vm migrate web1", "journal"):
        said = pvc(line)
        assert all(sign == "\n" or sign.isprintable() for sign in said.out + said.err), line
    assert table(["a"], [["two\nlines\x1b"]]).splitlines() == ["A", "two lines\N{REPLACEMENT CHARACTER}"]
