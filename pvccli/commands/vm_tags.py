"""`pvc vm tag`: the words that a VM is found by."""

from __future__ import annotations

import click

from pvccli.options import prints, vm_argument
from pvccli.seat import Seat

tags_argument = click.argument("tags", nargs=-1, required=True, metavar="TAG…")


@click.group()
def tag() -> None:
    """Words that a VM is found by."""


@tag.command("get")
@vm_argument
@prints
def get_tags(seat: Seat, vm: str) -> None:
    """Show a VM's tags."""
    tags = seat.cluster.vm(vm).definition.tags
    seat.show(list(tags), lambda: "\n".join(tags))


@tag.command("add")
@vm_argument
@tags_argument
@prints
def add_tags(seat: Seat, vm: str, tags: tuple[str, ...]) -> None:
    """Add tags to a VM."""
    from pvccore.operations.metadata import tag

    seat.act(lambda by: tag(by, vm, add=tags))


@tag.command("remove")
@vm_argument
@tags_argument
@prints
def remove_tags(seat: Seat, vm: str, tags: tuple[str, ...]) -> None:
    """Remove tags from a VM."""
    from pvccore.operations.metadata import tag

    seat.act(lambda by: tag(by, vm, remove=tags))
