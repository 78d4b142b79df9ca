"""Options that several commands share, spelled once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from pvccli.output import Format
from pvccli.seat import Seat
from pvccore.model.errors import PvcError
from pvccore.model.log import LINES, LINES_MAX

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]


def _choose_format(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Takes effect wherever it stands: after `pvc` or after the verb."""
    if value is not None:
        context.ensure_object(Seat).format = Format(value)


def format_option(*spellings: str) -> Callable[[F], F]:
    """--format, by default also -f."""
    return click.option(
        *(spellings or ("-f", "--format")),
        type=click.Choice([one.value for one in Format]),
        callback=_choose_format,
        expose_value=False,
        help="How the result is printed.",
    )


def filters_argument(function: F) -> F:
    """[FILTER]… of a list."""
    return click.argument("filters", nargs=-1, metavar="[FILTER]…")(function)


def watch_option(function: Callable[..., None]) -> Callable[..., None]:
    """--watch, of a command that shows something and takes the seat first: below `click.pass_obj`."""

    @wraps(function)
    def shown(seat: Seat, /, *given: Any, watch: bool, **named: Any) -> None:  # noqa: ANN401 - click's own
        if not watch:
            function(seat, *given, **named)
            return
        from pvccli.watching import watch as go_on

        go_on(seat, lambda: function(seat, *given, **named))

    option = click.option("--watch", is_flag=True, help="Draw it again whenever it changes; Ctrl-C ends.")
    return option(shown)


def yes_option(function: F) -> F:
    """-y: nothing is asked."""
    return click.option("-y", "--yes", is_flag=True, help="Confirm beforehand.")(function)


def wait_option(function: F) -> F:
    """-w: show progress and end with the outcome."""
    return click.option("-w", "--wait", is_flag=True, help="Wait for the outcome, and end with it.")(function)


def dry_run_option(function: F) -> F:
    """--dry-run: say what would be done, and do nothing."""
    return click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")(function)


def reason_option(function: F) -> F:
    """--reason for the journal."""
    return click.option("--reason", default="", help="Why, for the journal.")(function)


def target_option(function: F) -> F:
    """-t/--target/--to NODE."""
    return click.option(
        "-t", "--target", "--to", "target", default="", metavar="NODE", shell_complete=complete_nodes,
        help="The node to bring it to; without it the VM's selector chooses.",
    )(function)  # fmt: skip


def limit_s_option(function: F) -> F:
    """--time-limit of a shutdown."""
    return click.option(
        "--time-limit", "limit_s", type=float, default=60.0, show_default=True, metavar="SECONDS",
        help="How long the guest may take before it is stopped.",
    )(function)  # fmt: skip


def log_options(function: F) -> F:
    """-n/--lines and --follow."""
    lines = click.option(
        "-n", "--lines", type=click.IntRange(1, LINES_MAX), default=LINES, show_default=True, help="How many lines."
    )
    follow = click.option("--follow", is_flag=True, help="Go on with new lines as they come; Ctrl-C ends.")
    return lines(follow(function))


def vm_argument(function: F) -> F:
    """A VM by name or uuid."""
    return click.argument("vm", metavar="VM", shell_complete=complete_vms)(function)


def node_argument(function: F) -> F:
    """A node by name."""
    return click.argument("node", metavar="NODE", shell_complete=complete_nodes)(function)


def _names(context: click.Context, incomplete: str, *, nodes: bool) -> list[CompletionItem]:
    """Live names for the shell; none when the cluster can't be reached."""
    root = context.find_root()
    seat = Seat(
        cluster_choice=root.params.get("cluster") or "",
        config=Path(root.params["config"]) if root.params.get("config") else None,
    )
    try:
        cluster = seat.cluster
        names = cluster.nodes if nodes else cluster.names
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
    except PvcError:
        return []
    finally:
        seat.close()


def complete_vms(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of VMs."""
    return _names(context, incomplete, nodes=False)


def complete_nodes(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of nodes; in a list, of the last one."""
    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(before + comma + str(one.value)) for one in _names(context, last, nodes=True)]
