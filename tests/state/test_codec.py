"""Documents are believed as far as they deserve it."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvccore.model.errors import Invalid
from pvccore.model.fence import Evidence, Fence, FenceAgent, FenceAgentKind, FencePhase
from pvccore.model.journal import JournalEntry
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import DomainReport, Goodbye, GoodbyeReason, NodeConfig, Presence, Readiness, Report
from pvccore.model.record import NEW, UNREADABLE, Record
from pvccore.model.settings import Settings
from pvccore.model.struct import replace
from pvccore.model.vm import (
    Claim,
    Definition,
    Migration,
    Placement,
    Request,
    RequestVerb,
    VmState,
    Wanted,
    Xml,
)
from pvccore.state.codec import MAX_DOCUMENT_BYTES, Undecodable, _parts, decode, encode, stand_in
from pvccore.state.schema import RECORD_TYPES
from pvccore.state.store import Znode

FULL: list[Record] = [
    Settings(cluster_name="lab", session_s=6.0, memory_overcommit=1.5),
    Maintenance(on=True, by="anna@desk", reason="kernel", since=1.5),
    NodeConfig(
        machine_id="m", fence_agents=(FenceAgent(kind=FenceAgentKind.COMMAND, address="/bin/x", arguments=("a", "b")),)
    ),
    Presence(boot_id="b", watchdog_armed=True, goodbye=Goodbye(boot_id="b", reason=GoodbyeReason.HOST_STOP)),
    Readiness(waits_for=("web1: migrating",)),
    Report(boot_id="b", load=0.5, domains=(DomainReport(uuid="u", state="running", cpu=0.25),)),
    Fence(
        phase=FencePhase.POWERED_OFF,
        evidence=(Evidence(round=2, boot_id="b", agent="ipmi", text="off twice"),),
        times=MappingProxyType({"off_sent": 3.0}),
    ),
    Definition(name="web1", tags=("a",), autorestart=False, node_limit=("hv1", "hv2"), description="Grüße"),
    Placement(
        wanted=Wanted.RUNNING,
        state=VmState.MIGRATING,
        node="hv1",
        request=Request(id="r", verb=RequestVerb.STOP),
        migration=Migration(id="m", source="hv1", target="hv2"),
        claim=Claim(boot_id="b", run_id="r"),
        clients=("10.0.0.1:0/1",),
    ),
    JournalEntry(at=1.0, who="anna@desk", what="stop web1", why="asked", vm="web1"),
]


def read(record_type: type[Record], data: bytes, *, version: int = 3, key: str = "") -> Record:
    found = decode(record_type, "/x", Znode(data, version, 5, 7), key=key)
    assert isinstance(found, Record), found
    return found


def unreadable(record_type: type[Record], data: bytes) -> str:
    found = decode(record_type, "/x", Znode(data, 3, 5, 7))
    assert isinstance(found, Undecodable)
    assert found.path == "/x"
    return found.reason


@pytest.mark.parametrize("record", FULL, ids=lambda record: type(record).__name__)
def test_a_record_is_read_as_it_was_written_with_the_version_it_was_read_at(record: Record) -> None:
    assert read(type(record), encode(record)) == replace(record, version=3, zxid=7)


@pytest.mark.parametrize(
    "record_type", sorted(set(RECORD_TYPES.values()) - {Xml}, key=repr), ids=lambda one: one.__name__
)
def test_an_empty_document_is_a_record_of_defaults(record_type: type[Record]) -> None:
    assert read(record_type, b"{}") == record_type(version=3, zxid=7)
    assert read(record_type, encode(record_type())) == record_type(version=3, zxid=7)


def test_a_default_that_says_something_is_written_and_an_empty_one_is_not() -> None:
    document = json.loads(encode(Definition(name="web1")))
    assert document["autorestart"] is True
    assert "description" not in document
    assert not {"version", "zxid", "extra"} & document.keys()
    assert json.loads(encode(Definition(autorestart=False)))["autorestart"] is False


@pytest.mark.parametrize("record", FULL, ids=lambda record: type(record).__name__)
def test_unknown_fields_are_kept_when_the_record_is_written_again(record: Record) -> None:
    newer = json.dumps({**json.loads(encode(record)), "colour": {"of": ["the", 1]}}).encode()
    found = read(type(record), newer)
    assert found.extra == {"colour": {"of": ["the", 1]}}
    assert json.loads(encode(found)) == json.loads(newer)


MORE = st.dictionaries(
    st.sampled_from(["colour", "extra", "since_version", "id2"]),
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab é", max_size=4),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["x", "extra"]), inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
"""What a later version may have added to a record or to a part of one."""


@given(st.data())
def test_what_a_later_version_added_to_a_part_is_kept_when_something_else_changes(data: st.DataObject) -> None:
    """A rolling upgrade: an older program rewrites what a newer one wrote."""
    record = data.draw(st.sampled_from([one for one in FULL if _parts(type(one))]))
    document = json.loads(encode(record))
    for name in _parts(type(record)):
        for part in document[name] if isinstance(document[name], list) else [document[name]]:
            part.update(data.draw(MORE))
    found = read(type(record), json.dumps(document).encode())
    assert json.loads(encode(found)) == document
    changed = replace(found, extra={"colour": 1})
    assert json.loads(encode(changed)) == document | {"colour": 1}


def test_what_a_later_version_added_to_a_part_stays_while_the_part_does() -> None:
    claim, move = {"boot_id": "b", "run_id": "r", "cpu": 3}, {"id": "m", "source": "hv1", "target": "hv2", "speed": 9}
    found = read(Placement, json.dumps({"node": "hv1", "claim": claim, "migration": move}).encode())
    assert isinstance(found, Placement)
    assert found.migration is not None
    after = replace(found, claim=Claim(boot_id="c", run_id="s"), migration=replace(found.migration, by="anna"))
    written = json.loads(encode(after))
    assert written["claim"] == {"boot_id": "c", "run_id": "s"}
    assert (written["migration"]["speed"], written["migration"]["by"]) == (9, "anna")


def test_a_document_can_not_say_what_its_unknown_fields_are() -> None:
    found = read(Placement, b'{"claim":{"boot_id":"b","run_id":"r","\\u007f":{"run_id":"forged"}}}')
    assert isinstance(found, Placement)
    assert found.claim is not None
    assert found.claim.run_id == "r"
    assert json.loads(encode(found))["claim"]["run_id"] == "r"


def test_what_became_empty_again_is_left_out_again() -> None:
    assert "name" not in json.loads(encode(replace(Definition(extra={"name": "old"}), name="")))


@pytest.mark.parametrize("hostile", ['"version":99', '"zxid":99', '"extra":{"a":1}', '"version":"x"', '"key":"e-9"'])
def test_a_document_can_not_pretend_to_another_version(hostile: str) -> None:
    data = f'{{"who":"eve",{hostile}}}'.encode()
    found = cast("JournalEntry", read(JournalEntry, data, key="e-0000000001"))
    assert (found.version, found.zxid, found.key, found.who) == (3, 7, "e-0000000001", "eve")
    assert dict(found.extra) == {}


@pytest.mark.parametrize(
    "dirty",
    [
        "\\u001b[2Jx",
        "\\u009b2Jx",
        "\\u202ex",
        "x\\u2066",
        "\u202ex",
        "\x7fx",
        "\u200fx",
        "\u061cx",
        "\\u0000x",
        "\x9bx",
    ],
)
def test_control_and_direction_characters_never_come_in(dirty: str) -> None:
    data = f'{{"name":"{dirty}","tags":["{dirty}"],"more":{{"{dirty}":"{dirty}"}}}}'.encode()
    found = cast("Definition", read(Definition, data))
    assert cast("Definition", read(Definition, f'{{"name":"{dirty}"}}'.encode())).name == found.name
    for text in (found.name, found.tags[0], *found.extra["more"], *found.extra["more"].values()):
        assert text in {"x", "[2Jx", "2Jx"}


def test_a_line_break_becomes_a_blank() -> None:
    assert cast("Definition", read(Definition, b'{"description":"a\\nb\\tc"}')).description == "a b c"


def test_a_backslash_that_hides_nothing_stays() -> None:
    assert cast("Definition", read(Definition, b'{"description":"a\\\\b"}')).description == "a\\b"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"name":}',
        b'{"name":5}',
        b'{"name":null}',
        b'{"tags":"a"}',
        b'{"memory_mb":1.5}',
        b'{"memory_mb":1e400}',
        b'{"node_selector":"best"}',
        b'{"autorestart":"yes"}',
        b'{"name":"\\ud800"}',
        b'{"name":"\xff"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"name":"x","more":1,"memory_mb":"many"}',
        b" " * (MAX_DOCUMENT_BYTES + 1),
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_can_not_be_read_is_a_value_that_says_why(data: bytes) -> None:
    reason = unreadable(Definition, data)
    assert reason
    assert reason.isprintable()


def test_the_reason_names_the_field() -> None:
    assert "memory_mb" in unreadable(Definition, b'{"memory_mb":"many"}')


def test_too_large_a_record_is_not_written() -> None:
    with pytest.raises(Invalid):
        encode(Definition(description="x" * MAX_DOCUMENT_BYTES))


def test_xml_is_text_as_it_is_without_what_no_xml_may_hold() -> None:
    found = read(Xml, "<domain>\n\t<name>ä\x00\x1b</name>\n</domain>".encode())
    assert cast("Xml", found).text == "<domain>\n\t<name>ä</name>\n</domain>"
    assert encode(Xml(text="<a>\n</a>")) == b"<a>\n</a>"
    assert unreadable(Xml, b"\xff")


def test_a_stand_in_makes_nobody_act_and_matches_no_stored_version() -> None:
    assert cast("Fence", stand_in(Fence, "why")).phase is FencePhase.FAILED
    assert cast("Maintenance", stand_in(Maintenance, "why")).on
    assert cast("Readiness", stand_in(Readiness, "why")).wanted.value == "flushed"
    for record_type in set(RECORD_TYPES.values()):
        assert stand_in(record_type, "why").version == UNREADABLE
    assert UNREADABLE not in {NEW, *range(10)}
