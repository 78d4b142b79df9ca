"""How long the lab's VMs are down when a node dies, and how long a flush takes: real QEMU, Ceph, IPMI, ZooKeeper.

Twenty emulated guests that boot would measure the processor: so the first one boots Debian's kernel and writes, and
the others, with a disk in Ceph each like it, stay in their firmware, which finds nothing to boot.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from lab.cluster import Lab
from lab.processes import ProcessIdentity
from pvccore.model.node import ReadinessState
from pvccore.model.vm import VmState
from pvccore.operations import nodes
from tests.lab.on_ceph import CephCluster

RUNS = 5
LOST_VMS, FLUSHED_VMS = 20, 10
LIMIT_S = 600.0
LOOK_EVERY_S = 0.1
NODE = "hv1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Seconds from a power cut until VMs were resumed elsewhere, and until the one that boots had written."""

    first_resumed_s: float
    last_resumed_s: float
    written_s: float


def measure(directory: Path) -> Iterator[Figure]:
    """Flushes first, in one cluster; then a fresh one for every power cut. Needs root and what the lab needs."""
    lab = Lab(directory / "lab")
    try:
        lab.up(owner=ProcessIdentity.of(os.getpid()))
        lab.start_ceph()
        yield from _flushes(lab)
        yield from _outages([_outage(lab) for _ in range(RUNS)])
    finally:
        lab.down()


# Flush and ready


def _flushes(lab: Lab) -> Iterator[Figure]:
    flushed_s, ready_s = [], []
    with CephCluster(lab, witnessed=False) as cluster:
        names = _started(cluster, FLUSHED_VMS)
        _wait(lambda: "tick" in lab.host(NODE).serial(names[0]))
        for _ in range(RUNS):
            flushed_s.append(_took_s(cluster, lambda: nodes.flush(cluster.operator, NODE), ReadinessState.FLUSHED))
            ready_s.append(_took_s(cluster, lambda: nodes.ready(cluster.operator, NODE), ReadinessState.READY))
    yield Figure(what=f"flush of {FLUSHED_VMS} VMs, by live migration", measured=_median_and_worst(flushed_s))
    yield Figure(what=f"ready: the same {FLUSHED_VMS} VMs come back", measured=_median_and_worst(ready_s))


def _took_s(cluster: CephCluster, ask: Callable[[], object], state: ReadinessState) -> float:
    began_s = time.monotonic()
    ask()
    _wait(lambda: cluster.look().node(NODE).readiness.state is state)
    return time.monotonic() - began_s


# Power cuts


def _outages(found: Sequence[Outage]) -> Iterator[Figure]:
    for words, target, seconds in (
        ("first VM resumed", "≤ 15 s", [one.first_resumed_s for one in found]),
        (f"last of {LOST_VMS} resumed", "≤ 25 s", [one.last_resumed_s for one in found]),
        (
            "the guest that boots, placed among the others, has written to its disk",
            "",
            [one.written_s for one in found],
        ),
    ):
        yield Figure(what=f"power cut → {words}", measured=_median_and_worst(seconds), target=target)


def _outage(lab: Lab) -> Outage:
    """One power cut of a node with many VMs, in a cluster of its own."""
    lab.mend()
    with CephCluster(lab, witnessed=False) as cluster:
        names = _started(cluster, LOST_VMS)
        cut_s = time.monotonic()
        lab.host(NODE).power_cut()
        resumed_s: dict[str, float] = {}
        written_s: list[float] = []

        def all_run() -> bool:
            passed_s = time.monotonic() - cut_s
            for name in _running_elsewhere(cluster):
                resumed_s.setdefault(name, passed_s)
            if not written_s and any(
                "tick" in lab.host(other).serial(name) for other in _others(lab) for name in names
            ):
                written_s.append(passed_s)
            return bool(written_s) and len(resumed_s) == len(names)

        _wait(all_run)
    seconds = sorted(resumed_s.values())
    return Outage(first_resumed_s=seconds[0], last_resumed_s=seconds[-1], written_s=written_s[0])


def _running_elsewhere(cluster: CephCluster) -> list[str]:
    vms = cluster.look().vms.values()
    return [vm.name for vm in vms if vm.node != NODE and vm.placement.state is VmState.RUNNING]


def _others(lab: Lab) -> list[str]:
    return [host.name for host in lab.hosts if host.name != NODE]


def _started(cluster: CephCluster, count: int) -> list[str]:
    """That many VMs, resumed on the node that is to be emptied."""
    names = [f"vm{number:02}" for number in range(1, count + 1)]
    for name in names:
        cluster.define_vm(name, on=NODE, start=True, boots=name == names[0])
    _wait(lambda: all(vm.placement.state is VmState.RUNNING for vm in cluster.look().vms.values()))
    return names


def _wait(question: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not question():
        if time.monotonic() >= end_s:
            raise TimeoutError(f"the lab took more than {LIMIT_S:g} s")
        time.sleep(LOOK_EVERY_S)


def _median_and_worst(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f} s (worst {max(seconds):.1f} s)"
