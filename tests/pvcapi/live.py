"""`pvcapid` as a process before a real ZooKeeper, as people run it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from lab.zookeeper import free_port
from pvccore.operations.connecting import seat
from pvccore.operations.tokens import Role, TokenFile
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.session import Session, create_tree
from pvccore.state.zookeeper import ZooKeeperStore
from tests.architecture import source
from tests.operations.world import World

UP_WITHIN_S = 60.0
SESSION_S = 40.0


class RealWorld(World):
    """The small cluster of the other tests, in a real ZooKeeper."""

    def __init__(self, store: ZooKeeperStore) -> None:
        super().__init__()
        self.store = store  # type: ignore[assignment]
        self.schema = store.address.schema
        self.setup = Session(store, self.schema, who="setup", wall_clock=time.time)
        self.operator = seat(store, "ben@ops2")


@contextmanager
def real_world(address: ZooKeeperAddress) -> Iterator[RealWorld]:
    """A cluster of three nodes at that address."""
    # Its nodes live as long as its session, which a busy machine must not end.
    store = ZooKeeperStore(address, clock=time.monotonic, session_s=SESSION_S)
    try:
        store.connect(SESSION_S)
        create_tree(Session(store, address.schema, who="setup", wall_clock=time.time))
        made = RealWorld(store)
        for name in ("hv1", "hv2", "hv3"):
            made.add_node(name)
        yield made
    finally:
        store.close()


@contextmanager
def running(folder: Path, address: ZooKeeperAddress, *, more: str = "") -> Iterator[httpx.Client]:
    """The program, and a client of it with an operator's token."""
    port = free_port()
    tokens = TokenFile(folder / "tokens.json")
    key = tokens.add("robot", Role.OPERATOR, now=time.time())
    config = folder / "pvcapid.toml"
    config.write_text(
        f'zookeeper = ["{address.hosts}"]\nchroot = "{address.chroot}"\nlisten = "127.0.0.1:{port}"\n'
        f'tokens_file = "{tokens.path}"\nrequests_per_minute = 1000000\n{more}\n'
    )
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "pvcapi", "--config", config], cwd=source.ROOT, stdout=log, stderr=log
        ) as program,
    ):
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": key}, timeout=10) as client:
                until(lambda: answers(client), UP_WITHIN_S)
                yield client
        finally:
            program.terminate()


def answers(client: httpx.Client) -> bool:
    """Whether anybody listens."""
    try:
        client.get("/api/v1/status")
    except httpx.TransportError:
        return False
    return True


def until(holds: Callable[[], bool], within_s: float = 20.0) -> float:
    """Look again and again until something holds; how long it took."""
    began_s = time.monotonic()
    while not holds():
        assert time.monotonic() < began_s + within_s, "it never came to hold"
        time.sleep(0.02)
    return time.monotonic() - began_s
