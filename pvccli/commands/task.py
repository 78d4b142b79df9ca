"""`pvc task`: requests that take long or run on one node."""

from __future__ import annotations

import click

from pvccli.options import acts, lists, prints, task_argument
from pvccli.seat import Seat

COLUMNS = ("task", "state", "progress", "title", "claimed_by", "asked_by", "text", "error")


@click.group()
def task() -> None:
    """Tasks: requests that take long or must run on one node."""


@task.command("list")
@lists
def list_tasks(seat: Seat, filters: tuple[str, ...]) -> None:
    """List tasks, the newest first. A FILTER is field=value, or a regular expression on the title."""
    from pvccli.filtering import chosen
    from pvccore.operations.tasks import task_records

    seat.show_list(chosen(task_records(seat.cluster), filters, "title"), COLUMNS)


@task.command()
@task_argument
@prints
def show(seat: Seat, task: str) -> None:
    """Show one task with its result."""
    from pvccli.output import fields, record_fields
    from pvccore.operations.tasks import task_record

    cluster = seat.cluster
    record = task_record(cluster, cluster.task(task))
    seat.show(record, lambda: fields(record_fields(record)))


@task.command(short_help="End a task that waits; ask one that runs to stop.")
@task_argument
@acts
def cancel(seat: Seat, task: str) -> None:
    """End a task that waits; ask one that runs to stop where it leaves no half."""
    from pvccore.operations.tasks import cancel

    seat.act(lambda by: cancel(by, task))
