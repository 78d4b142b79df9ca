import csv
import io
import json

import pytest

from pvctui.rows.export import ExportFormat, exported, heading_of
from pvctui.rows.vm_rows import VM_COLUMNS, rows_of_vms
from pvctui.widgets.rows import Column, Measure, Row
from tests.pvctui.canned import cluster_of, node, view_of, vm

COLUMNS = (
    Column(key="name", title="NAME", width=8),
    Column(key="trend", title="", width=5),
    Column(key="memory", title="MEMORY", width=8, measure=Measure.MEBIBYTES),
)


def row(name: str, memory: int | None = 4096) -> Row:
    return Row(key=name, cells=(name, "▁▂", "4 G"), values=(name, None, memory))


def test_a_csv_has_headings_with_units_and_leaves_out_pictures() -> None:
    assert exported(COLUMNS, [row("web1"), row("db", None)], ExportFormat.CSV) == "name,memory_mb\nweb1,4096\ndb,\n"


def test_a_json_keeps_numbers_and_says_null_for_what_is_not_known() -> None:
    told = json.loads(exported(COLUMNS, [row("wéb1"), row("db", None)], ExportFormat.JSON))
    assert told == [{"name": "wéb1", "memory_mb": 4096}, {"name": "db", "memory_mb": None}]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_name_becomes_a_formula_of_a_spreadsheet(name: str) -> None:
    text = exported(COLUMNS, [row(name, -5)], ExportFormat.CSV)
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [f"'{name}", "-5"]


def test_commas_quotes_and_lines_in_a_name_stay_in_their_cell() -> None:
    text = exported(COLUMNS, [row('a,"b"\nc')], ExportFormat.CSV)
    assert list(csv.reader(io.StringIO(text)))[1][0] == 'a,"b"\nc'


def test_the_rows_keep_the_order_they_are_given_in() -> None:
    text = exported(COLUMNS, [row("b"), row("a")], ExportFormat.CSV)
    assert [line.split(",")[0] for line in text.splitlines()] == ["name", "b", "a"]


def test_a_hidden_field_is_written_where_what_sorts_does_not_read_well() -> None:
    one = Row(key="e", cells=("02:14",), values=("e-1",), fields={"name": "2026-01-01T02:14:00"})
    assert "2026-01-01T02:14:00" in exported(COLUMNS[:1], [one], ExportFormat.CSV)


def test_a_unit_is_named_once() -> None:
    assert heading_of(Column(key="size_bytes", title="SIZE", width=5, measure=Measure.BYTES)) == "size_bytes"


def test_vms_are_written_with_what_is_known_of_them() -> None:
    view = view_of(cluster_of([node("hv1")], [vm(1, "web1", "hv1", node_limit=("hv1",))]))
    (told,) = json.loads(exported(VM_COLUMNS, rows_of_vms(view), ExportFormat.JSON))
    assert (told["name"], told["status"], told["memory_mb"], told["limit"]) == ("web1", "running", 4096, "hv1")
