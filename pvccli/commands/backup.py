"""`pvc backup` and `pvc restore`: the cluster's memory as a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from pvccli.options import prints, yes_option
from pvccli.seat import Seat
from pvccore.model.errors import Refused

STANDARD = "-"


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False))
@prints
def backup(seat: Seat, file: str) -> None:
    """Write everything that the cluster remembers to FILE (- for standard output).

    JSON lines; nobody else can read the file. Disks of VMs, and secrets, are no part of it.
    """
    from pvccore.operations.backup import backup
    from pvccore.operations.operator import Result

    session = seat.operator.session
    lines = backup(session.store, session.schema, at=session.wall_clock())
    if file == STANDARD:
        sys.stdout.writelines(lines)
        return
    with _new_file(Path(file)) as out:
        out.writelines(lines)
    seat.tell(Result(text=f"{file} is written"))


@click.command()
@click.argument("file", metavar="FILE", type=click.File("r", encoding="utf-8"))
@click.option("--force", is_flag=True, help="Replace the cluster that is there; its daemons must be stopped.")
@yes_option
@prints
def restore(seat: Seat, file: IO[str], force: bool) -> None:
    """Make the cluster's memory of a backup (- for standard input).

    Before daemons are started again make sure that each VM is where the backup says, or that all nodes were booted
    anew: what happened since the backup is not known any more, and a VM that was moved since could run twice.
    """
    from pvccore.operations.backup import restore

    if seat.given is None:
        seat.store(must_exist=False)

    def ask(documents: int) -> None:
        seat.confirm(f"Make the cluster's memory of the {documents} documents of this backup?")

    seat.tell(restore(seat.operator.session, file, force=force, confirm=ask))


@contextmanager
def _new_file(path: Path) -> Iterator[IO[str]]:
    """A file that is there whole or not at all, and was not there before."""
    if path.exists():
        raise Refused(f"{path} is there already")
    part = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror}") from None
