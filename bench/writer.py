"""A process that changes placements at a steady rate: `python -m bench.writer ADDRESS VMS CHANGES_PER_S SECONDS`.

Each document says in `why` at which monotonic time its write was begun. It prints how many were written.
"""

from __future__ import annotations

import random
import sys
import time

from bench.populate import node_name, vm_uuid
from pvccore.model.change import Kind
from pvccore.model.vm import Placement, VmState, Wanted
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.codec import encode
from pvccore.state.store import Put
from pvccore.state.zookeeper import ZooKeeperStore

TOGETHER = 5
"""Writes in one multi."""
LEFT_ALONE = 10
"""So many VMs, the first ones, are for others to change."""


def main() -> None:
    """Write, pausing so that the rate is kept."""
    address = ZooKeeperAddress.parse(sys.argv[1])
    vms, per_s, seconds = (int(word) for word in sys.argv[2:5])
    store = ZooKeeperStore(address, clock=time.monotonic)
    store.connect()
    chance = random.Random(2)
    began_s = time.monotonic()
    written = 0
    while written < per_s * seconds:
        due_s = began_s + written / per_s
        time.sleep(max(0.0, due_s - time.monotonic()))
        why = repr(time.monotonic())
        state = chance.choice((VmState.RUNNING, VmState.PAUSED))
        document = encode(Placement(wanted=Wanted.RUNNING, state=state, node=node_name(0), why=why))
        numbers = chance.sample(range(LEFT_ALONE, vms), TOGETHER)
        store.commit([Put(address.schema.path(Kind.PLACEMENT, vm_uuid(number)), document, -1) for number in numbers])
        written += TOGETHER
        if time.monotonic() > began_s + 2 * seconds:
            break
    store.close()
    print(written)


if __name__ == "__main__":
    main()
