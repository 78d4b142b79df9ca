"""`pvc node`: the hypervisors of the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pvccli.logs import log_command
from pvccli.options import (
    acts,
    complete_nodes,
    disrupts,
    dry_run_option,
    lists,
    node_argument,
    prints,
    reason_option,
    yes_option,
)
from pvccli.seat import Seat

if TYPE_CHECKING:
    from pvccore.model.cluster import Cluster
    from pvccore.operations.operator import Operator, Result
    from pvccore.plan.preview import Preview

COLUMNS = ("name", "alive", "readiness", "role", "power", "healthy", "memory_mb", "vcpus", "load", "vms")


@click.group()
def node() -> None:
    """Nodes: the hypervisors of the cluster."""


@node.command("list")
@lists
def list_nodes(seat: Seat, filters: tuple[str, ...]) -> None:
    """List nodes. A FILTER is field=value, or a regular expression on the name."""
    from pvccli.filtering import chosen
    from pvccore.operations.records import node_records

    seat.show_list(chosen(node_records(seat.cluster), filters), COLUMNS)


@node.command()
@node_argument
@prints
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


@node.command(short_help="Empty a node of its VMs.")
@node_argument
@reason_option
@dry_run_option
@disrupts
def flush(seat: Seat, node: str, reason: str) -> None:
    """Empty a node: its VMs go elsewhere, what fits nowhere is shut down and parked."""
    from pvccore.operations.nodes import flush
    from pvccore.plan.preview import preview_flush

    _act(seat, node, lambda by: flush(by, node, reason=reason), preview_flush, ask=f"Flush {node}?")


@node.command()
@node_argument
@reason_option
@dry_run_option
@acts
def ready(seat: Seat, node: str, reason: str) -> None:
    """Let a node take VMs again, and bring its own back."""
    from pvccore.operations.nodes import ready
    from pvccore.plan.preview import preview_ready

    _act(seat, node, lambda by: ready(by, node, reason=reason), preview_ready)


@node.command()
@node_argument
@click.option("--confirmed-off", is_flag=True, help="I stood at the machine and saw that it is off.")
@reason_option
@dry_run_option
@disrupts
def fence(seat: Seat, node: str, confirmed_off: bool, reason: str) -> None:
    """Make sure that a node is off, and run its VMs elsewhere.

    With --confirmed-off nothing is powered off: your word that it is off is taken, in maintenance too. If it is
    wrong, VMs run twice.
    """
    from pvccore.operations.nodes import confirm_off, fence
    from pvccore.plan.preview import preview_fence

    if confirmed_off:
        verb, question = confirm_off, f"Have you seen that {node} is off? If it is not, its VMs will run twice."
    else:
        verb, question = fence, f"Cut the power of {node} and run its VMs elsewhere?"
    _act(seat, node, lambda by: verb(by, node, reason=reason), preview_fence, ask=question)


@node.command(short_help="Tell what would become of a node's VMs if it died now.")
@click.argument("node", metavar="[NODE]", required=False, shell_complete=complete_nodes)
@prints
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


@node.command(short_help="Retire a node that is off for good.")
@node_argument
@click.option("--force", is_flag=True, help="Rewrite the VMs that name it.")
@yes_option
@prints
def remove(seat: Seat, node: str, force: bool) -> None:
    """Retire a node that is not alive, has no fence and is named by no VM."""
    from pvccore.operations.nodes import remove

    seat.act(lambda by: remove(by, node, force=force), ask=f"Remove {node} from the cluster?")


def _ask_log(operator: Operator, node: str, **given: Any) -> Result:  # noqa: ANN401 - the options of every log
    from pvccore.operations.logs import ask_node_log

    return ask_node_log(operator, node, **given)


node.add_command(
    log_command(node_argument, _ask_log, "Show what a node's daemon logged last since it started; it is asked for it.")
)


def _act(
    seat: Seat,
    node: str,
    verb: Callable[[Operator], Result],
    preview: Callable[[Cluster, str], Preview],
    *,
    ask: str = "",
) -> None:
    """Carry a verb out; or, by --dry-run, tell what would become of the node's VMs unless it would be refused."""
    if not seat.dry_run:
        seat.act(verb, ask=ask)
        return
    verb(seat.rehearsing)
    plan = preview(seat.cluster, node)
    record = {"moved": dict(plan.moved), "parked": dict(plan.parked)}
    seat.show(record, lambda: "\n".join(plan.lines) or "nothing would be moved")
