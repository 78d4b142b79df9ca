from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from pvccore.model.change import Kind
from pvccore.model.errors import Invalid
from pvccore.state.schema import RECORD_TYPES, Place, Schema, ancestors_and_self, is_below, join, parent

UUID = "6a1c1de0-0000-4000-8000-000000000001"
KEYS = {
    Kind.NODE_CONFIG: "hv1",
    Kind.PRESENCE: "hv1",
    Kind.READINESS: "hv1",
    Kind.REPORT: "hv1",
    Kind.FENCE: "hv1",
    Kind.BMC: "hv1",
    Kind.LEASE: "lease-0000000001",
    Kind.JOURNAL: "e-0000000001",
    Kind.VOLUMES: "vms.0",
    Kind.TASK: "1763860000-0123abcd",
    Kind.DEFINITION: UUID,
    Kind.PLACEMENT: UUID,
    Kind.XML: UUID,
}


@pytest.mark.parametrize("chroot", ["/pvc", "/pvc/prod", "", "/"])
@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_every_path_is_parsed_back_to_its_kind_and_key(chroot: str, kind: Kind) -> None:
    schema, key = Schema(chroot), KEYS.get(kind, "")
    path = schema.path(kind, key)
    assert path.startswith("/")
    assert "//" not in path
    assert schema.place(path) == Place(kind, key)


def test_every_kind_has_a_path() -> None:
    assert set(Kind) == {*RECORD_TYPES, Kind.ALIVE}


def test_an_alive_token_is_of_its_node() -> None:
    schema = Schema()
    path = schema.path(Kind.ALIVE, "hv1/s-0000000003")
    assert path == "/pvc/nodes/hv1/alive/s-0000000003"
    assert schema.place(path) == Place(Kind.ALIVE, "hv1")
    assert schema.alive_prefix("hv1") == "/pvc/nodes/hv1/alive/s-"


@pytest.mark.parametrize(
    "path",
    [
        "/pvc",
        "/pvc/vms",
        "/pvc/names/web1",
        "/pvc/assigned/hv1/x",
        "/pvc/storage/later",
        "/pvc/storage/later/x",
        "/pvc/later",
    ],
)
def test_folders_indexes_and_what_comes_later_are_tolerated_and_not_read(path: str) -> None:
    assert Schema().place(path) is None


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "a\nb", "\x9b"])
def test_a_key_that_would_leave_its_folder_makes_no_path(key: str) -> None:
    schema = Schema()
    makers: list[Callable[[str], str]] = [
        partial(schema.path, Kind.DEFINITION),
        lambda token: schema.path(Kind.ALIVE, f"hv1/{token}"),
        schema.assigned_to,
        schema.name,
        schema.vm,
    ]
    for make in makers:
        with pytest.raises(Invalid):
            make(key)


@pytest.mark.parametrize("chroot", ["pvc", "/a//b", "/a b", "/../x", "/x/."])
def test_a_chroot_that_is_no_path_is_refused(chroot: str) -> None:
    with pytest.raises(Invalid):
        Schema(chroot)


def test_the_tree_is_made_parents_first() -> None:
    schema = Schema("/a/b")
    made = [*schema.ancestors(), *schema.folders()]
    assert made[:2] == ["/a", "/a/b"]
    for path in made:
        assert parent(path) in {"/", *made[: made.index(path)]}


def test_a_record_has_a_name_for_people() -> None:
    schema = Schema("/pvc")
    assert schema.words(schema.path(Kind.PLACEMENT, UUID)) == f"vm {UUID} placement"
    assert schema.words(schema.path(Kind.READINESS, "hv1")) == "node hv1 readiness"
    assert schema.words(schema.settings) == "settings"


def test_paths_are_taken_apart_and_put_together() -> None:
    assert ancestors_and_self("/a/b") == ["/a/b", "/a", "/"]
    assert ancestors_and_self("/") == ["/"]
    assert join("/", "a") == "/a"
    assert join("/a", "b") == "/a/b"
    assert is_below("/a/b", "/a")
    assert is_below("/a", "/")
    assert not is_below("/ab", "/a")
