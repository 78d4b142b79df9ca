"""Documents as bytes and as records: the one place where JSON from the store is believed or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.structs import force_setattr

from pvccore.model.errors import Invalid
from pvccore.model.fence import Fence, FencePhase
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import Readiness, ReadinessState, WantedReadiness
from pvccore.model.record import NAME_OF_MORE, NOTHING_MORE, UNREADABLE, Part, Record
from pvccore.model.storage import StorageStatus
from pvccore.model.struct import Struct, fields, replace
from pvccore.model.task import Task, TaskState
from pvccore.model.vm import Xml
from pvccore.state.store import Znode

MAX_DOCUMENT_BYTES = 512 * 1024
"""The largest document that is read or written; ZooKeeper's own bound on a request is 1 MB."""

_RESERVED = frozenset({"version", "zxid", "extra"})
_RESERVED_IN_PARTS = frozenset({"extra"})
_BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_STRIPPED: dict[int, str | None] = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_BIDI])
_STRIPPED |= {ord(blank): " " for blank in "\t\n\r"}
_STRIPPED_XML = {code: to for code, to in _STRIPPED.items() if to is None}
_parse = msgspec.json.Decoder().decode


class Undecodable(Struct, frozen=True):
    """A document that could not be read, and why; it stands for that one record only."""

    path: str
    reason: str


def decode(record_type: type[Record], path: str, znode: Znode, *, key: str = "") -> Record | Undecodable:
    """The record in a document. `key` is set on records that know their own (the journal)."""
    data = znode.data
    if len(data) > MAX_DOCUMENT_BYTES:
        return Undecodable(path, f"larger than {MAX_DOCUMENT_BYTES} bytes")
    if record_type is Xml:
        return _decode_xml(path, znode)
    try:
        return _decode_ordinary(record_type, znode, key)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _decode_with_care(record_type, path, znode, key)


def _decode_ordinary(record_type: type[Record], znode: Znode, key: str) -> Record:
    """The record in a document as we write it: plain ASCII, nothing unknown. Raises for any other, good or bad.

    A third of the careful way's time, for what a cold load does 20,000 times.
    """
    data = znode.data
    if not data.isascii() or b"\\" in data or b"\x7f" in data:
        raise ValueError
    record = _reader(record_type)(data)
    if record.extra is not NOTHING_MORE:
        raise ValueError  # a document can't say what its unknown fields are
    # The record is ours alone until it is returned.
    force_setattr(record, "version", znode.version)
    force_setattr(record, "zxid", znode.mzxid)
    if key:
        force_setattr(record, "key", key)
    return record


def _decode_with_care(record_type: type[Record], path: str, znode: Znode, key: str) -> Record | Undecodable:
    """The record in any document: what is unknown is set apart, what could lie to a terminal is stripped."""
    try:
        document = _parse(znode.data)
        if type(document) is not dict:
            return Undecodable(path, "not a JSON object")
        return _convert(record_type, document, znode, key)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Undecodable(path, clean(str(error)) or type(error).__name__)


def encode(record: Record) -> bytes:
    """The bytes of a record, with the fields of it that this program doesn't know; raises `Invalid` when too large.

    A field whose default is empty is left out while it is empty; other defaults are written, so that a later
    version with another default still reads what was meant.
    """
    if isinstance(record, Xml):
        data = record.text.encode()
    else:
        document = dict(record.extra)
        for name, default in _written(type(record)):
            value = getattr(record, name)
            if value or default:
                document[name] = _whole(value)
            else:
                document.pop(name, None)
        data = _encoder.encode(document)
    if len(data) > MAX_DOCUMENT_BYTES:
        raise Invalid(type(record).__name__.lower(), f"{len(data)} bytes", f"is larger than {MAX_DOCUMENT_BYTES} bytes")
    return data


def clean(text: str) -> str:
    """Text without control and direction characters, which could lie to the reader of a terminal."""
    return text.translate(_STRIPPED)


def stand_in(record_type: type[Record], reason: str) -> Record:
    """What is shown for an undecodable record: the value that makes nobody act, at a version no write matches."""
    make = _STAND_INS.get(record_type)
    return replace(record_type() if make is None else make(reason), version=UNREADABLE)


_STAND_INS: Mapping[type[Record], Callable[[str], Record]] = {
    Fence: lambda reason: Fence(phase=FencePhase.FAILED, error=f"the record can't be read: {reason}"),
    Maintenance: lambda reason: Maintenance(on=True, reason=f"the record can't be read: {reason}"),
    StorageStatus: lambda reason: StorageStatus(error=f"the record can't be read: {reason}"),
    Task: lambda reason: Task(state=TaskState.FAILED, error=f"the record can't be read: {reason}"),
    Readiness: lambda reason: Readiness(
        wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHED, reason=f"the record can't be read: {reason}"
    ),
}


def _convert(record_type: type[Record], document: dict[str, Any], znode: Znode, key: str) -> Record:
    document = _cleaned(document)
    if not document.keys() <= _known(record_type):
        _set_unknown_apart(record_type, document)
    for name, part in _parts(record_type).items():
        found = document.get(name)
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, dict):
                _set_unknown_of_part_apart(part, one)
    document["version"] = znode.version
    document["zxid"] = znode.mzxid
    if key:
        document["key"] = key
    return msgspec.convert(document, record_type)


def _set_unknown_apart(record_type: type[Record], document: dict[str, Any]) -> None:
    unknown = {name: document.pop(name) for name in document.keys() - _known(record_type)}
    extra = {name: value for name, value in unknown.items() if name not in _RESERVED}
    if extra:
        document["extra"] = extra


def _set_unknown_of_part_apart(part: type[Part], document: dict[str, Any]) -> None:
    unknown = {name: document.pop(name) for name in document.keys() - _known(part)}
    if unknown:
        document[NAME_OF_MORE] = unknown


def _whole(value: object) -> object:
    """A stored field's value as it is written: parts with the fields of them that this program doesn't know."""
    if isinstance(value, Part):
        known = {name: getattr(value, name) for name in value.__struct_fields__ if name not in _RESERVED_IN_PARTS}
        return {**value.extra, **known}
    if isinstance(value, tuple) and value and isinstance(value[0], Part):
        return [_whole(one) for one in value]
    return value


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return value.translate(_STRIPPED)
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part) for part in value]
    return value


def _decode_xml(path: str, znode: Znode) -> Xml | Undecodable:
    try:
        text = znode.data.decode()
    except UnicodeDecodeError as error:
        return Undecodable(path, str(error))
    return Xml(version=znode.version, zxid=znode.mzxid, text=text.translate(_STRIPPED_XML))


# A program reads and writes few of the kinds there are: what it takes is made when the first comes.


@cache
def _known(kind: type[Record | Part]) -> frozenset[str]:
    return frozenset(kind.__struct_fields__) - (_RESERVED if issubclass(kind, Record) else _RESERVED_IN_PARTS)


@cache
def _parts(record_type: type[Record]) -> dict[str, type[Part]]:
    """The fields of a record that hold a part, or several."""
    found = {}
    for name, hint in get_type_hints(record_type).items():
        for kind in (hint, *get_args(hint)):
            if isinstance(kind, type) and issubclass(kind, Part):
                found[name] = kind
    return found


@cache
def _written(record_type: type[Record]) -> tuple[tuple[str, bool], ...]:
    """The stored fields of a record type, each with whether its default is something."""
    return tuple(
        (one.name, one.default is not msgspec.NODEFAULT and bool(one.default))
        for one in fields(record_type)
        if one.name not in _RESERVED
    )


@cache
def _reader(record_type: type[Record]) -> Callable[[bytes], Record]:
    """It fails at a field that is not the record's."""
    return msgspec.json.Decoder(record_type).decode


def _plain(value: object) -> object:
    """What msgspec doesn't know by itself: read-only mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"can't store a {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
