"""How long the whole process `pvc` takes, from its start to its end."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, as_installed, milliseconds
from bench.populate import populate
from lab.zookeeper import ZooKeeperServer
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.zookeeper import ZooKeeperStore

RUNS = 7
NODES, VMS = 50, 1000
LIMIT_S = 60.0


def measure(directory: Path) -> Iterator[Figure]:
    """`pvc --help`, and a list of 1,000 VMs."""
    yield Figure(what="`pvc --help`, whole process", measured=_run("--help"), target="≤ 150 ms")
    with ZooKeeperServer(directory) as server:
        address = ZooKeeperAddress.parse(server.hosts)
        store = ZooKeeperStore(address, clock=time.monotonic, session_s=30.0)
        store.connect()
        try:
            populate(store, address.schema, nodes=NODES, vms=VMS)
            shown = _run("-c", address.where, "vm", "list")
        finally:
            store.close()
    yield Figure(what=f"`pvc vm list` of {VMS:,} VMs, whole process", measured=shown, target="≤ 0.5 s")


def _run(*words: str) -> str:
    """The median time of a command line that must succeed, after a first time that loads it from the disk."""
    program = [sys.executable, "-m", "pvccli", *words]
    took_s = []
    for _ in range(RUNS + 1):
        began_s = time.perf_counter()
        subprocess.run(program, check=True, capture_output=True, timeout=LIMIT_S, env=as_installed())
        took_s.append(time.perf_counter() - began_s)
    return f"{milliseconds(statistics.median(took_s[1:]))} (best {milliseconds(min(took_s[1:]))})"
