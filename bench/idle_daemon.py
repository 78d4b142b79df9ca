"""The daemon of a node whose VMs all run and stay so: `python -m bench.idle_daemon ADDRESS NUMBER NODES VMS ROLE`.

All its loops are the real ones, on a real ZooKeeper; its hypervisor says what the cluster expects.
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence

from bench.populate import MEMORY_MB, boot_id, node_name, vm_uuid
from nodedaemon.daemon import Daemon, Surroundings
from nodedaemon.hypervisor import DomainUse, HostUse
from nodedaemon.identity import Identity
from nodedaemon.loop import SystemClock
from pvccore.model.node import NodeConfig, NodeRole
from pvccore.plan.domains import Domain, DomainState
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.zookeeper import ZooKeeperStore

TICK_S = 0.5
"""As often as the real program looks after its loops."""


class StillHypervisor:
    """Domains that run; nobody asks for more."""

    def __init__(self, uuids: Sequence[str], clock: SystemClock) -> None:
        self._clock = clock
        self._domains = {one: Domain(uuid=one, state=DomainState.RUNNING) for one in uuids}
        use = {one: DomainUse(cpu=0.5, memory_mb=2048) for one in uuids}
        self._use = HostUse(memory_total_mb=MEMORY_MB, memory_free_mb=MEMORY_MB // 2, load=1.0, vcpus=64, domains=use)

    def observed_domains(self) -> Mapping[str, Domain]:
        return dict(self._domains)

    def observed_at_s(self) -> float:
        return self._clock.monotonic()

    def observed_use(self) -> HostUse:
        return self._use

    def observed_error(self) -> str:
        return ""

    def take_shut_down_inside(self) -> frozenset[str]:
        return frozenset()

    def on_change(self, wake: Callable[[], None]) -> None:
        """Nothing ever changes."""

    def start_paused(self, xml: str) -> None:
        raise NotImplementedError(xml)

    def resume(self, uuid: str) -> None:
        raise NotImplementedError(uuid)

    def shut_down(self, uuid: str) -> None:
        raise NotImplementedError(uuid)

    def destroy(self, uuid: str) -> None:
        raise NotImplementedError(uuid)

    def resize_disk(self, uuid: str, volume: str, size_bytes: int) -> None:
        raise NotImplementedError(uuid)

    def migrate(self, uuid: str, address: str, max_downtime_ms: int, limit_s: float) -> None:
        raise NotImplementedError(uuid)


def main() -> None:
    """Live until killed."""
    address = ZooKeeperAddress.parse(sys.argv[1])
    number, nodes, vms = (int(word) for word in sys.argv[2:5])
    clock = SystemClock()
    config = NodeConfig(machine_id=uuid.UUID(int=number + 1).hex, role=NodeRole(sys.argv[5]))
    identity = Identity(node=node_name(number), boot_id=boot_id(number), daemon_id=uuid.uuid4().hex, config=config)
    here = [vm_uuid(one) for one in range(number, vms, nodes)]
    store = ZooKeeperStore(address, clock=clock.monotonic)
    store.connect()
    around = Surroundings(hypervisor=StillHypervisor(here, clock), logins={})
    daemon = Daemon(identity, store, address.schema, clock, around)
    daemon.start()
    pause = threading.Event()
    while not pause.wait(TICK_S):
        daemon.pet()


if __name__ == "__main__":
    main()
