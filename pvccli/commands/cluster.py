"""`pvc status`, `maintenance`, `journal`, `settings` and `init`: the cluster as a whole."""

from __future__ import annotations

import click

from pvccli.options import acts, complete_settings, disrupts, format_option, prints, reason_option, watch_option
from pvccli.seat import Seat


@click.command()
@prints
@watch_option
def status(seat: Seat) -> None:
    """Show how the cluster is, and what is wrong with it."""
    from pvccli.commands.cluster_view import status_text
    from pvccore.operations.records import status_record

    record = status_record(seat.cluster)
    seat.show(record, lambda: status_text(record))


@click.group(invoke_without_command=True)
@format_option()
@click.pass_context
def maintenance(context: click.Context) -> None:
    """Switch maintenance mode: while it is on, nobody is fenced."""
    if context.invoked_subcommand is not None:
        return
    from pvccli.commands.cluster_view import maintenance_text
    from pvccore.operations.records import maintenance_record

    seat = context.ensure_object(Seat)
    record = maintenance_record(seat.cluster)
    seat.show(record, lambda: maintenance_text(record))


@maintenance.command("on", short_help="From now on nobody is fenced.")
@reason_option
@click.option("--noout", is_flag=True, help="Also keep Ceph from moving data meanwhile (flag noout).")
@acts
def maintenance_on(seat: Seat, reason: str, noout: bool) -> None:
    """From now on nobody is fenced: VMs of a node that dies stay down."""
    from pvccore.operations.cluster import maintenance_on

    seat.act(lambda by: maintenance_on(by, reason=reason, noout=noout))


@maintenance.command("off", short_help="Fence dead nodes again.")
@reason_option
@disrupts
def maintenance_off(seat: Seat, reason: str) -> None:
    """Fence dead nodes again; asks first when a node would be fenced, or could not be."""
    from pvccore.operations.cluster import maintenance_off, told_before_maintenance_ends

    told = told_before_maintenance_ends(seat.cluster)
    seat.act(lambda by: maintenance_off(by, reason=reason), ask=" ".join([*told, "Turn it off?"]) if told else "")


@click.command()
@click.option("-n", "--lines", type=click.IntRange(1, 10000), default=50, show_default=True, help="How many entries.")
@click.option("--vm", help="Only those about this VM.")
@click.option("--node", help="Only those about this node.")
@click.option("--who", help="Only those by this person or daemon.")
@click.option("--follow", is_flag=True, help="Go on with new entries as they come.")
@prints
def journal(seat: Seat, lines: int, vm: str | None, node: str | None, who: str | None, follow: bool) -> None:
    """Show who did what and why, the newest last."""
    from pvccli.journal import Journal

    shown = Journal(seat, {"vm": vm, "node": node, "who": who})
    shown.show(lines)
    if follow:
        shown.follow()


@click.group()
def settings() -> None:
    """The cluster's settings."""


@settings.command("list")
@prints
def list_settings(seat: Seat) -> None:
    """Show every setting."""
    from pvccli.output import fields, shown
    from pvccore.operations.records import settings_record

    record = settings_record(seat.cluster.settings)
    seat.show(record, lambda: fields([(name, shown(value)) for name, value in record.items()]))


@settings.command("set", context_settings={"ignore_unknown_options": True})  # a value may begin with a minus
@click.argument("name", metavar="NAME", shell_complete=complete_settings)
@click.argument("value", metavar="VALUE")
@prints
def set_setting(seat: Seat, name: str, value: str) -> None:
    """Set one setting."""
    from pvccore.operations.cluster import set_setting

    seat.act(lambda by: set_setting(by, name, value))


@click.command()
@click.option("--name", default="", help="What the cluster is called.")
@prints
def init(seat: Seat, name: str) -> None:
    """Create a new cluster's tree in ZooKeeper; one that is there already is left as it is."""
    from pvccore.operations.cluster import init, set_setting

    if seat.given is None:
        seat.store(must_exist=False)
    made = init(seat.operator.session)
    if made.changed and name:
        set_setting(seat.operator, "cluster_name", name)
    seat.tell(made)
