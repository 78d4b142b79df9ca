"""`pvc node`: the hypervisors of the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pvccli.options import (
    complete_nodes,
    dry_run_option,
    filters_argument,
    format_option,
    log_options,
    node_argument,
    reason_option,
    wait_option,
    watch_option,
    yes_option,
)
from pvccli.seat import Seat

if TYPE_CHECKING:
    from pvccore.plan.preview import Preview

COLUMNS = ("name", "alive", "readiness", "role", "power", "healthy", "memory_mb", "vcpus", "load", "vms")


@click.group()
def node() -> None:
    """Nodes: the hypervisors of the cluster."""


@node.command("list")
@filters_argument
@format_option()
@click.pass_obj
@watch_option
def list_nodes(seat: Seat, filters: tuple[str, ...]) -> None:
    """List nodes. A FILTER is field=value, or a regular expression on the name."""
    from pvccli.filtering import chosen
    from pvccore.operations.records import node_records

    seat.show_list(chosen(node_records(seat.cluster), filters), COLUMNS)


@node.command()
@node_argument
@format_option()
@click.pass_obj
def info(seat: Seat, node: str) -> None:
    """Show everything about a node, its fence and its VMs."""
    from pvccore.operations.records import node_record

    cluster = seat.cluster
    found = cluster.node(node)
    record = node_record(cluster, found)

    def pretty() -> str:
        from pvccli.commands.node_view import node_text

        return node_text(cluster, found, record)

    seat.show(record, pretty, lambda: found.name)


@node.command()
@node_argument
@reason_option
@dry_run_option
@wait_option
@yes_option
@click.pass_obj
def flush(seat: Seat, node: str, reason: str, dry_run: bool, wait: bool, yes: bool) -> None:
    """Empty a node: its VMs go elsewhere, what fits nowhere is shut down and parked."""
    from pvccore.operations.nodes import flush
    from pvccore.plan.preview import preview_flush

    if dry_run:
        show_preview(seat, preview_flush(seat.cluster, node))
        return
    seat.confirm(f"Flush {node}?", yes=yes)
    seat.tell(flush(seat.operator, node, reason=reason), wait=wait)


@node.command()
@node_argument
@reason_option
@dry_run_option
@wait_option
@click.pass_obj
def ready(seat: Seat, node: str, reason: str, dry_run: bool, wait: bool) -> None:
    """Let a node take VMs again, and bring its own back."""
    from pvccore.operations.nodes import ready
    from pvccore.plan.preview import preview_ready

    if dry_run:
        show_preview(seat, preview_ready(seat.cluster, node))
        return
    seat.tell(ready(seat.operator, node, reason=reason), wait=wait)


@node.command()
@node_argument
@click.option("--confirmed-off", is_flag=True, help="I stood at the machine and saw that it is off.")
@reason_option
@dry_run_option
@wait_option
@yes_option
@click.pass_obj
def fence(seat: Seat, node: str, confirmed_off: bool, reason: str, dry_run: bool, wait: bool, yes: bool) -> None:
    """Make sure that a node is off, and run its VMs elsewhere.

    With --confirmed-off nothing is powered off: your word that it is off is taken, in maintenance too. If it is
    wrong, VMs run twice.
    """
    from pvccore.operations.nodes import confirm_off, fence
    from pvccore.plan.preview import preview_fence

    if dry_run:
        show_preview(seat, preview_fence(seat.cluster, node))
        return
    if confirmed_off:
        seat.confirm(f"Have you seen that {node} is off? If it is not, its VMs will run twice.", yes=yes)
        result = confirm_off(seat.operator, node, reason=reason)
    else:
        seat.confirm(f"Cut the power of {node} and run its VMs elsewhere?", yes=yes)
        result = fence(seat.operator, node, reason=reason)
    seat.tell(result, wait=wait)


@node.command()
@click.argument("node", metavar="[NODE]", required=False, shell_complete=complete_nodes)
@format_option()
@click.pass_obj
def forecast(seat: Seat, node: str | None) -> None:
    """Tell what would become of a node's VMs if it died now; without a node, of each node's."""
    from pvccli.commands.node_view import forecast_text
    from pvccore.plan.forecast import forecast_node, forecast_nodes

    cluster = seat.cluster
    found = {node: forecast_node(cluster, node)} if node else forecast_nodes(cluster)
    record = {
        name: {"survives": one.survives, "placed": dict(one.placed), "parked": dict(one.parked)}
        for name, one in found.items()
    }
    seat.show(record, lambda: forecast_text(record))


@node.command("log")
@node_argument
@log_options
@format_option()
@click.pass_obj
def show_log(seat: Seat, node: str, lines: int, follow: bool) -> None:
    """Show what a node's daemon logged last since it started; the daemon is asked for it."""
    from pvccli.logs import show_log
    from pvccore.operations.logs import ask_node_log

    show_log(seat, lambda after: ask_node_log(seat.operator, node, lines=lines, after=after), follow=follow)


@node.command()
@node_argument
@click.option("--force", is_flag=True, help="Rewrite the VMs that name it.")
@yes_option
@click.pass_obj
def remove(seat: Seat, node: str, force: bool, yes: bool) -> None:
    """Retire a node that is not alive, has no fence and is named by no VM."""
    from pvccore.operations.nodes import remove

    seat.confirm(f"Remove {node} from the cluster?", yes=yes)
    seat.tell(remove(seat.operator, node, force=force))


def show_preview(seat: Seat, preview: Preview) -> None:
    """Print what would be done."""
    record = {"moved": dict(preview.moved), "parked": dict(preview.parked)}
    seat.show(record, lambda: "\n".join(preview.lines) or "nothing would be moved")
