"""Options that several commands share, spelled once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from pvccli.output import Format
from pvccli.seat import Seat
from pvccore.model.errors import PvcError

if TYPE_CHECKING:
    from pvccore.model.cluster import Cluster

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[..., Any]
Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
COMPLETION_LIMIT_S = 1.0
"""How long somebody who pressed Tab waits for ZooKeeper."""


def stack(*decorators: Decorator) -> Decorator:
    """Several options as one decorator, in the order in which the help lists them."""
    return lambda function: reduce(lambda made, decorate: decorate(made), reversed(decorators), function)


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


def _seat_option(*spellings: str, sets: str, words: str) -> Decorator:
    """A flag that tells the seat how a verb is carried out, so that no command has to hand it on."""

    def told(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(context.ensure_object(Seat), sets, True)

    return click.option(*spellings, is_flag=True, expose_value=False, callback=told, help=words)


yes_option = _seat_option("-y", "--yes", sets="confirmed", words="Confirm beforehand.")
wait_option = _seat_option("-w", "--wait", sets="waits", words="Wait for the outcome, and end with it.")
dry_run_option = _seat_option("--dry-run", sets="dry_run", words="Say what would be done, and do nothing.")


def reason_option(function: F) -> F:
    """--reason for the journal."""
    return click.option("--reason", default="", help="Why, for the journal.")(function)


def target_option(function: F) -> F:
    """-t/--target/--to NODE."""
    return click.option(
        "-t", "--target", "--to", "target", default="", metavar="NODE", shell_complete=complete_nodes,
        help="The node to bring it to; without it the VM's selector chooses.",
    )(function)  # fmt: skip


def stop_first_option(function: F) -> F:
    """--stop, of what is refused while a VM runs."""
    return click.option("--stop", "stop_first", is_flag=True, help="Stop it first, and wait until it is.")(function)


def limit_s_option(function: F) -> F:
    """--time-limit of a shutdown."""
    return click.option(
        "--time-limit", "limit_s", type=float, default=60.0, show_default=True, metavar="SECONDS",
        help="How long the guest may take before it is stopped.",
    )(function)  # fmt: skip


def vm_argument(function: F) -> F:
    """A VM by name or uuid."""
    return click.argument("vm", metavar="VM", shell_complete=complete_vms)(function)


def node_argument(function: F) -> F:
    """A node by name."""
    return click.argument("node", metavar="NODE", shell_complete=complete_nodes)(function)


def task_argument(function: F) -> F:
    """A task by its key."""
    return click.argument("task", metavar="TASK", shell_complete=complete_tasks)(function)


def _completes(names: Callable[[Cluster], Iterable[str]]) -> Completion:
    """Live names for the shell; none when the cluster can't be reached at once."""

    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = context.find_root().params
        seat = Seat(
            cluster_choice=given.get("cluster") or "",
            config=Path(given["config"]) if given.get("config") else None,
            connect_limit_s=COMPLETION_LIMIT_S,
        )
        try:
            return [CompletionItem(name) for name in sorted(names(seat.cluster)) if name.startswith(incomplete)]
        except PvcError:
            return []
        finally:
            seat.close()

    return complete


def _volumes(cluster: Cluster) -> Iterator[str]:
    for pool, volumes in cluster.storage.volumes.items():
        yield from (f"{pool}/{name}" for name in volumes)


complete_vms = _completes(lambda cluster: cluster.names)
complete_node = _completes(lambda cluster: cluster.nodes)
complete_tasks = _completes(lambda cluster: cluster.tasks)
complete_pools = _completes(lambda cluster: cluster.storage.pools)
complete_volumes = _completes(_volumes)


def complete_nodes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of nodes; in a list, of the last one."""
    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(before + comma + str(one.value)) for one in complete_node(context, parameter, last)]


def complete_settings(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of settings."""
    from pvccore.model.settings import SETTING_NAMES

    return [CompletionItem(name) for name in SETTING_NAMES if name.startswith(incomplete)]


prints = stack(format_option(), click.pass_obj)
"""What every command takes that prints something: how, and the seat."""
lists = stack(filters_argument, format_option(), click.pass_obj, watch_option)
"""What every list takes."""
acts = stack(wait_option, format_option(), click.pass_obj)
"""What every verb takes that changes something."""
disrupts = stack(wait_option, yes_option, format_option(), click.pass_obj)
"""What every verb takes that asks first, since it ends something."""
