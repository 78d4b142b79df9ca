"""How long the HTTP API takes to list 10,000 VMs, as a program on the same machine sees it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.figures import Figure, milliseconds
from bench.populate import populate
from lab.waiting import wait_until
from lab.zookeeper import ZooKeeperServer, free_port
from pvccore.operations.tokens import Role, TokenFile
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.zookeeper import ZooKeeperStore

RUNS = 11
UP_WITHIN_S = 60.0
PATHS = (("all", "/api/v1/vm", "≤ 0.3 s"), ("one page of 100", "/api/v1/vm?limit=100&status=running", ""))


def measure(directory: Path, *, nodes: int, vms: int) -> Iterator[Figure]:
    """`pvcapid` before a real ZooKeeper, asked again and again over one connection."""
    tokens = TokenFile(directory / "tokens.json")
    key = tokens.add("bench", Role.READ_ONLY, now=0.0)
    with ZooKeeperServer(directory / "zookeeper", heap_mb=1024) as server:
        address = ZooKeeperAddress.parse(server.hosts)
        store = ZooKeeperStore(address, clock=time.monotonic, session_s=30.0)
        store.connect()
        populate(store, address.schema, nodes=nodes, vms=vms)
        port = free_port()
        config = directory / "pvcapid.toml"
        config.write_text(
            f'zookeeper = ["{server.hosts}"]\nlisten = "127.0.0.1:{port}"\ntokens_file = "{tokens.path}"\n'
        )
        with subprocess.Popen([sys.executable, "-m", "pvcapi", "--config", config]) as program:
            try:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": key}, timeout=60) as api:
                    wait_until(lambda: _serves(api), within_s=UP_WITHIN_S, what="pvcapid serves")
                    yield from (_figure(api, vms, *one) for one in PATHS)
            finally:
                program.terminate()
                store.close()


def _serves(api: httpx.Client) -> bool:
    try:
        return api.get("/api/v1/status").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _figure(api: httpx.Client, vms: int, what: str, path: str, target: str) -> Figure:
    took_s: list[float] = []
    size_mb = 0.0
    for _ in range(RUNS):
        began_s = time.perf_counter()
        answer = api.get(path)
        took_s.append(time.perf_counter() - began_s)
        size_mb = len(answer.content) / 1e6
        if answer.headers["X-Total-Count"] != str(vms):
            raise RuntimeError("the list is not complete")
    shown = f"{milliseconds(statistics.median(took_s))} (best {milliseconds(min(took_s))}, {size_mb:.1f} MB)"
    return Figure(what=f"GET {path.partition('?')[0]} of {vms:,} VMs, {what}", measured=shown, target=target)
