"""`pvc vm remove` and `flush-locks`: verbs on a VM that end in the storage."""

from __future__ import annotations

import click

from pvccli.options import vm_argument, wait_option, yes_option
from pvccli.seat import Seat


@click.command()
@vm_argument
@click.option("--stop", "stop_first", is_flag=True, help="Stop it first, and wait until it is.")
@click.option("--force", is_flag=True, help="With the snapshots of its volumes.")
@wait_option
@yes_option
@click.pass_obj
def remove(seat: Seat, vm: str, stop_first: bool, force: bool, wait: bool, yes: bool) -> None:
    """Forget a VM and remove its volumes, after saying which."""
    from pvccore.operations.removal import removal_losses, remove

    going = removal_losses(seat.cluster, vm)
    stay = f" {', '.join(going.shared)} stay: other VMs have them too." if going.shared else ""
    lost = "; ".join(going.words) or "no volume"
    seat.confirm(f"Remove {vm}? Lost would be its definition and {lost}.{stay}", yes=yes)
    seat.tell(remove(seat.operator, vm, stop_first=stop_first, force=force), wait=wait)


@click.command("flush-locks")
@vm_argument
@wait_option
@click.pass_obj
def flush_locks(seat: Seat, vm: str, wait: bool) -> None:
    """Free the locks of a VM's volumes whose holder is confirmed off, or is its own node."""
    from pvccore.operations.storage import ask

    seat.tell(ask(seat.operator, "vm flush-locks", {"vm": vm}), wait=wait)
