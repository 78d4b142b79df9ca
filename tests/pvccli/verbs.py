"""The verbs of `pvc`, as its own tree of commands has them."""

from __future__ import annotations

from collections.abc import Iterator

import click


def contexts_of(program: click.Command, *, width: int | None = None) -> Iterator[click.Context]:
    """Every command and group, `pvc` itself first."""
    yield from _below(click.Context(program, info_name="pvc", terminal_width=width))


def verbs_of(program: click.Command) -> Iterator[tuple[str, click.Command]]:
    """What is typed after `pvc`, and its command; `storage ceph …`, which is the same as `storage …`, once."""
    for context in contexts_of(program):
        verb = context.command_path.removeprefix("pvc ")
        if not isinstance(context.command, click.Group) and not verb.startswith("storage ceph "):
            yield verb, context.command


def _below(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            inner = context.command.get_command(context, name)
            assert inner is not None
            yield from _below(click.Context(inner, info_name=name, parent=context))
