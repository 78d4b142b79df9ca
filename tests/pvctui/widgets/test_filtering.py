from __future__ import annotations

import pytest

from pvctui.widgets.filtering import Filter, all_text, parse_filter
from pvctui.widgets.live_rows import column_fields, hidden_field
from pvctui.widgets.rows import Column, Measure, Row

COLUMNS = (
    Column(key="name", title="NAME", width=10),
    Column(key="status", title="STATUS", width=10),
    Column(key="cpu", title="CPU", width=6),
    Column(key="memory", title="MEMORY", width=8, measure=Measure.MEBIBYTES),
    Column(key="age", title="AGE", width=5, measure=Measure.SECONDS),
)
FIELDS = {**column_fields(COLUMNS), "tag": hidden_field("tag")}


def row(name: str, status: str, cpu: float | None, memory: int, age: int, tag: str = "") -> Row:
    cells = (name, (status, "ok"), f"{cpu} %", f"{memory} M", f"{age} s")
    return Row(key=name, cells=cells, values=(name, status, cpu, memory, age), fields={"tag": tag})


ROWS = (
    row("web1", "running", 90, 4096, 30, "prod"),
    row("web2", "parked", 10, 8192, 400, "prod"),
    row("DB1", "running", None, 512, 90000, "test"),
    row("build", "failed", 80, 2048, 7, "two words"),
)


def passing(text: str) -> list[str]:
    found = parse_filter(text, FIELDS)
    assert found.error is None, found.error
    predicate = found.predicate
    if predicate is None:
        return [one.key for one in ROWS]
    return [one.key for one in ROWS if predicate(one, all_text(one))]


@pytest.mark.parametrize(
    "text, names",
    [
        ("", ["web1", "web2", "DB1", "build"]),
        ("   ", ["web1", "web2", "DB1", "build"]),
        ("web", ["web1", "web2"]),
        ("web running", ["web1"]),
        ("WEB", ["web1", "web2"]),
        ("db", ["DB1"]),
        ("web1|db", ["web1", "DB1"]),
        ("!web", ["DB1", "build"]),
        ("!web|db", ["build"]),
        ("prod", ["web1", "web2"]),
        ("tag:prod", ["web1", "web2"]),
        ("tag:test", ["DB1"]),
        ("status:parked", ["web2"]),
        ("status:parked|failed", ["web2", "build"]),
        ("name:db|status:failed", ["DB1", "build"]),
        ("!status:running", ["web2", "build"]),
        ("Status:RUN", ["web1", "DB1"]),
        ("name=web1", ["web1"]),
        ("name=web", []),
        ("cpu=80", ["build"]),
        ("cpu>80", ["web1"]),
        ("cpu>=80%", ["web1", "build"]),
        ("cpu<80", ["web2"]),
        ("cpu<=80", ["web2", "build"]),
        ("!cpu>80", ["web2", "DB1", "build"]),
        ("memory>=4G", ["web1", "web2"]),
        ("memory=0.5GiB", ["DB1"]),
        ("memory>4095 memory<8192", ["web1"]),
        ("age<1m", ["web1", "build"]),
        ("age>1d", ["DB1"]),
        ("~^web[0-9]$", ["web1", "web2"]),
        ("~web1|build", ["web1", "build"]),
        ("!~^(web|db)", ["build"]),
        ("name:~^d", ["DB1"]),
        ('"two words"', ["build"]),
        ('tag="two words"', ["build"]),
        ("12:30", []),
        ("!", []),
        ("|", []),
        ("name:", ["web1", "web2", "DB1", "build"]),
    ],
)
def test_a_filter_lets_through_what_it_says(text: str, names: list[str]) -> None:
    assert passing(text) == names


@pytest.mark.parametrize(
    "text, error",
    [
        ("colour:red", "colour 'colour': no such field; there are name, status, cpu, memory, age, tag"),
        ("cpu>lots", "cpu 'lots': not a number"),
        ("cpu>4G", "cpu '4G': not a number"),
        ("memory>4x", "memory '4x': not a number (units: k, m, g, t)"),
        ("~(web", "~ '(web': missing ), unterminated subpattern at position 0"),
        ("~(a+)+b", "~ '(a+)+b': repeats a repetition"),
        ("web !~[", "~ '[': unterminated character set at position 0"),
        ("x" * 501, "longer than 500 characters"),
    ],
)
def test_what_is_not_understood_is_said_in_words(text: str, error: str) -> None:
    assert parse_filter(text, FIELDS) == Filter(text=text, error=error)


def test_what_is_not_known_is_neither_more_nor_less() -> None:
    assert "DB1" not in passing("cpu>0")
    assert "DB1" not in passing("cpu<=0")
