"""`pvc vm list` and `pvc vm info`."""

from __future__ import annotations

import click

from pvccli.options import complete_nodes, lists, prints, vm_argument
from pvccli.seat import Seat
from pvccore.model.errors import Invalid

COLUMNS = (
    "name", "status", "wanted", "node", "previous_node", "memory_mb", "vcpus", "node_limit", "node_selector",
    "autorestart", "tags",
)  # fmt: skip


@click.command("list")
@click.option(
    "-t", "--target", "--node", "node", metavar="NODE", shell_complete=complete_nodes, help="Only those on NODE."
)
@click.option("--status", metavar="STATUS", help="Only those of this status, as running or parked.")
@click.option("-g", "--tag", metavar="TAG", help="Only those with this tag.")
@lists
def list_vms(seat: Seat, filters: tuple[str, ...], node: str | None, status: str | None, tag: str | None) -> None:
    """List VMs. A FILTER is field=value, or a regular expression on the name."""
    from pvccli.filtering import chosen
    from pvccore.model.cluster import STATUSES
    from pvccore.operations.records import vm_records

    cluster = seat.cluster
    options = {"node": node, "status": status, "tags": tag}
    given = [*(f"{name}={value}" for name, value in options.items() if value is not None), *filters]
    for field, _, value in (one.partition("=") for one in given):
        if field == "status" and value not in STATUSES:
            raise Invalid("status", value, "must be one of " + ", ".join(STATUSES))
        if field == "node" and value:
            cluster.node(value)
    seat.show_list(chosen(vm_records(cluster), given), COLUMNS)


@click.command()
@vm_argument
@prints
def info(seat: Seat, vm: str) -> None:
    """Show everything about a VM, and which nodes can take it."""
    from pvccli.commands.storage_view import disks_text
    from pvccli.output import fields, memory, shown
    from pvccore.operations.records import vm_record
    from pvccore.operations.storage import disk_records
    from pvccore.plan.placement import Rooms

    cluster = seat.cluster
    found = cluster.vm(vm)
    record, disks = vm_record(cluster, found), disk_records(cluster, found)

    def pretty() -> str:
        pairs = [(name.replace("_", " "), shown(value)) for name, value in record.items() if name != "memory_mb"]
        more = [
            ("memory", memory(found.memory_mb)),
            ("volumes", shown(list(found.definition.volumes))),
            ("networks", shown(list(found.definition.networks))),
            ("why", shown(found.placement.why)),
        ]
        nodes = [(name, objection or "can take it") for name, objection in Rooms(cluster).objections(found).items()]
        parts = [fields([*pairs, *more]), disks_text(disks), fields([(f"{name:<12}", said) for name, said in nodes])]
        return "\n\n".join(part for part in parts if part)

    seat.show(record | {"disks": disks}, pretty, lambda: found.name)
