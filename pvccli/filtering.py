"""Choosing records of a list by what a person typed: field=value, or a regular expression on the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pvccore.model.errors import Invalid

MAX_EXPRESSION = 200


def chosen(records: Iterable[dict[str, Any]], filters: Sequence[str], name: str = "name") -> list[dict[str, Any]]:
    """The records that meet every filter; raises `Invalid` for an unknown field or a bad expression.

    name: the field that an expression is looked for in.
    """
    found = every = list(records)
    for one in filters:
        field, equals, value = one.partition("=")
        if equals and every and field not in every[0]:
            raise Invalid("filter", field, "is not a field; known are " + ", ".join(every[0]))
        found = [each for each in found if _is(each[field], value)] if equals else _by_expression(found, name, one)
    return found


def _is(found: object, value: str) -> bool:
    if isinstance(found, list):
        return value in found or (not value and not found)
    if isinstance(found, bool):
        return value in (("true", "yes") if found else ("false", "no"))
    return ("" if found is None else str(found)) == value


def _by_expression(records: list[dict[str, Any]], name: str, expression: str) -> list[dict[str, Any]]:
    if len(expression) > MAX_EXPRESSION:
        raise Invalid("filter", expression[:20] + "…", f"must be at most {MAX_EXPRESSION} characters")
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise Invalid("filter", expression, f"is not a regular expression: {error}") from None
    return [record for record in records if pattern.search(str(record[name]))]
