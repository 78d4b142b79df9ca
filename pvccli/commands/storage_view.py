"""The storage as `pvc` prints it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from pvccli.output import Format, fields, shown, table, terminal_width
from pvccli.seat import Seat, print_line
from pvccore.model.storage import size_words

OLD_S = 60.0
"""Figures older than this are told to be."""


def show_list(seat: Seat, records: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Print records of the storage as a table, JSON, or bare names; warn when they are old."""
    warn_if_old(seat)
    width = terminal_width(is_terminal=seat.say is print_line and sys.stdout.isatty())
    headers = [_header(name) for name in columns]
    seat.show(
        list(records),
        lambda: table(headers, [[cell(record, name) for name in columns] for record in records], width),
        lambda: "\n".join(str(record[columns[0]]) for record in records),
    )


def warn_if_old(seat: Seat) -> None:
    """Say on standard error since when nothing new is known."""
    status = seat.cluster.storage.status
    if seat.format is not Format.PRETTY:
        return
    if not status.is_known:
        click.echo("nothing is known of the storage" + (f": {status.error}" if status.error else ""), err=True)
        return
    age_s = seat.operator.wall_clock() - status.at
    if status.error or age_s > OLD_S:
        why = f": {status.error}" if status.error else ""
        click.echo(f"these figures are {age_s:.0f} s old{why}", err=True)


def status_text(record: Mapping[str, Any], now: float) -> str:
    """The storage as a whole."""
    if not record["known"]:
        return "nothing is known of the storage" + (f": {record['error']}" if record["error"] else "")
    osds = record["osds"]
    lines = [
        ("health", record["health"]),
        ("known", f"{now - record['at']:.0f} s ago, by {record['by']}"),
        ("version", shown(record["ceph_version"])),
        ("monitors", f"{len(record['monitors_in_quorum'])} of {len(record['monitors'])} in quorum"),
        ("OSDs", f"{osds['up']} up, {osds['in']} in, of {osds['total']}"),
        ("flags", shown(record["flags"])),
        ("used", _used(record)),
        ("degraded", f"{record['degraded_ratio']:.2%}"),
        ("clients", f"{size_words(record['read_bytes_s'])}/s read, {size_words(record['write_bytes_s'])}/s written"),
    ]
    if record["error"]:
        lines.insert(1, ("no answer", f"for {now - record['error_since']:.0f} s: {record['error']}"))
    checks = [f"{one['severity']}: {one['code']}: {one['summary']}" for one in record["checks"]]
    return "\n".join([fields(lines), *checks])


def util_text(record: Mapping[str, Any], pools: Sequence[Mapping[str, Any]]) -> str:
    """How full it is."""
    columns = ("pool", "used_ratio", "stored_bytes", "available_bytes", "volumes")
    rows = [[cell(pool, name) for name in columns] for pool in pools]
    return "\n".join([f"all OSDs: {_used(record)}", table([_header(name) for name in columns], rows)])


def cell(record: Mapping[str, Any], name: str) -> str:
    """One value as a person reads it."""
    value = record[name]
    if value is not None and name.endswith("_bytes"):
        return size_words(value)
    if value is not None and name.endswith("_ratio"):
        return f"{value:.1%}"
    return shown(value)


def _used(record: Mapping[str, Any]) -> str:
    total = record["total_bytes"]
    share = record["used_bytes"] / total if total else 0.0
    return f"{share:.1%}, {size_words(record['used_bytes'])} of {size_words(total)}"


def _header(name: str) -> str:
    return name.removesuffix("_bytes").removesuffix("_ratio").replace("_", " ")
