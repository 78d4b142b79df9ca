"""How a pool's volumes are spread over documents: none is ever too large, however many there are and however named."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from pvccore.model.storage import Snapshot, Volume
from pvccore.model.struct import replace

DOCUMENT_BYTES = 256 * 1024
"""How much one document takes when volumes are spread anew: half of what a document may have."""
FULL_DOCUMENT_BYTES = 400 * 1024
"""One that has grown to more than this is split; in between nothing moves to and fro."""
VOLUME_BYTES = 64 * 1024
"""What one volume may take of a document: some 700 snapshots; older ones are counted and not listed."""


def shard_of(volume: str, shards: int) -> int:
    """The document that a volume is in: by its name, so that others coming and going don't move it."""
    return crc32(volume.encode()) % shards


def spread(volumes: Mapping[str, Volume], documents: int = 1) -> list[tuple[Volume, ...]]:
    """The volumes as so many documents that none is too large: a power of two, so that growing splits each in halves.

    documents: how many there are now; that stays while none is full, and while half as many would hardly do.
    """
    bounded = {name: _bounded(volume) for name, volume in sorted(volumes.items())}
    sizes = {name: _bytes_of(volume) for name, volume in bounded.items()}
    if _fullest(sizes, documents) > FULL_DOCUMENT_BYTES:
        while _fullest(sizes, documents) > DOCUMENT_BYTES:
            documents *= 2
    while documents > 1 and _fullest(sizes, documents // 2) <= DOCUMENT_BYTES / 2:
        documents //= 2
    parts: list[list[Volume]] = [[] for _ in range(documents)]
    for name, volume in bounded.items():
        parts[shard_of(name, documents)].append(volume)
    return [tuple(part) for part in parts]


def _fullest(sizes: Mapping[str, int], documents: int) -> int:
    """The bytes of the fullest of so many documents."""
    full = [0] * documents
    for name, size in sizes.items():
        full[shard_of(name, documents)] += size
    return max(full)


def _bounded(volume: Volume) -> Volume:
    """The volume with no more snapshots than one may have in a document, the newest."""
    room = VOLUME_BYTES - _bytes_of(replace(volume, snapshots=()))
    listed = 0
    for snapshot in reversed(volume.snapshots):
        room -= _bytes_of_snapshot(snapshot)
        if room < 0:
            break
        listed += 1
    left = len(volume.snapshots) - listed
    if not left:
        return volume
    return replace(volume, snapshots=volume.snapshots[left:], unlisted_snapshots=volume.unlisted_snapshots + left)


def _bytes_of(volume: Volume) -> int:
    """What it takes in a document, rather more than less."""
    texts = (volume.name, volume.parent, volume.lock_holder, volume.error, *volume.watchers)
    return 280 + sum(map(_bytes_of_text, texts)) + sum(map(_bytes_of_snapshot, volume.snapshots))


def _bytes_of_snapshot(snapshot: Snapshot) -> int:
    return 70 + _bytes_of_text(snapshot.name)


def _bytes_of_text(text: str) -> int:
    """A character that is none of ASCII takes four bytes, one that is escaped takes six."""
    return 4 + (len(text) if text.isascii() and text.isprintable() else 6 * len(text))
