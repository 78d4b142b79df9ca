"""`pvc vm tag`: the words that a VM is found by."""

from __future__ import annotations

import click

from pvccli.options import format_option, vm_argument
from pvccli.seat import Seat


@click.group()
def tag() -> None:
    """Words that a VM is found by."""


@tag.command("get")
@vm_argument
@format_option()
@click.pass_obj
def get_tags(seat: Seat, vm: str) -> None:
    """Show a VM's tags."""
    tags = seat.cluster.vm(vm).definition.tags
    seat.show(list(tags), lambda: "\n".join(tags))


@tag.command("add")
@vm_argument
@click.argument("tags", nargs=-1, required=True)
@click.pass_obj
def add_tags(seat: Seat, vm: str, tags: tuple[str, ...]) -> None:
    """Add tags to a VM."""
    from pvccore.operations.metadata import tag

    seat.tell(tag(seat.operator, vm, add=tags))


@tag.command("remove")
@vm_argument
@click.argument("tags", nargs=-1, required=True)
@click.pass_obj
def remove_tags(seat: Seat, vm: str, tags: tuple[str, ...]) -> None:
    """Remove tags from a VM."""
    from pvccore.operations.metadata import tag

    seat.tell(tag(seat.operator, vm, remove=tags))
