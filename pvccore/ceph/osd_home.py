"""What an OSD has on its node beside its device: a directory, and what its service needs to find the device again."""

from __future__ import annotations

import shutil
from pathlib import Path

from pvccore.model.errors import Refused

HOMES = Path("/var/lib/ceph/osd")
UNITS = Path("/etc/systemd/system")
BY_ID = Path("/dev/disk/by-id")
LASTING = ("wwn-", "nvme-eui.", "nvme-", "scsi-", "ata-")
"""How a device's names begin that stay with it over a boot, the best first."""
DROP_IN = """[Service]
# At every boot its device is root's again, and the OSD runs as ceph.
ExecStartPre=+/bin/chown ceph:ceph {block}
"""


def unit_of(osd: int) -> str:
    """The name of its service, as Ceph's packages have it."""
    return f"ceph-osd@{osd}.service"


def settle(osd: int, device: str) -> None:
    """Have an OSD that has just been made find its device after a boot, when /dev/sdb may be another and is root's."""
    block = HOMES / f"ceph-{osd}" / "block"
    block.unlink(missing_ok=True)
    block.symlink_to(lasting_name(device))
    drop_in = _drop_in(osd)
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(DROP_IN.format(block=block))


def clear(osd: int) -> None:
    """Take away what `settle` and the making of the OSD left on this node: else no other can have its number here."""
    home = HOMES / f"ceph-{osd}"
    if home.is_mount():
        raise Refused(f"{home} is mounted: it was not made by `storage osd add`")
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(_drop_in(osd).parent, ignore_errors=True)


def lasting_name(device: str) -> Path:
    """The name of a device that a boot does not change; its own where it has none, as a loop device."""
    real = Path(device).resolve()
    names = (link for link in BY_ID.glob("*") if link.resolve() == real)
    return min(names, key=_rank, default=real)


def _rank(link: Path) -> tuple[int, str]:
    kinds = (place for place, start in enumerate(LASTING) if link.name.startswith(start))
    return next(kinds, len(LASTING)), link.name


def _drop_in(osd: int) -> Path:
    return UNITS / f"{unit_of(osd)}.d" / "pvc.conf"
