"""What it costs to know ten thousand volumes of a real Ceph, the lab's, by the reporter of the manager's daemon.

Ceph's own daemons are on the same machine and not counted; the processes that the reporter starts are.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, milliseconds
from bench.populate import populate
from lab.ceph import Ceph
from lab.cluster import Lab
from lab.commands import run
from lab.processes import ProcessIdentity
from lab.zookeeper import ZooKeeperServer
from nodedaemon.loop import LoopThread, SystemClock
from nodedaemon.storage_reading import Heard, Look, Reading, ThreadedReader, Wanted
from nodedaemon.storage_reporter import StorageReporter
from pvccore.ceph.commands import CephCommands
from pvccore.model.cluster import Cluster, Delta
from pvccore.model.storage import PoolVolumes, Volume
from pvccore.operations.reading import load_cluster
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.codec import decode
from pvccore.state.session import Session
from pvccore.state.store import Znode
from pvccore.state.zookeeper import ZooKeeperStore
from pvctui.rows.pulse import Pulse
from pvctui.rows.statuses import StatusBook
from pvctui.rows.view import View
from pvctui.rows.vm_rows import rows_of_vms
from pvctui.rows.volume_rows import volume_rows
from pvctui.widgets.rows import Row

POOLS = ("vms", "fast", "slow", "backup", "images")
NODES = 50
STEADY_S = 300.0
KNOWN_LIMIT_S = 900.0
LOOK_EVERY_S = 5.0
IMAGES_LIMIT_S = 900.0
LOOKS = (
    (Look.OVERVIEW, "a refresh: health, OSDs, pools, every volume's name", "≤ 5 s"),
    (Look.POOL, "one pool's volumes with size, parent, snapshots, lock", ""),
    (Look.USE, "one pool's use, volume by volume", ""),
    (Look.HOLDERS, "who has up to eight volumes open", ""),
)
IMAGES = Path(__file__).parent / "images.py"


@dataclass
class Led:
    """What stands for the manager beside the reporter: it leads, and knows the cluster."""

    cluster: Cluster
    lease: str

    @property
    def led(self) -> tuple[Cluster, str]:
        return self.cluster, self.lease


class NotingReader(ThreadedReader):
    """Asks as the daemon does, and notes what was asked and how long the answer took."""

    def __init__(self, commands: CephCommands) -> None:
        super().__init__(commands, SystemClock())
        self.took_s: dict[Look, list[float]] = {look: [] for look in Look}

    def begin(self, wanted: Wanted, heard: Heard) -> None:
        def noted(reading: Reading | None, error: str) -> None:
            if reading is not None:
                self.took_s[wanted.look].append(reading.took_s)
            heard(reading, error)

        super().begin(wanted, noted)


class Spent:
    """Processor time of this process and of what it ran, since this was made."""

    def __init__(self) -> None:
        self._began_s, self._before_s = time.monotonic(), _processor_s()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def share(self) -> str:
        return f"{(_processor_s() - self._before_s) / self.elapsed_s:.0%} of a core"


def measure(directory: Path, *, volumes: int) -> Iterator[Figure]:
    """Make the volumes and their VMs, let the reporter find out, and look at what it does from then on."""
    lab = Lab(directory / "lab")
    try:
        lab.up(hosts=1, owner=ProcessIdentity.of(os.getpid()))
        ceph = lab.start_ceph()
        run("/usr/bin/python3", str(IMAGES), str(ceph.configuration), str(volumes), *POOLS, limit_s=IMAGES_LIMIT_S)
        with ZooKeeperServer(directory / "zookeeper", heap_mb=512) as server:
            store = ZooKeeperStore(ZooKeeperAddress.parse(server.hosts), clock=time.monotonic, session_s=60.0)
            store.connect()
            try:
                yield from _reported(store, ceph, volumes)
            finally:
                store.close()
    finally:
        lab.down()


def _reported(store: ZooKeeperStore, ceph: Ceph, volumes: int) -> Iterator[Figure]:
    schema, clock, wake = store.address.schema, SystemClock(), threading.Event()
    populate(store, schema, nodes=NODES, vms=volumes, pools=POOLS)
    session = Session(store, schema, who="manager@bench", wall_clock=time.time)
    leader = Led(load_cluster(store, schema), session.acquire_lease("hv1"))
    reader = NotingReader(CephCommands(configuration=str(ceph.configuration)))
    reporter = LoopThread("storage", StorageReporter("hv1", session, clock, reader, leader, wake.set), clock, wake)
    spent = Spent()
    reporter.start()
    try:
        _wait_until_known(store, volumes)
        yield Figure(
            what=f"{volumes:,} volumes in {len(POOLS)} pools known with their sizes, from nothing",
            measured=f"{spent.elapsed_s:.0f} s, {spent.share()}",
        )
        leader.cluster = load_cluster(store, schema)
        yield from _steady(reader)
    finally:
        reporter.stop()
        reader.stop()
    yield _largest(store)
    yield from _rows(load_cluster(store, schema))


def _wait_until_known(store: ZooKeeperStore, volumes: int) -> None:
    end_s = time.monotonic() + KNOWN_LIMIT_S
    while sum(bool(one.size_bytes) for one in _volumes(store)) < volumes:
        if time.monotonic() > end_s:
            raise TimeoutError("the volumes were not known in time")
        time.sleep(LOOK_EVERY_S)


def _volumes(store: ZooKeeperStore) -> Iterator[Volume]:
    for path, znode in _documents(store):
        found = decode(PoolVolumes, path, znode)
        if isinstance(found, PoolVolumes):
            yield from found.volumes


def _documents(store: ZooKeeperStore) -> list[tuple[str, Znode]]:
    schema = store.address.schema
    paths = [f"{schema.volumes}/{name}" for name in store.children([schema.volumes])[0] or []]
    return [(path, znode) for path, znode in zip(paths, store.read(paths), strict=True) if znode is not None]


def _steady(reader: NotingReader) -> Iterator[Figure]:
    """Some minutes in which nobody changes anything: refreshes, and the dearer looks as often as they may be."""
    for took_s in reader.took_s.values():
        took_s.clear()
    spent = Spent()
    time.sleep(STEADY_S)
    share = spent.share()
    for look, what, target in LOOKS:
        took_s = sorted(reader.took_s[look])
        if took_s:
            measured = f"{len(took_s)} times, median {took_s[len(took_s) // 2]:.1f} s, worst {took_s[-1]:.1f} s"
            yield Figure(what=what, measured=measured, target=target)
    yield Figure(what=f"the reporter and all that it runs, {STEADY_S:.0f} s", measured=share, target="≤ 20 % of a core")


def _largest(store: ZooKeeperStore) -> Figure:
    sizes = [len(znode.data) for _, znode in _documents(store)]
    measured = f"{max(sizes) / 1024:.0f} KB"
    return Figure(what=f"the largest of {len(sizes)} documents of volumes", measured=measured, target="≤ 512 KB")


def _rows(cluster: Cluster) -> Iterator[Figure]:
    """What the console makes of it, beside what it makes of as many VMs."""
    book, full = StatusBook(), Delta(full=True)
    book.take_in(cluster, full)
    view = View(cluster=cluster, delta=full, book=book, pulse=Pulse())
    make = volume_rows()
    calls: dict[str, Callable[[], list[Row]]] = {
        "rows of the VM table, all anew": lambda: rows_of_vms(view),
        "rows of the volumes, all anew": lambda: make(cluster),
        "rows of the volumes after a change": lambda: make(cluster),
    }
    for what, call in calls.items():
        began_s = time.process_time()
        rows = call()
        took_s = time.process_time() - began_s
        yield Figure(what=f"{what} ({len(rows):,})", measured=f"{milliseconds(took_s)} of processor")


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
