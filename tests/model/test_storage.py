"""Volumes are found by the name a VM has for them, and spread over documents so that none grows too large."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid, NotFound
from pvccore.model.storage import (
    Osd,
    Pool,
    Snapshot,
    Storage,
    StorageStatus,
    Volume,
    namespace_words,
    parse_size,
    pool_of_key,
    size_words,
    volumes_key,
)

STORAGE = Storage(
    pools={"vms": Pool(name="vms")},
    osds={0: Osd(id=0)},
    volumes={
        "vms": {
            "web1": Volume(name="web1", snapshots=(Snapshot(name="s1"),)),
            "web2": Volume(name="web2", parent="vms/web1@s1"),
            "web10": Volume(name="web10", parent="vms/web1@s10"),
        }
    },
)


def test_a_volume_is_found_by_its_pool_and_name() -> None:
    assert STORAGE.volume("vms", "web1") is STORAGE.find("vms/web1")
    assert STORAGE.find("vms/nothing") is None
    assert STORAGE.pool("vms").name == "vms"
    assert STORAGE.osd(0).id == 0


@pytest.mark.parametrize("pool, name, words", [("x", "a", "no pool 'x'"), ("vms", "a", "no volume 'vms/a'")])
def test_what_is_not_there_is_told_by_its_name(pool: str, name: str, words: str) -> None:
    with pytest.raises(NotFound, match=words):
        STORAGE.volume(pool, name)


def test_an_unknown_osd_or_snapshot_is_told_by_its_name() -> None:
    with pytest.raises(NotFound, match="no OSD '7'"):
        STORAGE.osd(7)
    with pytest.raises(NotFound, match="no snapshot 'web1@x'"):
        STORAGE.volume("vms", "web1").snapshot("x")


def test_the_clones_of_a_snapshot_are_those_of_exactly_that_one() -> None:
    assert STORAGE.clones_of("vms", "web1", "s1") == ["vms/web2"]
    assert STORAGE.clones_of("vms", "web1") == ["vms/web10", "vms/web2"]


def test_a_key_tells_its_pool_even_when_the_pool_has_a_dot() -> None:
    assert pool_of_key(volumes_key("ssd.fast", 3)) == "ssd.fast"


@pytest.mark.parametrize(
    "one, ratio",
    [
        (StorageStatus(total_bytes=200, used_bytes=50), 0.25),
        (StorageStatus(), 0.0),
        (Osd(id=0, total_bytes=100, used_bytes=75), 0.75),
        (Osd(id=0), 0.0),
        (Pool(name="vms", stored_bytes=60, used_bytes=180, available_bytes=40), 0.6),
        (Pool(name="vms"), 0.0),
    ],
)
def test_how_full_something_is_counts_what_clients_can_use(one: StorageStatus | Osd | Pool, ratio: float) -> None:
    assert one.used_ratio == ratio


def test_the_storage_is_known_once_it_was_read() -> None:
    assert not StorageStatus(error="no monitor answers", error_since=5.0).is_known
    assert StorageStatus(at=5.0).is_known


@pytest.mark.parametrize(
    "text, size_bytes",
    [
        ("1", 1),
        ("4096", 4096),
        ("7B", 7),
        ("1k", 1024),
        (" 512M ", 512 << 20),
        ("20G", 20 << 30),
        ("20 GiB", 20 << 30),
        ("1.5T", 3 << 39),
        ("0.5K", 512),
    ],
)
def test_a_size_is_read_as_a_person_types_it(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "G", "0", "0.4", "0.0001K", "-1G", "20GB", "20X", "nan", "inf", "1048576T"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="must be like 20G"):
        parse_size(text)


@pytest.mark.parametrize(
    "size_bytes, words",
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 K"),
        (-(3 << 19), "-1.5 M"),
        (20 << 30, "20 G"),
        (5 << 40, "5 T"),
        (5000 << 40, "5000 T"),
    ],
)
def test_a_size_is_told_in_the_units_that_are_typed(size_bytes: int, words: str) -> None:
    assert size_words(size_bytes) == words


@pytest.mark.parametrize(
    "pool, answer",
    [
        (Pool(name="vms", applications=("rbd",)), True),
        (Pool(name="new"), True),
        (Pool(name=".mgr", applications=("mgr",)), False),
        (Pool(name="files", applications=("cephfs",)), False),
        (Pool(name="cold", applications=("rbd",), is_erasure_coded=True), False),
    ],
)
def test_volumes_are_in_replicated_pools_that_are_for_them(pool: Pool, answer: bool) -> None:
    assert pool.is_for_volumes is answer


@pytest.mark.parametrize(
    "namespaces, words",
    [
        (1, "1 namespace, whose volumes are not listed"),
        (2, "2 namespaces, whose volumes are not listed"),
    ],
)
def test_what_is_not_seen_of_a_pool_is_told(namespaces: int, words: str) -> None:
    assert namespace_words(Pool(name="vms", namespaces=namespaces)) == words
