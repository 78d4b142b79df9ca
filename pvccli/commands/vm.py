"""`pvc vm`: what VMs are, and where and how they run."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from pvccli.commands.vm_listing import info, list_vms
from pvccli.commands.vm_storage import flush_locks, remove
from pvccli.commands.vm_tags import tag
from pvccli.logs import log_command
from pvccli.metadata_options import metadata_given, metadata_options
from pvccli.options import (
    Decorator,
    acts,
    disrupts,
    dry_run_option,
    format_option,
    limit_s_option,
    prints,
    stop_first_option,
    target_option,
    vm_argument,
    wait_option,
    yes_option,
)
from pvccli.seat import Seat

if TYPE_CHECKING:
    from pvccore.operations.operator import Operator, Result

MAX_XML_CHARACTERS = 1024 * 1024
"""More is not read from a file: the operation refuses much less."""
paths_option = click.option(
    "--allow-path", "paths", multiple=True, metavar="DIR", help="Let the XML name files of the host in DIR."
)


def xml_argument(*, required: bool = True) -> Decorator:
    """A file of libvirt XML, or - for standard input."""
    return click.argument("xml", type=click.File("r", encoding="utf-8", errors="replace"), required=required)


@click.group()
def vm() -> None:
    """VMs: what they are, and where and how they run."""


vm.add_command(list_vms)
vm.add_command(info)
vm.add_command(tag)
vm.add_command(remove)
vm.add_command(flush_locks)


@vm.command(short_help="Define a VM from libvirt XML.")
@xml_argument()
@target_option
@metadata_options
@click.option("--start", is_flag=True, help="Start it at once.")
@paths_option
@acts
def define(seat: Seat, /, xml: IO[str], target: str, start: bool, paths: tuple[str, ...], **metadata: object) -> None:
    """Define a VM from libvirt XML (a file, or - for standard input).

    Without --target its node is chosen by limit and selector.
    """
    from pvccore.operations.definitions import NewVm, define

    new = NewVm(
        xml=xml.read(MAX_XML_CHARACTERS), node=target, start=start, metadata=metadata_given(metadata), paths=paths
    )
    seat.act(lambda by: define(by, new))


@vm.command(short_help="Show or set metadata: node limit, selector, autorestart …")
@vm_argument
@metadata_options
@click.option("--move", is_flag=True, help="Migrate it when it runs where the new limit forbids.")
@acts
def meta(seat: Seat, /, vm: str, move: bool, **metadata: object) -> None:
    """Set metadata of a VM; what is not given stays, '' clears.

    Without any option the present metadata are shown.
    """
    from pvccore.operations.metadata import meta

    given = metadata_given(metadata)
    if not given:
        _show_metadata(seat, vm)
        return
    seat.act(lambda by: meta(by, vm, given, move=move))


@vm.command()
@vm_argument
@acts
def start(seat: Seat, vm: str) -> None:
    """Start a VM where it is placed."""
    from pvccore.operations.vms import start

    seat.act(lambda by: start(by, vm))


@vm.command(short_help="Ask a VM's guest to shut down.")
@vm_argument
@limit_s_option
@disrupts
def shutdown(seat: Seat, vm: str, limit_s: float) -> None:
    """Ask a VM's guest to shut down; it is stopped when it has not within the time limit."""
    from pvccore.operations.vms import shutdown

    seat.act(lambda by: shutdown(by, vm, limit_s=limit_s), ask=f"Shut {vm} down?")


@vm.command()
@vm_argument
@disrupts
def stop(seat: Seat, vm: str) -> None:
    """Stop a VM at once, as by pulling its plug."""
    from pvccore.operations.vms import stop

    seat.act(lambda by: stop(by, vm), ask=f"Stop {vm} at once, without asking its guest?")


@vm.command()
@vm_argument
@limit_s_option
@disrupts
def restart(seat: Seat, vm: str, limit_s: float) -> None:
    """Shut a VM down and start it again."""
    from pvccore.operations.vms import restart

    seat.act(lambda by: restart(by, vm, limit_s=limit_s), ask=f"Restart {vm}?")


@vm.command(short_help="Shut a VM down and keep it so.")
@vm_argument
@limit_s_option
@disrupts
def disable(seat: Seat, vm: str, limit_s: float) -> None:
    """Shut a VM down and let nothing but a person's start ever start it."""
    from pvccore.operations.vms import disable

    seat.act(lambda by: disable(by, vm, limit_s=limit_s), ask=f"Shut {vm} down and disable it?")


@vm.command()
@vm_argument
@target_option
@click.option(
    "-f", "--force", is_flag=True,
    help="Migrate it again although it is migrated already; its original previous node is kept.",
)  # fmt: skip
@dry_run_option
@wait_option
@format_option("--format")
@click.pass_obj
def migrate(seat: Seat, vm: str, target: str, force: bool) -> None:
    """Bring a VM to another node for a while.

    It remembers its previous node, to which unmigrate, or that node's ready, brings it back. With --force on a VM
    that is migrated already its original previous node is kept; to that node, it is the same as unmigrate.
    """
    from pvccore.operations.moves import migrate

    seat.act(lambda by: migrate(by, vm, to=target, force=force))


@vm.command(short_help="Bring a VM to another node for good.")
@vm_argument
@target_option
@dry_run_option
@acts
def move(seat: Seat, vm: str, target: str) -> None:
    """Bring a VM to another node for good; to the node it is on, a migration becomes permanent."""
    from pvccore.operations.moves import move

    seat.act(lambda by: move(by, vm, to=target))


@vm.command()
@vm_argument
@dry_run_option
@acts
def unmigrate(seat: Seat, vm: str) -> None:
    """Bring a migrated VM back to its previous node."""
    from pvccore.operations.moves import unmigrate

    seat.act(lambda by: unmigrate(by, vm))


@vm.command()
@vm_argument
@click.argument("name", metavar="NAME")
@prints
def rename(seat: Seat, vm: str, name: str) -> None:
    """Give a stopped VM another name."""
    from pvccore.operations.definitions import rename

    seat.act(lambda by: rename(by, vm, name))


@vm.command(short_help="Edit a VM's XML, or replace it by a file.")
@vm_argument
@xml_argument(required=False)
@click.option("--restart", is_flag=True, help="Restart it, so that the change applies now.")
@paths_option
@disrupts
def modify(seat: Seat, vm: str, xml: IO[str] | None, restart: bool, paths: tuple[str, ...]) -> None:
    """Replace a VM's XML by a file (- for standard input), or edit it; the difference is shown first."""
    from pvccli.editing import difference
    from pvccore.operations.definitions import dump, modify
    from pvccore.operations.operator import Result

    before = dump(seat.operator, vm)
    after = (click.edit(before, extension=".xml") if xml is None else xml.read(MAX_XML_CHARACTERS)) or before
    changed = difference(before, after)
    if not changed:
        seat.tell(Result(text="nothing is changed", changed=False))
        return
    if not seat.confirmed:
        click.echo(changed, err=True)
    question = f"Modify {vm}" + (" and restart it?" if restart else "?")
    seat.act(lambda by: modify(by, vm, after, restart=restart, paths=paths), ask=question)


@vm.command()
@vm_argument
@click.pass_obj
def dump(seat: Seat, vm: str) -> None:
    """Print a VM's libvirt XML."""
    from pvccore.operations.definitions import dump

    seat.say(dump(seat.operator, vm))


@vm.command()
@vm_argument
@stop_first_option
@yes_option
@prints
def undefine(seat: Seat, vm: str, stop_first: bool) -> None:
    """Forget a VM's definition; its disks stay."""
    from pvccore.operations.definitions import undefine

    seat.act(lambda by: undefine(by, vm, stop_first=stop_first), ask=f"Undefine {vm}? Its disks stay.")


def _ask_log(operator: Operator, vm: str, **given: Any) -> Result:  # noqa: ANN401 - the options of every log
    from pvccore.operations.logs import ask_vm_log

    return ask_vm_log(operator, vm, **given)


vm.add_command(
    log_command(vm_argument, _ask_log, "Show what a guest said last on its serial console; its node is asked for it.")
)


def _show_metadata(seat: Seat, vm: str) -> None:
    from pvccli.output import fields, shown
    from pvccore.model.metadata import METADATA

    definition = seat.cluster.vm(vm).definition
    values = {field.name: getattr(definition, field.name) for field in METADATA}
    record = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    seat.show(record, lambda: fields([(name.replace("_", " "), shown(value)) for name, value in record.items()]))
