"""Volumes are found by the name a VM has for them, and spread over documents so that none grows too large."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid, NotFound
from pvccore.model.storage import (
    Osd,
    Pool,
    PoolVolumes,
    Snapshot,
    Storage,
    StorageStatus,
    Volume,
    merged_volumes,
    parse_size,
    pool_of_key,
    shard_of,
    shards_for,
    size_words,
    volumes_key,
)
from pvccore.state.codec import MAX_DOCUMENT_BYTES, encode

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


@pytest.mark.parametrize("volumes, shards", [(0, 1), (1000, 1), (1001, 2), (2001, 4), (10_000, 16)])
def test_documents_are_a_power_of_two(volumes: int, shards: int) -> None:
    assert shards_for(volumes) == shards


def test_a_key_tells_its_pool_even_when_the_pool_has_a_dot() -> None:
    assert pool_of_key(volumes_key("ssd.fast", 3)) == "ssd.fast"


def test_ten_thousand_volumes_with_snapshots_stay_under_the_bound_of_a_document() -> None:
    snapshots = tuple(Snapshot(name=f"before-upgrade-{number}", size_bytes=10 << 30) for number in range(3))
    names = [f"virtual-machine-{number:05d}_disk{number % 4}" for number in range(10_000)]
    volumes = [Volume(name=name, size_bytes=10 << 30, used_bytes=10 << 29, snapshots=snapshots) for name in names]
    shards = shards_for(len(volumes))
    parts = [
        PoolVolumes(pool="vms", shards=shards, volumes=tuple(one for one in volumes if shard_of(one.name, shards) == n))
        for n in range(shards)
    ]
    assert max(len(encode(part)) for part in parts) < MAX_DOCUMENT_BYTES
    assert len(merged_volumes(parts)) == len(volumes)


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
