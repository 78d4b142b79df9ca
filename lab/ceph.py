"""A real Ceph cluster for the lab, in memory: a monitor, a manager and three OSDs on this machine's address.

Only started when asked for, since it takes some 2 GB. Hosts find it by their own /etc/ceph/ceph.conf. `rbd status`
is the independent witness of where a guest's disk is in use, and is asked through Ceph's library. Everything is kept
twice: a placement group with a single copy that was stopped in its tracks can stay "laggy" for ever, since only a
second copy renews its lease to be read (github.com/ceph/ceph-container/issues/1682).
"""

import json
import shutil
import signal
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.ceph_client import CephClient
from lab.commands import run
from lab.guest import SECTOR_BYTES, DiskState, read_disk
from lab.network import Network
from lab.processes import Ledger
from lab.waiting import wait_until

OSDS = 3
POOL = "vms"
MONITOR_PORT = 3300
READY_LIMIT_S = 90
COMMAND_LIMIT_S = 30
IMAGE_MB = 8

CONFIGURATION = """[global]
fsid = {fsid}
mon host = v2:{address}:{port}
public network = {subnet}
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 2
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
mgr initial modules =
{pace}[client]
log file = /dev/null
admin socket =
"""
IN_MEMORY = """[mon]
mon data = {directory}/$name
[mgr]
mgr data = {directory}/$name
[osd]
osd data = {directory}/osd.$id
osd objectstore = memstore
memstore device bytes = 1073741824
[global]
log file = {directory}/$name.log
admin socket = {directory}/$name.asok
run dir = {directory}
"""
"""The daemons of the lab itself; those that a host makes are as Debian's packages have them."""
USER = "ceph"
"""Whose the directories of a host's own daemons are."""

QUICK = """paxos propose interval = 0.1
mon mgr digest period = 1
mgr stats period = 1
mgr tick period = 1
osd mon report interval = 1
"""
"""Changes and figures are gathered for a tenth, or a fifth, of Ceph's own time: for who waits for them, not for who
measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RbdDisk:
    """An RBD image as a guest's disk."""

    name: str
    address: str

    @property
    def xml(self) -> str:
        """The disk as an element of a domain's XML."""
        host = f"<host name='{self.address}' port='{MONITOR_PORT}'/>"
        source = f"<source protocol='rbd' name='{POOL}/{self.name}'>{host}</source>"
        driver = "<driver name='qemu' type='raw' cache='none'/>"
        return f"<disk type='network' device='disk'>{driver}{source}<target dev='vda' bus='virtio'/></disk>"


class Ceph:
    """The Ceph cluster of one lab."""

    def __init__(self, directory: Path, network: Network, ledger: Ledger) -> None:
        self.configuration = directory / "ceph.conf"
        self._directory = directory
        self._network = network
        self._ledger = ledger
        self._client = CephClient(self.configuration, pool=POOL, limit_s=COMMAND_LIMIT_S)

    @property
    def runs(self) -> bool:
        return self._ledger.find("ceph-mon") is not None

    def start(self, hosts: Iterable[Path], *, quick: bool = False) -> None:
        """Make it and wait until it serves; each host's /etc/ceph, below its directory, is told of it; see `QUICK`."""
        if self.runs:
            return
        self._directory.mkdir()
        self._configure(hosts, QUICK if quick else "")
        self._make_monitor()
        self._launch("ceph-mon", "ceph-mon", "a")
        wait_until(lambda: self.ceph("fsid"), within_s=READY_LIMIT_S, what="the Ceph monitor answers")
        (self._directory / "mgr.a").mkdir()
        self._launch("ceph-mgr", "ceph-mgr", "a")
        for number in range(OSDS):
            self._make_osd(number)
        wait_until(self._serves, within_s=READY_LIMIT_S, what="all OSDs are up")
        self._make_pool()

    def stop(self) -> None:
        """End it; all that it stored was in memory and is gone, with every lock, watch and blocklist entry."""
        self.close()
        for name in ("ceph-mon", "ceph-mgr", *(f"ceph-osd-{number}" for number in range(OSDS))):
            self._ledger.end(name, by=signal.SIGKILL)
        shutil.rmtree(self._directory, ignore_errors=True)

    def close(self) -> None:
        """End this process's own connection to it."""
        self._client.close()

    def hang(self) -> None:
        """Let every Ceph daemon stop in its tracks, as a storage network that is gone would look."""
        self._send_to_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._send_to_all(signal.SIGCONT)

    # Images

    def make_image(self, name: str) -> RbdDisk:
        """A new, empty image."""
        self.rbd("create", "--size", f"{IMAGE_MB}M", f"{POOL}/{name}")
        return RbdDisk(name=name, address=self._network.machine_address)

    def clear(self) -> None:
        """Remove every image, whoever still watches it, and every blocklist entry."""
        self.resume()
        self.ceph("osd", "pool", "delete", POOL, POOL, "--yes-i-really-really-mean-it")
        self.ceph("osd", "blocklist", "clear")
        self._make_pool()

    def watchers(self, name: str) -> list[str]:
        """The client addresses, `10.99.K.N:port/nonce`, that have the image open."""
        addresses: list[str] = self._client.ask("watchers", name)
        return addresses

    def watching_hosts(self, name: str) -> set[str]:
        """The addresses of the hosts that have the image open."""
        return {address.split(":")[0] for address in self.watchers(name)}

    def disk_state(self, name: str) -> DiskState:
        """What the guest wrote to its image so far."""
        return read_disk(self._client.ask("head", name, 2 * SECTOR_BYTES).encode("latin-1"))

    # Commands

    def ceph(self, *words: str) -> str:
        """What `ceph WORDS` prints."""
        said: str = self._client.ask("ceph", *words)
        return said

    def rbd(self, *words: str) -> str:
        """What `rbd WORDS` prints."""
        return run("rbd", "--conf", str(self.configuration), *words, limit_s=COMMAND_LIMIT_S)

    # Making

    def _configure(self, hosts: Iterable[Path], pace: str) -> None:
        text = CONFIGURATION.format(
            fsid=uuid.uuid4(),
            address=self._network.machine_address,
            port=MONITOR_PORT,
            subnet=self._network.subnet,
            pace=pace,
        )
        self.configuration.write_text(text + IN_MEMORY.format(directory=self._directory))
        for host in hosts:
            (host / "etc/ceph/ceph.conf").write_text(text)
            for own in ("lib/ceph", "lib/ceph/osd", "lib/ceph/bootstrap-osd", "log/ceph"):
                directory = host / "var" / own
                directory.mkdir(exist_ok=True)
                shutil.chown(directory, USER, USER)

    def _make_monitor(self) -> None:
        monitors = str(self._directory / "monmap")
        fsid = next(line.split()[-1] for line in self.configuration.read_text().splitlines() if line.startswith("fsid"))
        where = f"[v2:{self._network.machine_address}:{MONITOR_PORT}]"
        run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", where, monitors)
        run("ceph-mon", "--conf", str(self.configuration), "--mkfs", "--id", "a", "--monmap", monitors)

    def _make_osd(self, number: int) -> None:
        own = str(uuid.uuid4())
        (self._directory / f"osd.{number}").mkdir()
        self.ceph("osd", "new", own, str(number))
        run("ceph-osd", "--conf", str(self.configuration), "--id", str(number), "--mkfs", "--osd-uuid", own)
        self._launch(f"ceph-osd-{number}", "ceph-osd", str(number))

    def _make_pool(self) -> None:
        self.ceph("osd", "pool", "create", POOL, "8")
        self.ceph("osd", "pool", "application", "enable", POOL, "rbd")

    def _launch(self, name: str, program: str, identity: str) -> None:
        argv = [program, "--conf", str(self.configuration), "--id", identity, "--foreground"]
        self._ledger.start(name, argv, log=self._directory / f"{name}.out")

    def _serves(self) -> bool:
        state = json.loads(self.ceph("osd", "stat", "--format", "json"))
        return bool(state.get("num_up_osds") == OSDS)

    def _send_to_all(self, number: signal.Signals) -> None:
        for name, process in self._ledger.living().items():
            if name.startswith("ceph-"):
                process.send(number)
