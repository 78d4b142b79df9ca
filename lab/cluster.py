"""A whole lab: hosts, BMCs and ZooKeeper servers, all noted in one directory, so that any later command can end it."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from lab import waiting
from lab.bmc import Bmc, BmcMode
from lab.ceph import Ceph
from lab.commands import LabError
from lab.guest import CACHE, guest_image
from lab.host import Host
from lab.network import Network, claim_network
from lab.node_daemon import CHROOT, install_daemon
from lab.power import HostPlan, load_plan, power_cut
from lab.processes import Ledger, ProcessIdentity
from lab.storage import SharedStorage
from lab.turns import one_at_a_time
from lab.zookeeper import Ensemble

LABS = Path(os.environ.get("PVC_LAB_STATE", "/var/lib/pvc-lab"))
DEFAULT_NAME = "lab"
DEFAULT_HOSTS = 3

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPlan:
    """What a lab is made of, written down before anything of it is started.

    owner: the process without which the lab is abandoned; None for one that stands until somebody takes it down.
    """

    slot: int
    hosts: int
    owner: ProcessIdentity | None

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "LabPlan":
        try:
            words = json.loads(path.read_text())
        except FileNotFoundError:
            raise LabError(f"there is no lab in {path.parent}; `make lab-up` makes one") from None
        owner = ProcessIdentity(**words["owner"]) if words["owner"] else None
        return cls(slot=words["slot"], hosts=words["hosts"], owner=owner)


class Lab:
    """A real cluster on this machine, as it stands in its directory; `up` makes it and `down` leaves nothing of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ledger = Ledger(directory / "processes")

    # What is in it

    @property
    def exists(self) -> bool:
        """Whether there is anything of it, whole or not."""
        return self.directory.exists()

    @property
    def is_whole(self) -> bool:
        """Whether it was brought up to its end and not yet taken down."""
        return (self.directory / "whole").exists()

    @property
    def plan(self) -> LabPlan:
        return LabPlan.load(self._plan_path)

    @property
    def network(self) -> Network:
        return Network(slot=self.plan.slot)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Its hypervisors, hv1 first."""
        plan = self.plan
        return tuple(self._host(Network(slot=plan.slot), number) for number in range(1, plan.hosts + 1))

    @property
    def zookeeper(self) -> Ensemble:
        return Ensemble(self.directory / "zookeeper", self.network.zookeeper_addresses, self.ledger)

    def host(self, name: str) -> Host:
        """The hypervisor of that name."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise LabError(f"the lab has no host {name}; it has {', '.join(host.name for host in self.hosts)}")

    def cut_link(self, one: str, other: str) -> None:
        """Cut two hosts from each other alone, both ways; `heal` of each mends it."""
        self.host(one).cut_from(self.host(other).address)
        self.host(other).cut_from(self.host(one).address)

    @property
    def storage(self) -> SharedStorage:
        return SharedStorage(self.directory / "disks", self.network.machine_address, self.ledger)

    @cached_property
    def ceph(self) -> Ceph:
        """Its Ceph cluster, which `start_ceph` starts."""
        return Ceph(self.directory / "ceph", self.network, self.ledger)

    def start_ceph(self, *, quick: bool = False) -> Ceph:
        """Its Ceph cluster, running; a `quick` one tells of changes sooner than Ceph does by itself."""
        self.ceph.start((host.directory for host in self.hosts), quick=quick)
        return self.ceph

    def start_daemons(self, *, chroot: str = CHROOT, more: str = "", last_agents: Sequence[str] = ()) -> None:
        """Install the node daemon on every host and start it; see `install_daemon` for what they differ in."""
        hosts = self.hosts
        for host in hosts:
            install_daemon(
                host,
                hosts=hosts,
                zookeeper=self.zookeeper,
                chroot=chroot,
                ceph=self.ceph.runs,
                more=more,
                last_agents=last_agents,
            )
            host.start_daemon()

    def wait_until(self, question: Callable[[], Answer], *, within_s: float, what: str) -> Answer:
        """The first true answer to `question`; LabError naming `what` when there is none in time."""
        return waiting.wait_until(question, within_s=within_s, what=what)

    # Its life

    def up(self, *, hosts: int = DEFAULT_HOSTS, owner: ProcessIdentity | None = None) -> None:
        """Bring everything up and wait until all of it answers; what already runs stays as it is."""
        if not self.is_whole:
            self.down()
            self._lay_out(hosts, owner)
        guest_image()
        self._each_host(_switch_on)
        self.zookeeper.start()
        self._each_host(_wait_ready)
        self.hosts[0].save_capabilities()
        (self.directory / "whole").touch()

    def mend(self) -> None:
        """Bring back what a test broke: all on, connected and answering; no guest, no disk, no daemon and no cut."""
        self._each_host(_clear)
        self.storage.remove_all()
        if self.ceph.runs:
            self.ceph.clear()
        for server in self.zookeeper.servers:
            server.resume()
        self.up()

    def down(self) -> None:
        """End exactly what this lab started and remove every trace; a broken or half-made lab goes as well."""
        for plan in (load_plan(path.parent) for path in self.directory.glob("hosts/*/plan.json")):
            power_cut(plan)
        for name in self.ledger.living():
            self.ledger.end(name, by=signal.SIGKILL)
        if self._plan_path.exists():
            self.ceph.close()
            del self.ceph
            self.network.remove()
        shutil.rmtree(self.directory, ignore_errors=True)
        if LABS.exists() and not any(LABS.iterdir()):
            LABS.rmdir()

    def _each_host(self, do: Callable[[Host], None]) -> None:
        """Do it to all hosts at once."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(do, self.hosts))

    @property
    def _plan_path(self) -> Path:
        return self.directory / "lab.json"

    def _lay_out(self, hosts: int, owner: ProcessIdentity | None) -> None:
        self.directory.mkdir(parents=True)
        network = claim_network()
        LabPlan(slot=network.slot, hosts=hosts, owner=owner).save(self._plan_path)
        names = {host.name: host.address for host in self.hosts}
        for host in self.hosts:
            network.add_address(host.bmc.address)
            host.install(names)

    def _host(self, network: Network, number: int) -> Host:
        name = f"hv{number}"
        plan = HostPlan(
            name=name,
            number=number,
            directory=str(self.directory / "hosts" / name),
            ledger=str(self.directory / "processes"),
            address=network.host_address(number),
            bridge=network.bridge,
            link=network.link(number),
        )
        bmc = Bmc(plan=plan, address=network.bmc_address(number), ledger=self.ledger)
        return Host(plan=plan, network=network, bmc=bmc)


def _switch_on(host: Host) -> None:
    host.bmc.start()
    host.power_on(wait=False)


def _wait_ready(host: Host) -> None:
    host.wait_ready()
    host.bmc.wait_ready()


def _clear(host: Host) -> None:
    host.bmc.become(BmcMode.OK)
    host.clear()


def default_lab() -> Lab:
    """The lab of `make lab-up`."""
    return Lab(LABS / DEFAULT_NAME)


def own_lab() -> Lab:
    """A lab of this very process, for its tests; see `remove_abandoned`."""
    return Lab(LABS / f"process-{os.getpid()}")


def remove_abandoned() -> None:
    """Take down the labs whose owner died without doing so."""
    with one_at_a_time(CACHE / "abandoned.lock"):
        for directory in (path.parent for path in sorted(LABS.glob("*/lab.json"))):
            lab = Lab(directory)
            if lab.plan.owner and not lab.plan.owner.alive:
                lab.down()
