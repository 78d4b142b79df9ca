"""How a person wants the console to look: `~/.config/pvc/tui.toml`; which clusters there are stands elsewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeVar

from pvccore.model.errors import Invalid
from pvccore.model.struct import Struct
from pvctui.keys import KeyTable, key_of
from pvctui.look import Looks

PLACEHOLDERS = frozenset({"vm", "uuid", "node"})
_Value = TypeVar("_Value")


class Choices(Struct, frozen=True, kw_only=True):
    """What there is to choose from: names of themes, and of every list the keys of its columns."""

    themes: Sequence[str]
    columns: Mapping[str, Sequence[str]]


def read_looks(path: Path, choices: Choices) -> Looks:
    """The looks in a file. Raises `Invalid` naming file, line, key and value."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise Invalid("looks", str(path), str(error)) from None
    return _Reader(path=path, text=text, choices=choices).looks(document)


class _Reader(Struct, frozen=True, kw_only=True):
    """One file, with its text, so that a mistake can be pointed at."""

    path: Path
    text: str
    choices: Choices

    def looks(self, document: Mapping[str, object]) -> Looks:
        """The whole file."""
        readers: dict[str, Callable[[object], object]] = {
            "theme": self._theme,
            "read_only": lambda value: self._of_type("read_only", value, bool, "true or false"),
            "keys": self._keys,
            "columns": self._columns,
            "console_command": lambda value: self._command("console_command", value),
            "ssh_command": lambda value: self._command("ssh_command", value),
        }
        for key, value in document.items():
            self._one_of("", key, key, value, tuple(readers))
        return Looks(**{key: readers[key](value) for key, value in document.items()})  # type: ignore[arg-type] # each reader returns its field's type

    def _theme(self, value: object) -> str:
        name = self._of_type("theme", value, str, "a name in quotes")
        self._one_of("", "theme", name, value, self.choices.themes)
        return name

    def _keys(self, value: object) -> KeyTable:
        table = KeyTable()
        given = self._table("keys", value)
        for key, wanted in given.items():
            self._one_of("keys", key, key, wanted, table.ids())
        bound = {name: self._keys_of(name, wanted) for name, wanted in given.items()}
        try:
            return table.rebound(bound)
        except Invalid as wrong:
            guilty = next((name for name in bound if name in wrong.reason), "")
            self._fail("keys", guilty, given.get(guilty), f"{wrong.value} {wrong.reason}")

    def _keys_of(self, name: str, wanted: object) -> str:
        texts = [wanted] if isinstance(wanted, str) else self._strings("keys", name, wanted)
        keys = [key_of(text) for text in texts]
        if not all(keys) or not keys:
            self._fail("keys", name, wanted, "is no key: write it as on the screen (`?`, `F5`, `Ctrl-F`, `Shift-Tab`)")
        return ",".join(keys)

    def _columns(self, value: object) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, wanted in self._table("columns", value).items():
            self._one_of("columns", name, name, wanted, tuple(self.choices.columns))
            for column in self._strings("columns", name, wanted):
                self._one_of("columns", name, column, wanted, self.choices.columns[name])
            found[name] = tuple(self._strings("columns", name, wanted))
        return found

    def _command(self, key: str, value: object) -> tuple[str, ...]:
        words = self._strings("", key, value)
        for name in re.findall(r"{([^}]*)}", " ".join(words)):
            self._one_of("", key, name, value, sorted(PLACEHOLDERS))
        return tuple(words)

    def _table(self, key: str, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict):
            self._fail("", key, value, f"is not a table; write it as [{key}]")
        return value

    def _strings(self, section: str, key: str, value: object) -> list[str]:
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            self._fail(section, key, value, 'is not a list of words, like ["a", "b"]')
        return value

    def _of_type(self, key: str, value: object, wanted: type[_Value], words: str) -> _Value:
        if not isinstance(value, wanted):
            self._fail("", key, value, f"is not {words}")
        return value

    def _one_of(self, section: str, key: str, name: str, value: object, known: Sequence[str]) -> None:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            self._fail(section, key, value, f"{name!r} is not known; {hint}")

    def _fail(self, section: str, key: str, value: object, why: str) -> NoReturn:
        line = self._line_of(section, key)
        where = f"{self.path}, line {line}" if line else str(self.path)
        raise Invalid("looks", where, f"{key} = {_toml(value)}: {why}")

    def _line_of(self, section: str, key: str) -> int:
        """Where a key stands; 0 if it is written in a way that can't be told from its text."""
        now = ""
        wanted = re.compile(rf"""\s*(?:{re.escape(section)}\s*\.\s*)?["']?{re.escape(key)}["']?\s*=""")
        for number, line in enumerate(self.text.splitlines(), start=1):
            if heading := re.match(r"""\s*\[\s*["']?([^]"']+?)["']?\s*\]""", line):
                now = heading[1]
                if not section and now == key:
                    return number
            elif now in (section, "") and wanted.match(line):
                return number
        return 0


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{…}"
    return str(value).lower() if isinstance(value, bool) else repr(value)
