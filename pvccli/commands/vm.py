"""`pvc vm`: what VMs are, and where and how they run."""

from __future__ import annotations

from dataclasses import replace
from typing import IO

import click

from pvccli.commands.vm_listing import info, list_vms
from pvccli.commands.vm_storage import flush_locks, remove
from pvccli.commands.vm_tags import tag
from pvccli.metadata_options import metadata_given, metadata_options
from pvccli.options import (
    dry_run_option,
    format_option,
    limit_s_option,
    log_options,
    target_option,
    vm_argument,
    wait_option,
    yes_option,
)
from pvccli.seat import Seat

MAX_XML_CHARACTERS = 1024 * 1024
"""More is not read from a file: the operation refuses much less."""


@click.group()
def vm() -> None:
    """VMs: what they are, and where and how they run."""


vm.add_command(list_vms)
vm.add_command(info)
vm.add_command(tag)
vm.add_command(remove)
vm.add_command(flush_locks)


@vm.command()
@click.argument("xml", type=click.File("r", encoding="utf-8", errors="replace"))
@target_option
@metadata_options
@click.option("--start", is_flag=True, help="Start it at once.")
@click.option("--allow-path", "paths", multiple=True, metavar="DIR", help="Let the XML name files of the host in DIR.")
@wait_option
@click.pass_obj
def define(
    seat: Seat, /, xml: IO[str], target: str, start: bool, paths: tuple[str, ...], wait: bool, **metadata: object
) -> None:
    """Define a VM from libvirt XML (a file, or - for standard input).

    Without --target its node is chosen by limit and selector.
    """
    from pvccore.operations.definitions import NewVm, define

    new = NewVm(
        xml=xml.read(MAX_XML_CHARACTERS), node=target, start=start, metadata=metadata_given(metadata), paths=paths
    )
    seat.tell(define(seat.operator, new), wait=wait)


@vm.command()
@vm_argument
@metadata_options
@click.option("--move", is_flag=True, help="Migrate it when it runs where the new limit forbids.")
@wait_option
@click.pass_obj
def meta(seat: Seat, /, vm: str, move: bool, wait: bool, **metadata: object) -> None:
    """Set metadata of a VM; what is not given stays, '' clears.

    Without any option the present metadata are shown.
    """
    from pvccore.operations.metadata import meta

    given = metadata_given(metadata)
    if not given:
        _show_metadata(seat, vm)
        return
    seat.tell(meta(seat.operator, vm, given, move=move), wait=wait)


@vm.command()
@vm_argument
@wait_option
@click.pass_obj
def start(seat: Seat, vm: str, wait: bool) -> None:
    """Start a VM where it is placed."""
    from pvccore.operations.vms import start

    seat.tell(start(seat.operator, vm), wait=wait)


@vm.command()
@vm_argument
@limit_s_option
@wait_option
@yes_option
@click.pass_obj
def shutdown(seat: Seat, vm: str, limit_s: float, wait: bool, yes: bool) -> None:
    """Ask a VM's guest to shut down; it is stopped when it has not within the time limit."""
    from pvccore.operations.vms import shutdown

    seat.confirm(f"Shut {vm} down?", yes=yes)
    seat.tell(shutdown(seat.operator, vm, limit_s=limit_s), wait=wait)


@vm.command()
@vm_argument
@wait_option
@yes_option
@click.pass_obj
def stop(seat: Seat, vm: str, wait: bool, yes: bool) -> None:
    """Stop a VM at once, as by pulling its plug."""
    from pvccore.operations.vms import stop

    seat.confirm(f"Stop {vm} at once, without asking its guest?", yes=yes)
    seat.tell(stop(seat.operator, vm), wait=wait)


@vm.command()
@vm_argument
@limit_s_option
@wait_option
@yes_option
@click.pass_obj
def restart(seat: Seat, vm: str, limit_s: float, wait: bool, yes: bool) -> None:
    """Shut a VM down and start it again."""
    from pvccore.operations.vms import restart

    seat.confirm(f"Restart {vm}?", yes=yes)
    seat.tell(restart(seat.operator, vm, limit_s=limit_s), wait=wait)


@vm.command()
@vm_argument
@limit_s_option
@wait_option
@yes_option
@click.pass_obj
def disable(seat: Seat, vm: str, limit_s: float, wait: bool, yes: bool) -> None:
    """Shut a VM down and let nothing but a person's start ever start it."""
    from pvccore.operations.vms import disable

    seat.confirm(f"Shut {vm} down and disable it?", yes=yes)
    seat.tell(disable(seat.operator, vm, limit_s=limit_s), wait=wait)


@vm.command()
@vm_argument
@target_option
@click.option(
    "-f", "--force", is_flag=True,
    help="Migrate it again although it is migrated already; its original previous node is kept.",
)  # fmt: skip
@dry_run_option
@wait_option
@click.pass_obj
def migrate(seat: Seat, vm: str, target: str, force: bool, dry_run: bool, wait: bool) -> None:
    """Bring a VM to another node for a while.

    It remembers its previous node, to which unmigrate, or that node's ready, brings it back. With --force on a VM
    that is migrated already its original previous node is kept; to that node, it is the same as unmigrate.
    """
    from pvccore.operations.moves import migrate

    seat.tell(migrate(replace(seat.operator, dry_run=dry_run), vm, to=target, force=force), wait=wait)


@vm.command()
@vm_argument
@target_option
@dry_run_option
@wait_option
@click.pass_obj
def move(seat: Seat, vm: str, target: str, dry_run: bool, wait: bool) -> None:
    """Bring a VM to another node for good; to the node it is on, a migration becomes permanent."""
    from pvccore.operations.moves import move

    seat.tell(move(replace(seat.operator, dry_run=dry_run), vm, to=target), wait=wait)


@vm.command()
@vm_argument
@dry_run_option
@wait_option
@click.pass_obj
def unmigrate(seat: Seat, vm: str, dry_run: bool, wait: bool) -> None:
    """Bring a migrated VM back to its previous node."""
    from pvccore.operations.moves import unmigrate

    seat.tell(unmigrate(replace(seat.operator, dry_run=dry_run), vm), wait=wait)


@vm.command()
@vm_argument
@click.argument("name")
@click.pass_obj
def rename(seat: Seat, vm: str, name: str) -> None:
    """Give a stopped VM another name."""
    from pvccore.operations.definitions import rename

    seat.tell(rename(seat.operator, vm, name))


@vm.command()
@vm_argument
@click.argument("xml", type=click.File("r", encoding="utf-8", errors="replace"), required=False)
@click.option("--restart", is_flag=True, help="Restart it, so that the change applies now.")
@click.option("--allow-path", "paths", multiple=True, metavar="DIR", help="Let the XML name files of the host in DIR.")
@wait_option
@yes_option
@click.pass_obj
def modify(
    seat: Seat, vm: str, xml: IO[str] | None, restart: bool, paths: tuple[str, ...], wait: bool, yes: bool
) -> None:
    """Replace a VM's XML by a file (- for standard input), or edit it; the difference is shown first."""
    from pvccli.editing import difference
    from pvccore.operations.definitions import dump, modify

    before = dump(seat.operator, vm)
    after = click.edit(before, extension=".xml") if xml is None else xml.read(MAX_XML_CHARACTERS)
    changed = difference(before, after or before)
    if not changed:
        seat.say("nothing is changed")
        return
    if not yes:
        click.echo(changed, err=True)
    seat.confirm(f"Modify {vm}" + (" and restart it?" if restart else "?"), yes=yes)
    seat.tell(modify(seat.operator, vm, after or before, restart=restart, paths=paths), wait=wait)


@vm.command()
@vm_argument
@click.pass_obj
def dump(seat: Seat, vm: str) -> None:
    """Print a VM's libvirt XML."""
    from pvccore.operations.definitions import dump

    seat.say(dump(seat.operator, vm))


@vm.command()
@vm_argument
@click.option("--stop", "stop_first", is_flag=True, help="Stop it first, and wait until it is.")
@yes_option
@click.pass_obj
def undefine(seat: Seat, vm: str, stop_first: bool, yes: bool) -> None:
    """Forget a VM's definition; its disks stay."""
    from pvccore.operations.definitions import undefine

    seat.confirm(f"Undefine {vm}? Its disks stay.", yes=yes)
    seat.tell(undefine(seat.operator, vm, stop_first=stop_first))


@vm.command("log")
@vm_argument
@log_options
@format_option()
@click.pass_obj
def show_log(seat: Seat, vm: str, lines: int, follow: bool) -> None:
    """Show what a VM's guest said last on its serial console; its node's daemon is asked for it."""
    from pvccli.logs import show_log
    from pvccore.operations.logs import ask_vm_log

    show_log(seat, lambda after: ask_vm_log(seat.operator, vm, lines=lines, after=after), follow=follow)


def _show_metadata(seat: Seat, vm: str) -> None:
    from pvccli.output import fields, shown
    from pvccore.model.metadata import METADATA

    definition = seat.cluster.vm(vm).definition
    values = {field.name: getattr(definition, field.name) for field in METADATA}
    record = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    seat.show(record, lambda: fields([(name.replace("_", " "), shown(value)) for name, value in record.items()]))
