"""The filter language of every list: what a person types after `/`, as a predicate on rows.

    web prod          both words            status:parked     a field has this in it
    web|db            either                memory>4G  vms=3  a field compared (> >= < <= =)
    !test             not this              ~^db[0-9]$        a regular expression
    status:parked|failed   either in one field      "two words"   as they stand

Case does not matter. What cannot be understood gives an error in words and no predicate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import TypeAlias

from pvccore.model.errors import Invalid
from pvccore.model.struct import Struct
from pvctui.widgets.rows import Measure, Row, Value

Predicate: TypeAlias = Callable[[Row, str], bool]
"""Whether a row is shown, given the row and all its text in lower case."""

LONGEST_FILTER = 500
WORDS = re.compile(r'(?:"[^"]*"?|[^\s"])+')
FIELD = re.compile(r"([a-z_][a-z0-9_-]*)(>=|<=|:|>|<|=)(.*)", re.IGNORECASE | re.DOTALL)
NUMBER = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([a-z%]*)", re.IGNORECASE)
# A pattern like (a+)+ takes time without end; what could repeat a repetition is refused.
NESTED_REPETITION = re.compile(r"[*+}]\)+[*+{]")

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
UNITS: Mapping[Measure, Mapping[str, float]] = {
    Measure.PLAIN: {},
    Measure.MEBIBYTES: {"k": 2**-10, "m": 1, "g": 2**10, "t": 2**20},
    Measure.BYTES: {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40},
    Measure.SECONDS: {"s": 1, "m": 60, "h": 3600, "d": 86400},
}


class Field(Struct, frozen=True, kw_only=True):
    """How a field that can be filtered by is read from a row."""

    value: Callable[[Row], Value]
    text: Callable[[Row], str]
    measure: Measure = Measure.PLAIN


class Filter(Struct, frozen=True, kw_only=True):
    """A filter as typed: its predicate, or the error that says what is wrong with it."""

    text: str
    predicate: Predicate | None = None
    error: str | None = None


def parse_filter(text: str, fields: Mapping[str, Field]) -> Filter:
    """The filter that a typed text means; an empty text shows every row."""
    if len(text) > LONGEST_FILTER:
        return Filter(text=text, error=f"longer than {LONGEST_FILTER} characters")
    try:
        terms = [_term(token, fields) for token in WORDS.findall(text)]
    except Invalid as wrong:
        return Filter(text=text, error=str(wrong))
    return Filter(text=text, predicate=_all_of(terms) if terms else None)


def all_text(row: Row) -> str:
    """Everything in a row that a word may be found in, in lower case."""
    texts = [cell if isinstance(cell, str) else cell[0] for cell in row.cells]
    if row.fields:
        texts += [str(value) for value in row.fields.values() if value is not None]
    return "\n".join(texts).casefold()


def _all_of(terms: list[Predicate]) -> Predicate:
    if len(terms) == 1:
        return terms[0]
    return lambda row, text: all(term(row, text) for term in terms)


def _any_of(terms: list[Predicate]) -> Predicate:
    if len(terms) == 1:
        return terms[0]
    return lambda row, text: any(term(row, text) for term in terms)


def _term(token: str, fields: Mapping[str, Field]) -> Predicate:
    if token.startswith("!") and len(token) > 1:
        inner = _term(token[1:], fields)
        return lambda row, text: not inner(row, text)
    if token.startswith("~"):
        return _regex(token[1:])
    found = FIELD.fullmatch(token)
    if found and found[3].startswith("~"):
        return _field_regex(found[1], found[3][1:], fields)
    return _alternatives(token, fields)


def _alternatives(token: str, fields: Mapping[str, Field]) -> Predicate:
    """Either of `a|b`; an alternative without a field is one more value of the field before."""
    terms: list[Predicate] = []
    prefix = ""
    for part in re.findall(r'(?:"[^"]*"?|[^|"])+', token):
        found = FIELD.fullmatch(part)
        if found:
            prefix = found[1] + found[2]
        terms.append(_simple(part if found else prefix + part, fields))
    return _any_of(terms) if terms else _word(token)


def _simple(part: str, fields: Mapping[str, Field]) -> Predicate:
    found = FIELD.fullmatch(part)
    if not found:
        return _word(_unquoted(part))
    name, operator, wanted = found[1].casefold(), found[2], _unquoted(found[3])
    field = _known(name, fields)
    if operator == ":":
        return _contains(field, wanted.casefold())
    if operator == "=":
        return _equals(field, wanted)
    return _compares(name, field, operator, wanted)


def _unquoted(text: str) -> str:
    return text.replace('"', "")


def _known(name: str, fields: Mapping[str, Field]) -> Field:
    if name not in fields:
        raise Invalid(field=name, value=name, reason="no such field; there are " + ", ".join(fields))
    return fields[name]


def _word(word: str) -> Predicate:
    wanted = word.casefold()
    return lambda _row, text: wanted in text


def _compiled(pattern: str) -> re.Pattern[str]:
    if NESTED_REPETITION.search(pattern):
        raise Invalid(field="~", value=pattern, reason="repeats a repetition")
    try:
        return re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as wrong:
        raise Invalid(field="~", value=pattern, reason=str(wrong)) from wrong


def _regex(pattern: str) -> Predicate:
    search = _compiled(pattern).search
    return lambda _row, text: search(text) is not None


def _field_regex(name: str, pattern: str, fields: Mapping[str, Field]) -> Predicate:
    read, search = _known(name.casefold(), fields).text, _compiled(pattern).search
    return lambda row, _text: search(read(row)) is not None


def _contains(field: Field, wanted: str) -> Predicate:
    read = field.text
    return lambda row, _text: wanted in read(row).casefold()


def _equals(field: Field, wanted: str) -> Predicate:
    read, read_text, folded = field.value, field.text, wanted.casefold()
    number = _number(wanted, field.measure)

    def equals(row: Row, _text: str) -> bool:
        value = read(row)
        if number is not None and isinstance(value, int | float):
            return value == number
        return folded in (read_text(row).casefold(), str(value or "").casefold())

    return equals


def _compares(name: str, field: Field, operator: str, wanted: str) -> Predicate:
    number = _number(wanted, field.measure)
    if number is None:
        raise Invalid(field=name, value=wanted, reason="not a number" + _units(field.measure))
    read, compare = field.value, COMPARISONS[operator]

    def compares(row: Row, _text: str) -> bool:
        value = read(row)
        return isinstance(value, int | float) and compare(value, number)

    return compares


def _units(measure: Measure) -> str:
    units = UNITS[measure]
    return f" (units: {', '.join(units)})" if units else ""


def _number(text: str, measure: Measure) -> float | None:
    """The number in the unit of the field's values; None when it is none."""
    found = NUMBER.fullmatch(text)
    if not found:
        return None
    unit = found[2].casefold()
    if unit in ("", "%"):
        return float(found[1])
    # 4G, 4GB and 4GiB are the same to a person at 03:00.
    factor = UNITS[measure].get(unit.removesuffix("b").removesuffix("i"))
    return None if factor is None else float(found[1]) * factor
