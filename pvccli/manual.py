"""Manual pages of `pvc`, made of the commands themselves: `python -m pvccli.manual /usr/local/share/man/man1`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pvccli.main import pvc

USAGE = 2


def pages() -> dict[str, str]:
    """File name → page, of `pvc` and of each of its verbs."""
    root = click.Context(pvc, info_name="pvc")
    return {f"{'-'.join(names)}.1": "\n".join(_page(names, context)) + "\n" for names, context in _walk(("pvc",), root)}


def main() -> None:
    """Write the pages into the folder that was named."""
    if len(sys.argv) != USAGE:
        sys.stderr.write("usage: python -m pvccli.manual DIRECTORY\n")
        sys.exit(USAGE)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text)


def _walk(names: tuple[str, ...], context: click.Context) -> Iterator[tuple[tuple[str, ...], click.Context]]:
    yield names, context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _walk((*names, name), click.Context(inner, info_name=name, parent=context))


def _page(names: tuple[str, ...], context: click.Context) -> Iterator[str]:
    command = context.command
    words = (command.help or "").replace("\f", "")
    yield f'.TH "{"-".join(names).upper()}" 1'
    yield ".SH NAME"
    yield f"{_roff('-'.join(names))} \\- {_roff(words.partition(chr(10))[0].rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield _roff(" ".join([*names, *command.collect_usage_pieces(context)]))
    yield ".SH DESCRIPTION"
    for paragraph in words.split("\n\n"):
        yield ".PP"
        yield _roff(" ".join(paragraph.split()))
    options = [record for one in command.get_params(context) if (record := one.get_help_record(context)) is not None]
    yield from _list("OPTIONS", options)
    if isinstance(command, click.Group):
        inner = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
        yield from _list("COMMANDS", [(name, one.get_short_help_str(200)) for name, one in inner if one is not None])


def _list(title: str, entries: list[tuple[str, str]]) -> Iterator[str]:
    if entries:
        yield f".SH {title}"
    for name, words in entries:
        yield ".TP"
        yield f"\\fB{_roff(name)}\\fR"
        yield _roff(words)


def _roff(text: str) -> str:
    """Text as roff prints it: its own characters quoted, no line taken for a request."""
    quoted = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{quoted}" if quoted.startswith((".", "'")) else quoted


if __name__ == "__main__":
    main()
