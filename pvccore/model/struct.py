"""What every value of the project is built on: immutable, compared by what it says, made by naming its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import field
from msgspec.structs import asdict, fields

if TYPE_CHECKING:
    from dataclasses import replace  # noqa: TID251 - of the two, only this one's arguments are checked
else:
    from msgspec.structs import replace

__all__ = ["Struct", "asdict", "field", "fields", "replace"]


class Struct(msgspec.Struct, frozen=True):
    """A value; a subclass says `frozen=True, kw_only=True` again, for type checkers don't hand that down.

    A frozen data class with slots says the same, but costs fifty times as much when its module is loaded and ten
    times as much whenever one is made or replaced: docs/decisions/0011.
    """

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Any]]
