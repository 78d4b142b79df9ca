"""The storage as `pvc` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from pvccli.output import Format, cell, fields, header, shown, table
from pvccli.seat import Seat
from pvccore.model.storage import namespace_words, size_words

OLD_S = 60.0
"""Figures older than this are told to be."""


def show_list(seat: Seat, records: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Print records of the storage as a table, JSON, or bare names; warn when they are old."""
    warn_if_old(seat)
    seat.show_list(records, columns)


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
    return "\n".join([f"all OSDs: {_used(record)}", table([header(name) for name in columns], rows)])


def disks_text(disks: Sequence[Mapping[str, Any]]) -> str:
    """The volumes of a VM; empty where it has none."""
    if not disks:
        return ""
    columns = ("volume", "size_bytes", "used_bytes", "lock_holder", "open_at", "snapshot_names")
    names = ("volume", "size", "written", "locked by", "open at", "snapshots")
    listed = table(names, [[cell(disk, name) for name in columns] for disk in disks])
    return "\n".join([listed, *(f"{disk['volume']}: {disk['error']}" for disk in disks if disk["error"])])


def warn_of_namespaces(seat: Seat, pool: str) -> None:
    """Say on standard error in which pools there may be volumes that are not listed."""
    if seat.format is Format.PRETTY:
        for name, one in seat.cluster.storage.pools.items():
            if one.namespaces and pool in ("", name):
                click.echo(f"pool {name}: {namespace_words(one)}", err=True)


def _used(record: Mapping[str, Any]) -> str:
    total = record["total_bytes"]
    share = record["used_bytes"] / total if total else 0.0
    return f"{share:.1%}, {size_words(record['used_bytes'])} of {size_words(total)}"
