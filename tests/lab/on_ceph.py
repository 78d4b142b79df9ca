"""A living cluster whose VMs have their disks in Ceph, and the witness of who uses them."""

from __future__ import annotations

import contextlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from lab.ceph import POOL, Ceph
from lab.cluster import Lab
from lab.commands import LabError
from lab.guest import domain_xml
from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Unavailable
from pvccore.model.fence import FenceAgentKind, FencePhase
from pvccore.model.node import ReadinessState
from pvccore.model.vm import VmState
from pvccore.operations import cluster as cluster_verbs
from pvccore.operations import definitions
from tests.lab.living import GUEST_LIMIT_S, GUEST_PATHS, LivingCluster

WITNESS_EVERY_S = 0.5
WITNESS_ENDS_WITHIN_S = 30.0
ELSEWHERE_LIMIT_S = 60.0
RETURN_LIMIT_S = 60.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What `rbd status` said of one image: the addresses of the hosts that have it open."""

    at_s: float
    image: str
    hosts: frozenset[str]


class Witness:
    """Asks Ceph itself, all the time, which hosts have each image open; knows nothing of the cluster's own word."""

    def __init__(self, ceph: Ceph, images: Callable[[], Iterable[str]]) -> None:
        self._ceph = ceph
        self._images = images
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self.sightings: list[Sighting] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(WITNESS_ENDS_WITHIN_S)

    def shared(self) -> list[Sighting]:
        """The moments at which two hosts had one image open."""
        return [one for one in tuple(self.sightings) if len(one.hosts) > 1]

    def _run(self) -> None:
        while not self._ended.wait(WITNESS_EVERY_S):
            for image in self._images():
                try:
                    hosts = frozenset(self._ceph.watching_hosts(image))
                except LabError:
                    continue  # made, or removed, at this very moment
                self.sightings.append(Sighting(at_s=time.monotonic(), image=image, hosts=hosts))


class CephCluster(LivingCluster):
    """Daemons that use Ceph; storage fencing is the last of their fence agents. A witness watches every disk.

    more: further TOML of their configurations. agents: their fence agents after IPMI.
    witnessed: without, the processor is left to what is measured.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        more: str = "",
        agents: Sequence[str] = (FenceAgentKind.CEPH_BLOCKLIST,),
        witnessed: bool = True,
    ) -> None:
        super().__init__(lab)
        self.ceph = lab.ceph
        self._more = more
        self._agents = agents
        self._names: list[str] = []
        self.witness = Witness(self.ceph, lambda: tuple(self._names) if witnessed else ())

    def __enter__(self) -> Self:
        self.store.connect()
        cluster_verbs.init(self.operator.session)
        # A person who pulls plugs one after another must not wait three minutes in between.
        self.set("refence_after_s", 0)
        self.lab.start_daemons(chroot=self.chroot, more=self._more, last_agents=self._agents)
        self.wait_until_settled()
        self.witness.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self.witness.__exit__(*exception)
        super().__exit__(*exception)

    def set(self, name: str, value: object) -> None:
        """Set one of the cluster's settings."""
        cluster_verbs.set_setting(self.operator, name, value)

    def wait_until(self, question: Callable[[], Answer], *, within_s: float, what: str) -> Answer:
        """As ever; a moment without ZooKeeper is a moment in which it is not so yet."""

        def asked() -> Answer | None:
            with contextlib.suppress(Unavailable):
                return question()
            return None

        answer = super().wait_until(asked, within_s=within_s, what=what)
        assert answer is not None
        return answer

    # VMs

    def run_vms(self, *names: str, on: str) -> None:
        """Define VMs with a disk in Ceph each, all at once, and wait until all are resumed."""
        for name in names:
            self.define_vm(name, on=on, start=True)
        for name in names:
            self.wait_until_runs(name, on=on)

    def define_vm(self, name: str, *, on: str, start: bool = False, boots: bool = True) -> None:
        """Define a VM with a disk in Ceph, on a node; one that boots nothing stays in its firmware."""
        disk = self.ceph.make_image(name)
        self._names.append(name)
        xml = domain_xml(name, str(uuid.uuid4()), disk_xml=disk.xml)
        if not boots:
            xml = re.sub(r"<(kernel|initrd|cmdline)>.*?</\1>", "", xml)
        definitions.define(self.operator, definitions.NewVm(xml=xml, node=on, paths=GUEST_PATHS, start=start))

    def wait_until_runs(self, name: str, *, on: str = "", not_on: str = "") -> str:
        """Wait until it is resumed (there); returns the node."""
        where = (f" on {on}" if on else "") + (f" elsewhere than on {not_on}" if not_on else "")

        def runs_there() -> bool:
            vm = self.vm(name)
            return vm.placement.state is VmState.RUNNING and on in ("", vm.node) and vm.node != not_on

        self.wait_until(runs_there, within_s=ELSEWHERE_LIMIT_S, what=f"{name} runs{where}")
        return self.vm(name).node

    def wait_until_writes(self, name: str, *, on: str = "", not_on: str = "") -> str:
        """Wait until it runs (there), alone, and its guest writes to its disk; returns the node."""
        node = self.wait_until_runs(name, on=on, not_on=not_on)
        count = self.ceph.disk_state(name).count
        self.wait_until(
            lambda: self.ceph.disk_state(name).count > count, within_s=GUEST_LIMIT_S, what=f"{name} writes on {node}"
        )
        assert self.ceph.watching_hosts(name) == {self.lab.host(node).address}, self.story
        assert not self.ceph.disk_state(name).another_writer, self.story
        return node

    def check_alone(self, *, moving: Iterable[str] = ()) -> None:
        """No image was ever open on two hosts at once, but for those that a live migration held open on both."""
        assert self.witness.sightings, "the witness saw nothing"
        shared = [one for one in self.witness.shared() if one.image not in tuple(moving)]
        assert not shared, f"{shared}\n{self.story}"
        for name in self._names:
            assert not self.ceph.disk_state(name).another_writer, f"{name} was written by two guests\n{self.story}"

    def locks(self, name: str) -> str:
        """What `rbd lock ls` prints of a VM's disk: each holder with its address."""
        return self.ceph.rbd("lock", "ls", f"{POOL}/{name}")

    def domain_states(self, name: str) -> dict[str, str]:
        """Host → what its libvirt says of the VM's domain, of every host that is on and has one."""
        seen = {host.name: host.domains() for host in self.lab.hosts if host.is_on}
        return {host: domains[name] for host, domains in seen.items() if name in domains}

    # Nodes

    def others(self, node: str) -> tuple[str, ...]:
        """The other nodes' names."""
        return tuple(host.name for host in self.lab.hosts if host.name != node)

    def wait_for_phase(self, node: str, *phases: FencePhase, within_s: float = ELSEWHERE_LIMIT_S) -> None:
        """Wait until the fence of a node is in one of the phases."""
        self.wait_until(lambda: self.phase(node) in phases, within_s=within_s, what=f"the fence of {node}: {phases}")

    def is_blocklisted(self, node: str) -> bool:
        """Whether Ceph itself says that it refuses every client of the node."""
        listed = self.ceph.ceph("osd", "blocklist", "ls")
        return f"{self.lab.host(node).address}:0/0" in listed

    def wait_until_back(self, node: str, readiness: ReadinessState) -> None:
        """Wait until a fenced node is alive, admitted, and in that readiness."""

        def is_back(cluster: Cluster) -> bool:
            found = cluster.node(node)
            return found.is_alive and found.fence.phase is FencePhase.NONE and found.readiness.state is readiness

        self.wait_until(lambda: is_back(self.look()), within_s=RETURN_LIMIT_S, what=f"{node} is back, {readiness}")

    def when(self, kind: Kind, key: str, is_so: Callable[[], bool], *, within_s: float, what: str) -> None:
        """Return the moment that a record's change makes `is_so` true: by a watch, not by looking now and then."""
        changed = threading.Event()
        self.store.watch(self.address.schema.path(kind, key), lambda _path: changed.set(), recursive=False)
        end_s = time.monotonic() + within_s
        while not is_so():
            assert changed.wait(max(0.0, end_s - time.monotonic())), f"not within {within_s:g} s: {what}\n{self.story}"
            changed.clear()
