"""A list as a file: the rows that are shown, in their order, as CSV or as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from enum import StrEnum

from pvctui.widgets.rows import Column, Measure, Row, Value

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula: a guest's name must not become one."""
UNITS = {Measure.MEBIBYTES: "_mb", Measure.BYTES: "_bytes", Measure.SECONDS: "_s"}


class ExportFormat(StrEnum):
    """How a list is written."""

    CSV = "csv"
    JSON = "json"


def exported(columns: Sequence[Column], rows: Iterable[Row], how: ExportFormat) -> str:
    """The text of the file: a heading and a line per row, or a list of objects; numbers are in the named unit.

    A hidden field of a column's name is written in its place: what sorts well is not always what reads well.
    """
    kept = [(place, column) for place, column in enumerate(columns) if column.title]
    headings = [heading_of(column) for _, column in kept]
    lines = [[row.fields.get(column.key, row.value(place)) for place, column in kept] for row in rows]
    if how is ExportFormat.JSON:
        objects = [dict(zip(headings, line, strict=True)) for line in lines]
        return json.dumps(objects, ensure_ascii=False, indent=2) + "\n"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_safe(value) for value in line] for line in lines)
    return text.getvalue()


def heading_of(column: Column) -> str:
    """A column's name in a file: with the unit of its figures last."""
    unit = UNITS.get(column.measure, "")
    return column.key if column.key.endswith(unit) else column.key + unit


def _safe(value: Value) -> Value:
    """Words that no spreadsheet takes for a formula; numbers are only numbers."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
