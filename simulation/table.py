"""One table of a scenario file: its values by type, each mistake with its line and field; nothing is left unread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from types import TracebackType
from typing import Any, Self, TypeVar

from pvccore.model.errors import Invalid
from pvccore.model.metadata import check_name
from simulation.places_in_file import BadScenario, PlacesInFile, Spot

T = TypeVar("T")
LONGEST_S = 1e6


class Table:
    """A table being read. As a context it complains, at the end, of every field that nobody asked for."""

    def __init__(self, values: Mapping[str, Any], places: PlacesInFile, spot: Spot) -> None:
        self.places = places
        self._values = values
        self._spot = spot
        self._asked: set[str] = set()
        self._optional: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.finish()

    @property
    def names(self) -> list[str]:
        """The fields that are there, as written."""
        return list(self._values)

    def bad(self, key: str, reason: str) -> BadScenario:
        """The error to raise about a field."""
        return self.places.bad(self._spot, key, reason)

    def known(self, names: Sequence[str]) -> None:
        """Fields that might stand here, for the complaint about one that may not."""
        self._optional.update(names)

    def only(self, names: Sequence[str]) -> None:
        """Complain now of the first field that can't be one here, before others are missed for want of it."""
        self.known(names)
        self._complain(self._optional)

    def finish(self) -> None:
        """Complain of the first field that nobody asked for."""
        self._complain(self._asked)

    def _complain(self, may_stand: Collection[str]) -> None:
        for name in self._values:
            if name not in may_stand:
                kind = "table" if isinstance(self._values[name], dict | list) and not self._spot.name else "field"
                known = ", ".join(sorted(self._asked | self._optional))
                line = self.places.line(Spot(name)) if kind == "table" else self.places.line(self._spot, name)
                raise BadScenario(line, name, f"is no {kind} here; known are {known}")

    # Tables below

    def table(self, name: str) -> Table:
        """The `[name]` table; empty where there is none."""
        values = self._take(name, {})
        if not isinstance(values, dict):
            raise self.bad(name, f"must be one table, [{name}]")
        return Table(values, self.places, Spot(name))

    def tables(self, name: str) -> list[Table]:
        """The `[[name]]` tables in their order."""
        values = self._take(name, [])
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            raise BadScenario(self.places.line(Spot(name)), name, f"must be tables, [[{name}]]")
        return [Table(one, self.places, Spot(name, index)) for index, one in enumerate(values)]

    # Values

    def checked(self, key: str, check: Callable[[Any], T]) -> T:
        """What `check` makes of the value (None where there is none); its `Invalid` is the file's fault."""
        try:
            return check(self._take(key, None))
        except Invalid as invalid:
            raise self.bad(key, str(invalid)) from None

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._missing_or(key, value, "must be a text")
        return value

    def name(self, key: str) -> str:
        """A text that may name a node or a VM."""
        text = self.text(key)
        return self.checked(key, lambda _: check_name(key, text))

    def named(self, name: str, key: str, known: Sequence[str]) -> str:
        """The name of something that the file knows."""
        if name not in known:
            raise self.bad(key, f"{name!r} is no node of this file")
        return name

    def words(self, key: str, default: Sequence[str]) -> list[str]:
        """A list of texts."""
        value = self._take(key, list(default))
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.bad(key, "must be a list of texts")
        return value

    def truth(self, key: str, *, default: bool) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.bad(key, "must be true or false")
        return value

    def whole(self, key: str, least: int) -> int:
        value = self._take(key, None)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._missing_or(key, value, f"must be a whole number, at least {least}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._take(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
            raise self._missing_or(key, value, "must be a number")
        return float(value)

    def share(self, key: str, default: float, most: float) -> float:
        """A number that can't be below zero."""
        number = self.number(key, default)
        if not 0 <= number <= most:
            raise self.bad(key, f"must lie between 0 and {most:g}")
        return number

    def moment(self, key: str) -> float:
        """Virtual seconds since the start."""
        seconds = self.number(key)
        if not 0 <= seconds <= LONGEST_S:
            raise self.bad(key, f"must lie between 0 and {LONGEST_S:.0f} s")
        return seconds

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        value = self._take(key, str(default))
        if not isinstance(value, str) or value not in list(allowed):
            raise self.bad(key, f"{value!r} must be one of " + ", ".join(allowed))
        return value

    def anything(self, key: str) -> Any:  # noqa: ANN401 - any TOML value
        """Whatever stands there."""
        return self._take(key, None)

    def _take(self, key: str, default: object) -> Any:  # noqa: ANN401 - any TOML value
        self._asked.add(key)
        return self._values.get(key, default)

    def _missing_or(self, key: str, value: object, reason: str) -> BadScenario:
        if value is not None:
            return self.bad(key, reason)
        meant = get_close_matches(key, [name for name in self._values if name not in self._asked], 1)
        return self.bad(meant[0], f"is no field here; {key} is missing") if meant else self.bad(key, "is missing")
