"""Real ZooKeeper servers: one on loopback for ordinary tests, or the lab's ensemble of three."""

import contextlib
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.commands import BEFORE_GUESTS, LabError
from lab.processes import Ledger
from lab.waiting import wait_until

# The last two are what TLS needs beside Debian's package, which forgets to name them.
CLASS_PATH = ":".join(
    f"/usr/share/java/{name}.jar" for name in ("zookeeper", "slf4j-simple", "netty-codec", "netty-resolver")
)
CLIENT_PORT = 2181
QUORUM_PORT = 2888
ELECTION_PORT = 3888
READY_LIMIT_S = 60.0
ANSWER_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One server of an ensemble: its number and the address that peers and clients reach it by."""

    number: int
    address: str


class ZooKeeperServer:
    """One ZooKeeper server with its own directory; alone on a free loopback port, or a member of an ensemble.

    `with ZooKeeperServer(tmp_path) as server: client = KazooClient(server.hosts)` is all that a test needs.
    settings: further lines of its configuration.
    Stopped and started again it keeps its port and what it stored. It dies with the process that started it
    unless it belongs to a lab (`outlives_us`), whose ledger then ends it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        member: Member | None = None,
        members: Sequence[Member] = (),
        ledger: Ledger | None = None,
        heap_mb: int = 256,
        outlives_us: bool = False,
        settings: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self.member = member
        self.members = tuple(members)
        self.name = f"zookeeper-{member.number}" if member else "zookeeper"
        self.address = member.address if member else "127.0.0.1"
        self._port = CLIENT_PORT if member else 0
        self._ledger = ledger or Ledger(directory / "processes")
        self._heap_mb = heap_mb
        self._outlives_us = outlives_us
        self._settings = tuple(settings)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def hosts(self) -> str:
        """The connection string for a client, once the server was started."""
        return f"{self.address}:{self._port}"

    @property
    def runs(self) -> bool:
        """Whether its process lives."""
        return self._ledger.find(self.name) is not None

    @property
    def mode(self) -> str:
        """standalone, leader, follower or, while it does not serve, the empty string."""
        lines = self._ask("srvr").splitlines()
        return next((line.removeprefix("Mode: ") for line in lines if line.startswith("Mode: ")), "")

    def start(self, *, wait: bool = True) -> None:
        """Start the server and, unless told otherwise, wait until it serves clients."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._port = self._port or free_port()
        self._write_configuration()
        self._ledger.start(self.name, self._argv(), log=self.directory / "log")
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it serves clients; LabError with the end of its log when it died."""
        wait_until(self._ready_or_dead, within_s=READY_LIMIT_S, what=f"{self.name} serves at {self.hosts}")
        if not self.runs:
            raise LabError(f"{self.name} ended: {(self.directory / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Ask it to end, as its service manager would."""
        self._ledger.end(self.name)

    def kill(self) -> None:
        """End it as a crash would."""
        self._ledger.end(self.name, by=signal.SIGKILL)

    def hang(self) -> None:
        """Stop it in its tracks: it keeps its connections and answers nothing."""
        if identity := self._ledger.find(self.name):
            identity.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after a hang."""
        if identity := self._ledger.find(self.name):
            identity.send(signal.SIGCONT)

    def _ready_or_dead(self) -> bool:
        return not self.runs or self.mode != ""

    def _ask(self, word: str) -> str:
        """The answer to one of ZooKeeper's four-letter words; empty when nobody answers."""
        answer = b""
        with (
            contextlib.suppress(OSError),
            socket.create_connection((self.address, self._port), timeout=ANSWER_LIMIT_S) as asked,
        ):
            asked.sendall(word.encode())
            while part := asked.recv(65536):
                answer += part
        return answer.decode(errors="replace")

    def _write_configuration(self) -> None:
        lines = [
            f"dataDir={self.directory / 'store'}",
            f"clientPort={self._port}",
            f"clientPortAddress={self.address}",
            "tickTime=500",
            "initLimit=20",
            "syncLimit=4",
            "maxClientCnxns=0",
            "admin.enableServer=false",
            "4lw.commands.whitelist=*",
            "autopurge.purgeInterval=1",
        ]
        lines += [f"server.{one.number}={one.address}:{QUORUM_PORT}:{ELECTION_PORT}" for one in self.members]
        lines += self._settings
        (self.directory / "store").mkdir(exist_ok=True)
        (self.directory / "zoo.cfg").write_text("\n".join(lines) + "\n")
        if self.member:
            (self.directory / "store" / "myid").write_text(f"{self.member.number}\n")

    def _argv(self) -> list[str]:
        main = "quorum.QuorumPeerMain" if self.members else "ZooKeeperServerMain"
        with_us = BEFORE_GUESTS if self._outlives_us else ("setpriv", "--pdeathsig", "KILL")
        # The lab loses no power of its own, so it need not wait for the machine's disk at every write.
        return [
            *with_us,
            "java",
            f"-Xmx{self._heap_mb}m",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-Dzookeeper.forceSync=no",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            CLASS_PATH,
            f"org.apache.zookeeper.server.{main}",
            str(self.directory / "zoo.cfg"),
        ]


class Ensemble:
    """The lab's three ZooKeeper servers, each with an address of its own, so that a host can be cut from them alone."""

    def __init__(self, directory: Path, addresses: Sequence[str], ledger: Ledger) -> None:
        members = [Member(number=number, address=address) for number, address in enumerate(addresses, start=1)]
        self.servers = tuple(
            ZooKeeperServer(directory / str(one.number), member=one, members=members, ledger=ledger, outlives_us=True)
            for one in members
        )

    @property
    def hosts(self) -> str:
        """The connection string for a client."""
        return ",".join(server.hosts for server in self.servers)

    @property
    def leader(self) -> ZooKeeperServer:
        """The server that leads now; LabError while none does."""
        for server in self.servers:
            if server.mode == "leader":
                return server
        raise LabError("the ZooKeeper ensemble has no leader")

    def start(self) -> None:
        """Start the servers that do not run, all at once, and wait until all serve."""
        for server in self.servers:
            if not server.runs:
                server.start(wait=False)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until every running server serves and one of them leads."""
        for server in self.servers:
            if server.runs:
                server.wait_ready()
        wait_until(lambda: self.leader, within_s=READY_LIMIT_S, what="the ZooKeeper ensemble has a leader")

    def stop(self) -> None:
        """End all servers."""
        for server in self.servers:
            server.stop()

    def kill(self) -> None:
        """End all servers as a crash would."""
        for server in self.servers:
            server.kill()


def free_port() -> int:
    """A loopback port that nobody listens on, as the kernel gives it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
