"""Whose turn it is to be asked who has a volume open: a few at a time, first those whose VM has done something since.

One question costs some 0.08 s of processor time a volume, for there is none about many at once. So each of 10,000
volumes has its turn every few hours, each of a hundred every few minutes, and every one soon after its VM was started,
stopped or moved. Those that are asked for together stand in one document, so that one is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pvccore.model.cluster import Cluster
from pvccore.model.storage import split_volume_path
from pvccore.model.vm import Vm
from pvccore.model.volume_documents import shard_of

AT_ONCE = 8

Sign = tuple[str, str, str]


class HolderTurns:
    """What was asked when, of the volumes that VMs have; starts from nothing with every lease.

    documents: over how many documents a pool's volumes are spread.
    """

    def __init__(self, documents: Callable[[str], int]) -> None:
        self._documents = documents
        self._asked: dict[str, tuple[float, Sign]] = {}

    def next(self, cluster: Cluster, now_s: float) -> tuple[str, tuple[str, ...]]:
        """A pool, and the volumes in it whose turn it is; both are empty where there is none."""
        signs = {path: sign for path, sign in _disks(cluster) if cluster.storage.find(path) is not None}
        self._asked = {path: asked for path, asked in self._asked.items() if path in signs}
        turns = sorted(signs, key=lambda path: self._urgency(path, signs[path]))
        if not turns:
            return "", ()
        chosen = self._beside(turns)[:AT_ONCE]
        self._asked |= {path: (now_s, signs[path]) for path in chosen}
        return split_volume_path(chosen[0])[0], tuple(split_volume_path(path)[1] for path in chosen)

    def _beside(self, turns: list[str]) -> list[str]:
        """Those that stand in the same document as the first."""
        pool, name = split_volume_path(turns[0])
        documents = self._documents(pool)
        parts = ((path, *split_volume_path(path)) for path in turns)
        shard = shard_of(name, documents)
        return [path for path, place, one in parts if place == pool and shard_of(one, documents) == shard]

    def _urgency(self, path: str, sign: Sign) -> tuple[bool, float, str]:
        at_s, then = self._asked.get(path, (float("-inf"), None))
        return then == sign, at_s, path


def _disks(cluster: Cluster) -> Iterator[tuple[str, Sign]]:
    for vm in cluster.vms.values():
        for path in vm.definition.volumes:
            yield path, _sign(vm)


def _sign(vm: Vm) -> Sign:
    """What changes when it is started, stopped or moved."""
    claim = vm.placement.claim
    return vm.placement.state.value, vm.placement.node, claim.run_id if claim is not None else ""
