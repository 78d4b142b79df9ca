"""A record is one stored document with the version it was read at."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pvccore.model.struct import Struct, field

NEW = -1
"""The version of a record that is not stored yet."""

UNREADABLE = -2
"""The version of a stand-in for a document that can't be decoded; none stored ever has it: no write on it passes."""

NOTHING_MORE: Mapping[str, Any] = MappingProxyType({})


NAME_OF_MORE = "\x7f"
"""What no document can call a field: names are stripped of control characters before anything is believed."""


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value of several fields within a record that is rewritten by who did not write it.

    extra: fields of it that this program does not know; kept, as a record's are, as long as the part itself is. What an
    observer writes anew, whole, every time (a report, the storage's lists) needs no such care, and is no `Part`.
    """

    extra: Mapping[str, Any] = field(default=NOTHING_MORE, name=NAME_OF_MORE)


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document of the store, as read at `version`.

    version: the znode's data version, `NEW` when it was never stored.
    zxid: ZooKeeper's transaction id of the last write (mzxid); orders writes without any wall clock.
    extra: fields that this program does not know; kept when the document is written again.
    """

    version: int = NEW
    zxid: int = 0
    extra: Mapping[str, Any] = NOTHING_MORE

    @property
    def is_stored(self) -> bool:
        """Whether it is what the store says: a stand-in for a document that is missing or can't be read is not."""
        return self.version >= 0
