"""The metadata that a person sets on a VM: one small table, read by CLI, API and form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pvccore.model.errors import Invalid
from pvccore.model.selectors import Selector
from pvccore.model.struct import Struct
from pvccore.model.vm import MigrationMethod

NAME_PATTERN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
"""The strict pattern of names of VMs, nodes and tags: what reaches a path, a command or a screen."""

MAX_DESCRIPTION = 512
MAX_TAGS = 32
MAX_LIMIT = 500
MAX_DOWNTIME_MS = (10, 60000)


class MetadataField(Struct, frozen=True, kw_only=True):
    """One metadata field: its attribute of `Definition`, the type of its value in words, and help."""

    name: str
    type: str
    help: str
    choices: tuple[str, ...] = ()


METADATA: tuple[MetadataField, ...] = (
    MetadataField(name="node_limit", type="nodes", help="nodes it may run on; empty = any"),
    MetadataField(
        name="node_selector",
        type="choice",
        help="how a target is chosen",
        choices=tuple(selector.value for selector in Selector),
    ),
    MetadataField(name="autorestart", type="truth", help="start it again when a node can take it again"),
    MetadataField(
        name="migration_method",
        type="choice",
        help="how it may leave its node",
        choices=tuple(method.value for method in MigrationMethod),
    ),
    MetadataField(name="max_downtime_ms", type="number", help="longest pause of a live migration, in ms"),
    MetadataField(name="tags", type="words", help="words to find it by"),
    MetadataField(name="description", type="text", help="what it is for"),
)


def check_name(field: str, name: str) -> str:
    """`name` if it is one; raises Invalid naming `field`."""
    if not NAME_PATTERN.fullmatch(name):
        raise Invalid(field, name, "must be 1 to 64 of letters, digits and ._-, a letter or digit at each end")
    return name


def check_names(field: str, names: Iterable[str], most: int) -> tuple[str, ...]:
    """The names without repetition, in order; raises Invalid for a bad one or too many."""
    found = tuple(dict.fromkeys(check_name(field, name) for name in names))
    if len(found) > most:
        raise Invalid(field, ",".join(found), f"holds more than {most} names")
    return found


def parse_metadata(name: str, value: object) -> Any:  # noqa: ANN401 - the type is the field's own
    """The value of metadata field `name` from text or a list; "" clears; raises Invalid naming the field."""
    parse = _PARSERS.get(name)
    if parse is None:
        raise Invalid("metadata", name, "is not a field; known are " + ", ".join(field.name for field in METADATA))
    return parse(name, value)


def split_words(value: object) -> list[str]:
    """The words of a comma-separated text or of a list."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return list(value)
    raise Invalid("value", value, "must be a list of names")


def _limit(name: str, value: object) -> tuple[str, ...]:
    return check_names(name, split_words(value), MAX_LIMIT)


def _tags(name: str, value: object) -> tuple[str, ...]:
    return check_names(name, split_words(value), MAX_TAGS)


def _selector(name: str, value: object) -> Selector:
    try:
        return Selector(str(value) or Selector.DEFAULT.value)
    except ValueError:
        raise Invalid(name, value, "must be one of " + ", ".join(Selector)) from None


def _method(name: str, value: object) -> MigrationMethod:
    try:
        return MigrationMethod(str(value) or MigrationMethod.LIVE.value)
    except ValueError:
        raise Invalid(name, value, "must be one of " + ", ".join(MigrationMethod)) from None


def _truth(name: str, value: object) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False, "": True}
    try:
        return words[str(value).lower()]
    except KeyError:
        raise Invalid(name, value, "must be true or false") from None


def _downtime(name: str, value: object) -> int:
    low, high = MAX_DOWNTIME_MS
    text = str(value) or "300"
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise Invalid(name, value, f"must be a whole number from {low} to {high}")
    return int(text)


def _description(name: str, value: object) -> str:
    text = str(value)
    if len(text) > MAX_DESCRIPTION or not text.isprintable():
        raise Invalid(name, text[:20] + "…", f"must be at most {MAX_DESCRIPTION} printable characters")
    return text


_PARSERS = {
    "node_limit": _limit,
    "node_selector": _selector,
    "autorestart": _truth,
    "migration_method": _method,
    "max_downtime_ms": _downtime,
    "tags": _tags,
    "description": _description,
}
