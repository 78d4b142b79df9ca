"""Where in a scenario file something stands, so that a mistake in it can be shown; TOML readers don't tell."""

from __future__ import annotations

import re

from pvccore.model.struct import Struct

HEADER = re.compile(r"^\s*\[{1,2}\s*([A-Za-z0-9_.-]+)\s*\]{1,2}")
KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
TOML_LINE = re.compile(r"at line (\d+)")


class BadScenario(Exception):
    """A scenario file that says something impossible; names the line and the field."""

    def __init__(self, line: int, field: str, reason: str) -> None:
        """`reason` completes the sentence "line LINE: FIELD: …"."""
        super().__init__(f"line {line}: {field}: {reason}" if field else f"line {line}: {reason}")
        self.line = line
        self.field = field
        self.reason = reason


class Spot(Struct, frozen=True):
    """One table of the file: `[name]`, or the index-th `[[name]]`; name "" is the top of the file."""

    name: str = ""
    index: int = 0


class PlacesInFile:
    """The line of every table and of every key in it."""

    def __init__(self, text: str) -> None:
        self._tables: dict[Spot, int] = {Spot(): 1}
        self._keys: dict[tuple[Spot, str], int] = {}
        counts: dict[str, int] = {}
        spot = Spot()
        for number, line in enumerate(text.splitlines(), 1):
            if header := HEADER.match(line):
                name = header[1]
                spot = Spot(name, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
                self._tables[spot] = number
            elif key := KEY.match(line):
                self._keys.setdefault((spot, key[1]), number)

    def line(self, spot: Spot, key: str = "") -> int:
        """The line of a key, or of its table where the key stands nowhere."""
        return self._keys.get((spot, key)) or self._tables.get(spot, 1)

    def bad(self, spot: Spot, key: str, reason: str) -> BadScenario:
        """The error to raise about a key of a table."""
        return BadScenario(self.line(spot, key), key, reason)


def bad_toml(error: ValueError) -> BadScenario:
    """What a TOML reader's error says, with its line."""
    found = TOML_LINE.search(str(error))
    return BadScenario(int(found[1]) if found else 1, "", f"is not TOML: {error}")
