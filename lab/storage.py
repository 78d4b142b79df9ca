"""The lab's plain shared storage: raw disks that every host reaches over the network, served by qemu-nbd.

It stands in for Ceph where a test needs no Ceph: live migration works, a power cut leaves the data, and nothing keeps
two guests from writing to the same disk but the cluster that is under test.
"""

import socket
from dataclasses import dataclass
from pathlib import Path

from lab.commands import LabError
from lab.guest import DiskState, read_disk
from lab.processes import Ledger
from lab.waiting import wait_until

FIRST_PORT = 10810
CLIENTS = 16
DISK_MB = 8
SERVED_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDisk:
    """One disk of the lab and where it is served."""

    path: Path
    address: str
    port: int

    @property
    def xml(self) -> str:
        """The disk as an element of a domain's XML."""
        source = f"<source protocol='nbd' name='disk'><host name='{self.address}' port='{self.port}'/></source>"
        driver = "<driver name='qemu' type='raw' cache='none'/>"
        return f"<disk type='network' device='disk'>{driver}{source}<target dev='vda' bus='virtio'/></disk>"

    @property
    def state(self) -> DiskState:
        """What the guest wrote to it so far."""
        return read_disk(self.path.read_bytes())


class SharedStorage:
    """All shared disks of a lab, by name."""

    def __init__(self, directory: Path, address: str, ledger: Ledger) -> None:
        self._directory = directory
        self._address = address
        self._ledger = ledger

    def make(self, name: str) -> SharedDisk:
        """A new, empty disk, being served."""
        self._directory.mkdir(exist_ok=True)
        path = self._directory / name
        if path.exists():
            raise LabError(f"there is a disk {name} already")
        with path.open("wb") as empty:
            empty.truncate(DISK_MB * 1024 * 1024)
        served = [one.port for one in self._all()]
        disk = SharedDisk(path=path, address=self._address, port=max(served, default=FIRST_PORT - 1) + 1)
        path.with_suffix(".port").write_text(str(disk.port))
        self._serve(disk)
        return disk

    def remove_all(self) -> None:
        """Take away every disk; no guest may use one any more."""
        for disk in self._all():
            self._ledger.end(_process_name(disk))
            disk.path.unlink()
            disk.path.with_suffix(".port").unlink()

    def _all(self) -> list[SharedDisk]:
        ports = sorted(self._directory.glob("*.port"))
        return [SharedDisk(path=one.with_suffix(""), address=self._address, port=int(one.read_text())) for one in ports]

    def _serve(self, disk: SharedDisk) -> None:
        where = ["--bind", disk.address, "--port", str(disk.port), "--export-name", "disk"]
        how = ["--format", "raw", "--cache", "none", "--persistent", "--shared", str(CLIENTS)]
        log = self._directory / "log"
        self._ledger.start(_process_name(disk), ["qemu-nbd", *where, *how, str(disk.path)], log=log)
        wait_until(lambda: _answers(disk), within_s=SERVED_LIMIT_S, what=f"the disk {disk.path.name} is served")


def _process_name(disk: SharedDisk) -> str:
    return f"disk-{disk.port}"


def _answers(disk: SharedDisk) -> bool:
    try:
        socket.create_connection((disk.address, disk.port), timeout=1).close()
    except OSError:
        return False
    return True
