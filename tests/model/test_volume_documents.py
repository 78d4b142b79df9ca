"""No document of a pool's volumes is ever too large, whatever they are called and however many snapshots they have."""

from __future__ import annotations

import pytest

from pvccore.model.storage import PoolVolumes, Snapshot, Volume, merged_volumes
from pvccore.model.volume_documents import FULL_DOCUMENT_BYTES, VOLUME_BYTES, shard_of, spread
from pvccore.state.codec import MAX_DOCUMENT_BYTES, encode

GB = 1 << 30


def documents(volumes: list[Volume], now: int = 1) -> list[PoolVolumes]:
    parts = spread({volume.name: volume for volume in volumes}, now)
    return [PoolVolumes(pool="vms", shards=len(parts), volumes=part) for part in parts]


def snapshots(count: int, name: str = "before-upgrade") -> tuple[Snapshot, ...]:
    return tuple(Snapshot(name=f"{name}-{number}", size_bytes=10 * GB, is_protected=True) for number in range(count))


def many(count: int, name: str = "vm", **known: object) -> list[Volume]:
    return [Volume(name=f"{name}-{number:05}_disk0", **known) for number in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "volumes",
    [
        many(10_000, size_bytes=20 * GB, used_bytes=10 * GB, watchers=("10.2.100.1", "10.2.100.2"), is_locked=True),
        many(10_000, name="x" * 80, parent="p" * 90 + "/" + "q" * 90, error="e" * 80),
        many(10_000, snapshots=snapshots(3)),
        many(300, snapshots=snapshots(600)),
        many(3, snapshots=snapshots(2000, "s" * 200)),
        many(2000, name="\u65e5\u672c\u8a9e" * 20),
        many(2000, name="\\" * 80),
    ],
    ids=[
        "plain",
        "long names",
        "snapshots",
        "very many snapshots",
        "long snapshots",
        "other letters",
        "odd characters",
    ],
)
def test_no_document_comes_near_the_bound(volumes: list[Volume]) -> None:
    parts = documents(volumes)
    assert max(len(encode(part)) for part in parts) < MAX_DOCUMENT_BYTES
    assert merged_volumes(parts).keys() == {volume.name for volume in volumes}
    assert all(
        shard_of(volume.name, len(parts)) == place for place, part in enumerate(parts) for volume in part.volumes
    )


def test_a_few_volumes_stand_in_one_document_and_many_in_a_power_of_two() -> None:
    assert [len(documents(many(count))) for count in (0, 1, 500, 2000, 10_000)] == [1, 1, 1, 4, 16]


def test_growing_or_shrinking_a_little_moves_nothing() -> None:
    assert len(documents(many(1200))) == 1
    assert len(documents(many(2000), now=2)) == 2
    assert len(documents(many(800), now=2)) == 2
    assert len(documents(many(300), now=2)) == 1


def test_the_newest_snapshots_are_listed_and_the_others_are_counted() -> None:
    (part,) = documents([Volume(name="a", snapshots=snapshots(2000))])
    (volume,) = part.volumes
    assert 500 < len(volume.snapshots) < 1000
    assert volume.snapshots[-1].name == "before-upgrade-1999"
    assert volume.snapshot_count == 2000
    assert len(encode(part)) <= VOLUME_BYTES
    (again,) = documents([volume])
    assert again.volumes == (volume,)


def test_full_is_well_below_what_is_refused() -> None:
    assert FULL_DOCUMENT_BYTES < MAX_DOCUMENT_BYTES - VOLUME_BYTES
