"""`pvc`: every verb of the cluster for scripts and people; the five errors become exit codes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvccli.lazy import LazyGroup
from pvccli.options import format_option
from pvccli.seat import Seat, wants_colour
from pvccore.model.errors import Invalid, PvcError, Unavailable
from pvccore.model.printable import printable

if TYPE_CHECKING:
    from pvccore.operations.operator import Operator

DONE, REFUSED, USAGE, UNAVAILABLE = 0, 1, 2, 3
"""Exit codes: done; refused, failed or a bad value; not a command line of ours; the cluster can't be reached."""

COMMANDS = {
    "status": ("pvccli.commands.cluster:status", "How the cluster is, and what is wrong with it."),
    "maintenance": (
        "pvccli.commands.cluster:maintenance",
        "Switch maintenance mode: while it is on, nobody is fenced.",
    ),
    "vm": ("pvccli.commands.vm:vm", "VMs: list, define, start, migrate …"),
    "node": ("pvccli.commands.node:node", "Nodes: list, flush, ready, fence …"),
    "storage": ("pvccli.commands.storage:storage", "The storage under the VMs: OSDs, pools, volumes, snapshots."),
    "task": ("pvccli.commands.task:task", "Tasks: list, show, cancel."),
    "journal": ("pvccli.commands.cluster:journal", "Who did what, and why."),
    "settings": ("pvccli.commands.cluster:settings", "The cluster's settings."),
    "api": ("pvccli.commands.api:api", "Tokens of the HTTP API on this machine."),
    "backup": ("pvccli.commands.backup:backup", "Write the cluster's memory to a file."),
    "restore": ("pvccli.commands.backup:restore", "Make the cluster's memory of a backup."),
    "init": ("pvccli.commands.cluster:init", "Create a new cluster's tree in ZooKeeper."),
    "simulate": ("pvccli.commands.simulate:simulate", "Try a situation out in a simulated cluster."),
}


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--cluster",
    default="",
    metavar="NAME|HOSTS",
    help="A configured cluster, or h1:2181,h2:2181/chroot; else what PVC_ZOOKEEPER says.",
)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="The file that lists the clusters.")
@format_option("--format")
@click.version_option(package_name="pvc-console", prog_name="pvc", message="%(prog)s %(version)s")
@click.pass_context
def pvc(context: click.Context, cluster: str, config: Path | None) -> None:
    """Operate a Parallel Virtual Cluster.

    Exit codes: 0 done, 1 refused or failed, 2 not understood, 3 the cluster can't be reached.
    """
    seat = context.ensure_object(Seat)
    seat.cluster_choice = cluster
    seat.config = config
    context.color = wants_colour()


def main() -> None:
    """The program: runs one command line and exits with its code."""
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(arguments: Sequence[str], seat: Seat | None = None) -> int:
    """Run one command line as a program does; what failed is told on standard error."""
    mine = seat or Seat()
    try:
        pvc.main(args=list(arguments), prog_name="pvc", standalone_mode=False, obj=mine)
    except click.ClickException as error:
        error.show()
        return USAGE
    except click.Abort:
        click.echo("aborted", err=True)
        return REFUSED
    except PvcError as error:
        click.echo(f"pvc: {printable(str(error))}", err=True)
        return UNAVAILABLE if isinstance(error, Unavailable) else REFUSED
    except KeyboardInterrupt:
        return REFUSED
    finally:
        mine.close()
    return DONE


def run(arguments: Sequence[str], operator: Operator, say: Callable[[str], None] = lambda _: None) -> None:
    """Run one command line, as typed after `pvc`, for an operator who confirms by himself.

    say: is given every line of the result. Raises the five errors; what is no command of ours is `Invalid`.
    """
    seat = Seat(given=operator, confirmed=True, in_scenario=True, say=say)
    try:
        pvc.main(args=list(arguments), prog_name="pvc", standalone_mode=False, obj=seat)
    except click.ClickException as error:
        raise Invalid("command", shlex.join(arguments), error.format_message()) from None


def check(arguments: Sequence[str]) -> None:
    """Raise `Invalid` unless this, as typed after `pvc`, is a verb that could be run; nothing is carried out."""
    rest, context = list(arguments), click.Context(pvc, info_name="pvc", obj=Seat())
    command: click.Command = pvc
    try:
        while isinstance(command, click.Group) and (rest or not command.invoke_without_command):
            found = command.get_command(context, rest[0]) if rest else None
            if found is None:
                raise click.UsageError(f"no such command {rest[0]!r}" if rest else "a verb is missing", context)
            context = click.Context(found, parent=context, info_name=rest.pop(0))
            command = found
        with command.make_context(command.name, rest, parent=context.parent):
            pass
    except click.ClickException as error:
        raise Invalid("command", shlex.join(arguments), error.format_message()) from None
