"""`pvc vm remove` and `flush-locks`: verbs on a VM that end in the storage."""

from __future__ import annotations

import click

from pvccli.options import acts, disrupts, stop_first_option, vm_argument
from pvccli.seat import Seat


@click.command()
@vm_argument
@stop_first_option
@click.option("--force", is_flag=True, help="With the snapshots of its volumes.")
@disrupts
def remove(seat: Seat, vm: str, stop_first: bool, force: bool) -> None:
    """Forget a VM and remove its volumes, after saying which."""
    from pvccore.operations.removal import removal_losses, remove

    going = removal_losses(seat.cluster, vm)
    stay = f" {', '.join(going.shared)} stay: other VMs have them too." if going.shared else ""
    lost = "; ".join(going.words) or "no volume"
    question = f"Remove {vm}? Lost would be its definition and {lost}.{stay}"
    seat.act(lambda by: remove(by, vm, stop_first=stop_first, force=force), ask=question)


@click.command("flush-locks", short_help="Free locks of a VM's volumes whose holder is off.")
@vm_argument
@acts
def flush_locks(seat: Seat, vm: str) -> None:
    """Free the locks of a VM's volumes whose holder is confirmed off, or is its own node."""
    from pvccore.operations.storage import ask

    seat.act(lambda by: ask(by, "vm flush-locks", {"vm": vm}))
