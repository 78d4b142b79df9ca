"""The parts of docs/CLI.md, API.md and CONSOLE.md that are made of the code: `make docs` writes them anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import click

from pvcapi.app import build_app
from pvcapi.link import Source
from pvccli.main import pvc
from pvccore.operations.tokens import TokenFile
from pvctui.commands import COMMANDS, Command, shown_key
from pvctui.widgets.table_bindings import TABLE_BINDINGS

DOCS = Path(__file__).parent
BEGIN, END = "<!-- made by `make docs`: begin -->\n", "<!-- made by `make docs`: end -->\n"


def with_reference(text: str, reference: str) -> str:
    """A document with its made part replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{reference}\n{END}{after}"


def cli_reference() -> str:
    """Every verb with its options, in the order of the help."""
    return "\n".join(_verbs(("pvc",), click.Context(pvc, info_name="pvc")))


def _verbs(names: tuple[str, ...], context: click.Context) -> Iterator[str]:
    command = context.command
    if isinstance(command, click.Group):
        if names[1:] == ("storage", "ceph"):
            return
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _verbs((*names, name), click.Context(inner, info_name=name, parent=context))
        if not command.invoke_without_command:
            return
    usage = " ".join([*names, *(one for one in command.collect_usage_pieces(context) if one != "[OPTIONS]")])
    yield f"**`{usage}`**  "
    yield " ".join((command.help or "").replace("\f", "").split())
    yield ""
    given = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    options = [found for one in given if (found := one.get_help_record(context)) is not None]
    everywhere = ("--help", "--format")
    listed = [
        f"- `{name}`: {' '.join(words.split())}"
        for name, words in options
        if not any(one in name for one in everywhere)
    ]
    yield from [*listed, ""] if listed else []


def api_reference() -> str:
    """Every path and method with what it does, its parameters and who may."""
    app = build_app(cast("Source", _NoSource()), TokenFile(Path("/nonexistent")), host="docs")
    paths: dict[str, dict[str, Any]] = app.openapi_schema.to_schema()["paths"]
    lines = ["| path | method | does | query |", "|---|---|---|---|"]
    for path, item in sorted(paths.items()):
        for method, operation in item.items():
            if isinstance(operation, dict):
                lines.append(_row(path, method, operation))
    return "\n".join([*lines, ""])


def _row(path: str, method: str, operation: dict[str, Any]) -> str:
    query = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    words = str(operation.get("description", "")).partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return f"| `{path}` | {method.upper()} | {words} | {', '.join(f'`{name}`' for name in query)} |"


class _NoSource:
    """Nothing is asked of it: only the document is wanted."""


def console_reference() -> str:
    """Every key of the console with its id, where it works and what it does: commands, then keys of a list."""
    lines = ["| key | id | where | does |", "|---|---|---|---|"]
    lines += [_key_row(one.keys, one.id, _where(one), one.description) for one in COMMANDS]
    lines += [_key_row(one.keys, one.id, "in a list", one.description) for one in TABLE_BINDINGS]
    return "\n".join([*lines, ""])


def _where(command: Command) -> str:
    return "demo" if command.demo else ", ".join(sorted(command.places)) or "anywhere"


def _key_row(keys: str, name: str, where: str, words: str) -> str:
    shown = " ".join(f"`{shown_key(key)}`" for key in keys.split(","))
    return f"| {shown} | `{name}` | {where} | {words} |"


def main() -> None:
    """Write them all."""
    for name, reference in made().items():
        path = DOCS / name
        path.write_text(with_reference(path.read_text(), reference))


def made() -> dict[str, str]:
    """Document → its made part."""
    return {"CLI.md": cli_reference(), "API.md": api_reference(), "CONSOLE.md": console_reference()}


if __name__ == "__main__":
    main()
