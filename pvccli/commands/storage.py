"""`pvc storage`: the storage under the VMs; `pvc storage ceph` is the same. Changes are carried out as tasks."""

from __future__ import annotations

import socket

import click

from pvccli.options import acts, complete_nodes, complete_pools, complete_volumes, disrupts, lists, prints
from pvccli.seat import Seat

OSD_COLUMNS = ("osd", "node", "device", "class", "up", "in", "weight", "total_bytes", "used_bytes", "pgs", "latency_ms")
POOL_COLUMNS = (
    "pool", "volumes", "used_ratio", "stored_bytes", "available_bytes", "replicas", "replicas_min", "pgs",
)  # fmt: skip
VOLUME_COLUMNS = ("volume", "size_bytes", "used_bytes", "vms", "open_at", "snapshots", "parent")
SNAPSHOT_COLUMNS = ("snapshot", "size_bytes", "protected")

force_option = click.option("--force", is_flag=True, help="Also where a guard would refuse; it says which.")
volume_argument = click.argument("volume", metavar="POOL/VOLUME", shell_complete=complete_volumes)
name_argument = click.argument("name", metavar="SNAPSHOT")
osd_argument = click.argument("osd", metavar="OSD")
pool_argument = click.argument("pool", metavar="POOL", shell_complete=complete_pools)


@click.group()
def storage() -> None:
    """The storage under the VMs: Ceph's health, OSDs, pools, volumes and snapshots."""


@storage.command()
@prints
def status(seat: Seat) -> None:
    """Show how the storage is, and how old that knowledge is."""
    from pvccli.commands.storage_view import status_text
    from pvccore.operations.storage import status_record

    cluster = seat.cluster
    record = status_record(cluster)
    seat.show(record, lambda: status_text(record, seat.operator.wall_clock()))


@storage.command()
@prints
def util(seat: Seat) -> None:
    """Show how full the storage and its pools are."""
    from pvccli.commands.storage_view import util_text
    from pvccore.operations.storage import pool_record, status_record

    cluster = seat.cluster
    pools = [pool_record(pool) for _, pool in sorted(cluster.storage.pools.items())]
    record = {key: status_record(cluster)[key] for key in ("at", "total_bytes", "used_bytes", "available_bytes")}
    seat.show({**record, "pools": pools}, lambda: util_text(record, pools))


# OSDs


@storage.group()
def osd() -> None:
    """OSDs: the disks of the nodes."""


@osd.command("list")
@lists
def list_osds(seat: Seat, filters: tuple[str, ...]) -> None:
    """List OSDs. A FILTER is field=value, or a regular expression on the number."""
    from pvccore.operations.storage import osd_record

    _show(seat, [osd_record(one) for _, one in sorted(seat.cluster.storage.osds.items())], OSD_COLUMNS, filters)


@osd.command("add", short_help="Make an OSD of a device of a node.")
@click.argument("node", metavar="NODE", shell_complete=complete_nodes)
@click.argument("device", metavar="DEVICE")
@click.option("--class", "device_class", default="", help="Its device class: hdd, ssd, nvme.")
@disrupts
def add_osd(seat: Seat, node: str, device: str, device_class: str) -> None:
    """Make an OSD of a device of a node; everything on that device is lost."""
    _ask(seat, "storage osd add", node=node, device=device, **{"class": device_class})


@osd.command("remove", short_help="Drain an OSD, and forget it.")
@osd_argument
@force_option
@disrupts
def remove_osd(seat: Seat, osd: str, force: bool) -> None:
    """Drain an OSD, and forget it once every copy on it exists elsewhere."""
    _ask(seat, "storage osd remove", osd=osd, force=_truth(force))


@osd.command("in")
@osd_argument
@acts
def take_in(seat: Seat, osd: str) -> None:
    """Let copies be placed on an OSD."""
    _ask(seat, "storage osd in", osd=osd)


@osd.command("out")
@osd_argument
@acts
def take_out(seat: Seat, osd: str) -> None:
    """Have an OSD's copies moved elsewhere."""
    _ask(seat, "storage osd out", osd=osd)


@osd.command("set")
@click.argument("flag", metavar="FLAG")
@acts
def set_flag(seat: Seat, flag: str) -> None:
    """Set a flag of the whole storage, as noout."""
    _ask(seat, "storage osd set", flag=flag)


@osd.command("unset")
@click.argument("flag", metavar="FLAG")
@acts
def unset_flag(seat: Seat, flag: str) -> None:
    """Take a flag of the whole storage away."""
    _ask(seat, "storage osd unset", flag=flag)


# Pools


@storage.group()
def pool() -> None:
    """Pools: where volumes are."""


@pool.command("list")
@lists
def list_pools(seat: Seat, filters: tuple[str, ...]) -> None:
    """List pools. A FILTER is field=value, or a regular expression on the name."""
    from pvccore.operations.storage import pool_record

    _show(seat, [pool_record(one) for _, one in sorted(seat.cluster.storage.pools.items())], POOL_COLUMNS, filters)


@pool.command("add")
@pool_argument
@click.argument("pgs", metavar="PGS")
@click.option("--replicas", default="3", show_default=True, help="Copies of everything.")
@click.option("--replicas-min", default="2", show_default=True, help="Copies below which it stands still.")
@acts
def add_pool(seat: Seat, pool: str, pgs: str, replicas: str, replicas_min: str) -> None:
    """Make a pool for volumes, with PGS placement groups."""
    _ask(seat, "storage pool add", pool=pool, pgs=pgs, replicas=replicas, replicas_min=replicas_min)


@pool.command("remove")
@pool_argument
@force_option
@disrupts
def remove_pool(seat: Seat, pool: str, force: bool) -> None:
    """Remove a pool; with --force the volumes in it too. Never one in which a VM has a disk."""
    _ask(seat, "storage pool remove", pool=pool, force=_truth(force))


@pool.command("set-pgs")
@pool_argument
@click.argument("pgs", metavar="PGS")
@acts
def set_pgs(seat: Seat, pool: str, pgs: str) -> None:
    """Split or merge a pool's placement groups."""
    _ask(seat, "storage pool set-pgs", pool=pool, pgs=pgs)


# Volumes


@storage.group()
def volume() -> None:
    """Volumes: RBD images, the disks of VMs."""


@volume.command("list")
@click.argument("pool", metavar="[POOL]", required=False, default="")
@lists
def list_volumes(seat: Seat, pool: str, filters: tuple[str, ...]) -> None:
    """List the volumes of all pools ('' or none given), or of one.

    A FILTER is field=value, or a regular expression on POOL/VOLUME.
    """
    from pvccli.commands.storage_view import warn_of_namespaces
    from pvccore.operations.storage import volume_records

    _show(seat, volume_records(seat.cluster, pool), VOLUME_COLUMNS, filters)
    warn_of_namespaces(seat, pool)


@volume.command("add", short_help="Make an empty volume of SIZE, as 20G.")
@volume_argument
@click.argument("size", metavar="SIZE")
@force_option
@acts
def add_volume(seat: Seat, volume: str, size: str, force: bool) -> None:
    """Make an empty volume of SIZE, as 20G; refused where the pool would be fuller than 80 %."""
    _ask(seat, "storage volume add", volume=volume, size=size, force=_truth(force))


@volume.command("upload", short_help="Make a volume of an image file on a node.")
@volume_argument
@click.argument("path", metavar="PATH")
@click.option("--node", default="", shell_complete=complete_nodes, help="The node that has the file; by default this.")
@force_option
@acts
def upload_volume(seat: Seat, volume: str, path: str, node: str, force: bool) -> None:
    """Make a volume of an image file (qcow2, raw, vmdk …) in /var/lib/pvc/images of a node."""
    node = node or socket.gethostname().partition(".")[0]
    _ask(seat, "storage volume upload", volume=volume, path=path, node=node, force=_truth(force))


@volume.command("clone", short_help="Copy a volume, or clone a snapshot of it.")
@click.argument("volume", metavar="POOL/VOLUME[@SNAPSHOT]")
@click.argument("to", metavar="POOL/NEW")
@force_option
@acts
def clone_volume(seat: Seat, volume: str, to: str, force: bool) -> None:
    """Copy a volume whole; of a SNAPSHOT make a clone that shares what it does not change."""
    _ask(seat, "storage volume clone", volume=volume, to=to, force=_truth(force))


@volume.command("resize")
@volume_argument
@click.argument("size", metavar="SIZE")
@force_option
@disrupts
def resize_volume(seat: Seat, volume: str, size: str, force: bool) -> None:
    """Give a volume another size, and tell its running guest."""
    _ask(seat, "storage volume resize", volume=volume, size=size, force=_truth(force))


@volume.command("rename")
@volume_argument
@click.argument("name", metavar="NAME")
@acts
def rename_volume(seat: Seat, volume: str, name: str) -> None:
    """Give a volume another name in its pool."""
    _ask(seat, "storage volume rename", volume=volume, name=name)


@volume.command("remove")
@volume_argument
@force_option
@disrupts
def remove_volume(seat: Seat, volume: str, force: bool) -> None:
    """Remove a volume; with --force its snapshots too. Never a VM's disk."""
    _ask(seat, "storage volume remove", volume=volume, force=_truth(force))


# Snapshots


@volume.group()
def snapshot() -> None:
    """Snapshots of volumes."""


@snapshot.command("list")
@click.argument("volume", metavar="[POOL/VOLUME]", required=False, default="")
@lists
def list_snapshots(seat: Seat, volume: str, filters: tuple[str, ...]) -> None:
    """List the snapshots of all volumes ('' or none given), or of one.

    A FILTER is field=value, or a regular expression on POOL/VOLUME@SNAPSHOT.
    """
    from pvccore.model.storage import path_of_volume, split_volume_path
    from pvccore.operations.storage import snapshot_records

    known = seat.cluster.storage
    if volume:
        listed = [(volume, known.volume(*split_volume_path(volume)))]
    else:
        listed = [
            (path_of_volume(pool, name), one)
            for pool, volumes in sorted(known.volumes.items())
            for name, one in sorted(volumes.items())
        ]
    _show(seat, snapshot_records(listed), SNAPSHOT_COLUMNS, filters)


@snapshot.command("add")
@volume_argument
@name_argument
@acts
def add_snapshot(seat: Seat, volume: str, name: str) -> None:
    """Keep a volume as it is now."""
    _ask(seat, "storage volume snapshot add", volume=volume, name=name)


@snapshot.command("rename")
@volume_argument
@name_argument
@click.argument("new_name", metavar="NAME")
@acts
def rename_snapshot(seat: Seat, volume: str, name: str, new_name: str) -> None:
    """Give a snapshot another name."""
    _ask(seat, "storage volume snapshot rename", volume=volume, name=name, new_name=new_name)


@snapshot.command("rollback")
@volume_argument
@name_argument
@disrupts
def roll_back(seat: Seat, volume: str, name: str) -> None:
    """Make a volume what it was; its VM must be stopped."""
    _ask(seat, "storage volume snapshot rollback", volume=volume, name=name)


@snapshot.command("remove")
@volume_argument
@name_argument
@disrupts
def remove_snapshot(seat: Seat, volume: str, name: str) -> None:
    """Forget a snapshot."""
    _ask(seat, "storage volume snapshot remove", volume=volume, name=name)


storage.add_command(click.Group("ceph", commands=dict(storage.commands), help="The same: the back end by its name."))


def _ask(seat: Seat, verb: str, **given: str) -> None:
    """Say what would be lost and ask; then ask the cluster for a task."""
    from pvccore.operations.storage import ask, losses

    fields = {name: value for name, value in given.items() if value}
    lost = losses(seat.cluster, verb, fields)
    if lost:
        seat.confirm("Lost would be " + "; ".join(lost) + ". Go on?")
    seat.tell(ask(seat.operator, verb, fields, confirmed=True))


def _truth(given: bool) -> str:
    return "yes" if given else ""


def _show(seat: Seat, records: list[dict[str, object]], columns: tuple[str, ...], filters: tuple[str, ...]) -> None:
    from pvccli.commands.storage_view import show_list
    from pvccli.filtering import chosen

    show_list(seat, chosen(records, filters, columns[0]), columns)
