"""Plots: faults that are dangerous together, at moments that hit; each closes in on one safeguard of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from pvccore.model.node import NodeRole
from pvccore.model.vm import Wanted
from simulation.hosts import NodeSpec, VmSpec
from simulation.scenario import Scenario

PLOT_S = 60.0
"""A plot is over after this."""
SILENCES = ("partition", "power-cut", "hang-daemon", "partition")
FENCE_S = (4.5, 9.5)
"""From a node's silence to the steps of its fence."""

Line = tuple[float, str]
"""When, and what."""


class Stage:
    """The persons of one plot, chosen by chance."""

    def __init__(self, cluster: Scenario, random: Random) -> None:
        self.random = random
        coordinators = [node for node in cluster.nodes if node.role is NodeRole.COORDINATOR]
        self.ruler = coordinators[0].name
        others = [node for node in cluster.nodes if node.name != self.ruler] or list(cluster.nodes)
        self.victim: NodeSpec = random.choice(others)
        self.other: NodeSpec = random.choice(cluster.nodes)
        here = [vm for vm in cluster.vms if vm.node == self.victim.name] or list(cluster.vms)
        running = [vm for vm in here if vm.wanted is Wanted.RUNNING]
        self.vm: VmSpec = random.choice(running or here)
        resting = [vm for vm in cluster.vms if vm.wanted is not Wanted.RUNNING]
        self.resting: VmSpec = random.choice(resting or here)
        self.silence = f"{random.choice(SILENCES)} {self.victim.name}"

    def soon(self, least_s: float = 0.0, most_s: float = 3.0) -> float:
        """Some seconds."""
        return self.random.uniform(least_s, most_s)

    def stall_s(self) -> float:
        """How long a process stands still: often just within its session, often beyond it."""
        return self.random.choice((1.5, 3.0, 3.5, 5.0, 5.2, 6.0, 12.0))


def ruler_stands_still(stage: Stage) -> list[Line]:
    """The manager stands still before a step of a fence; meanwhile maintenance is on, or the node is back."""
    answers = ("maintenance on", "maintenance on", f"heal {stage.victim.name}", f"power-on {stage.victim.name}")
    return [
        (0.0, stage.silence),
        (0.01, f"stall-daemon {stage.ruler} {stage.random.randint(1, 8)} {stage.stall_s():g}"),
        (stage.soon(*FENCE_S), stage.random.choice(answers)),
    ]


def late_decision(stage: Stage) -> list[Line]:
    """The manager stands still, within its session, right before it writes a step; maintenance comes first."""
    return [
        (0.0, f"partition {stage.victim.name}"),
        (0.01, f"stall-daemon {stage.ruler} {stage.random.choice((1, 3, 3))} 3.5"),
        (stage.soon(5.3, 8.3), "maintenance on"),
    ]


def late_power_off(stage: Stage) -> list[Line]:
    """The manager has written that it sends a power-off, and stands still before it does, far beyond its session."""
    answers = ("maintenance on", "maintenance on", f"heal {stage.victim.name}")
    return [
        (0.0, f"partition {stage.victim.name}"),
        (0.01, f"stall-daemon {stage.ruler} 4 {stage.random.choice((9, 12, 20))}"),
        (stage.soon(6.0, 9.0), stage.random.choice(answers)),
    ]


def ruler_dies(stage: Stage) -> list[Line]:
    """The manager dies between two steps of a fence."""
    count = stage.random.randint(1, 16)
    return [(0.0, stage.silence), (stage.soon(0.0, 4.0), f"crash-daemon {stage.ruler} {count}")]


def bmc_lies(stage: Stage) -> list[Line]:
    """The BMC says off, but the node runs on, cut off; later it is back."""
    name = stage.victim.name
    return [
        (0.0, f"bmc-lies {name}"),
        (stage.soon(), f"partition {name}"),
        (stage.soon(8.0, 40.0), f"heal {name}"),
        (stage.soon(8.0, 50.0), f"bmc-ok {name}"),
    ]


def bmc_dies(stage: Stage) -> list[Line]:
    """No agent can tell; meanwhile the node may come back, be switched off by hand, or lose a guest."""
    name = stage.victim.name
    return [
        (0.0, f"bmc-dead {name}"),
        (stage.soon(), stage.silence),
        (stage.soon(6.0, 25.0), stage.random.choice(("maintenance on", f"node fence {name} --confirmed-off"))),
        (stage.soon(8.0, 40.0), f"heal {name}"),
        (stage.soon(10.0, 45.0), f"guest-crash {stage.vm.definition.name}"),
        (stage.soon(15.0, 50.0), f"bmc-ok {name}"),
    ]


def fenced_alive(stage: Stage) -> list[Line]:
    """A person has a living node fenced whose BMC does not answer, while one of its guests ends."""
    name = stage.victim.name
    return [
        (0.0, f"bmc-dead {name}"),
        (stage.soon(), f"node fence {name}"),
        (stage.soon(0.5, 8.0), f"guest-crash {stage.vm.definition.name}"),
        (stage.soon(5.0, 40.0), f"bmc-ok {name}"),
    ]


def starts_while_fenced(stage: Stage) -> list[Line]:
    """An agent stands still right before it claims a VM, while its node is fenced or the VM is moved away."""
    name, vm = stage.resting.node, stage.resting.definition.name
    answer = stage.random.choice((f"node fence {name}", f"vm move {vm} --to {stage.other.name}", "maintenance on"))
    return [
        (0.0, f"stall-daemon {name} {stage.random.choice((1, 1, 2, 3))} {stage.stall_s():g}"),
        (0.01, f"vm start {vm}"),
        (stage.soon(0.1, 1.5), answer),
    ]


def migration_breaks(stage: Stage) -> list[Line]:
    """Source, target or manager fails during a migration."""
    name, vm = stage.other.name, stage.vm.definition.name
    hurt = stage.random.choice((name, stage.victim.name))
    fault = stage.random.choice(("partition", "power-cut", "kill-daemon", "hang-daemon", "break-hypervisor"))
    count = stage.random.randint(1, 8)
    return [
        (0.0, f"slow-migration {vm} {stage.random.choice((1, 3, 8)):g}"),
        (0.1, f"vm migrate {vm} --to {name}"),
        (stage.soon(0.1, 6.0), f"{fault} {hurt}"),
        (stage.soon(0.1, 2.0), f"crash-daemon {stage.random.choice((name, stage.victim.name))} {count}"),
        (stage.soon(15.0, 50.0), f"heal {hurt}"),
    ]


def two_at_once(stage: Stage) -> list[Line]:
    """Two nodes go within moments: their VMs compete for the room that is left."""
    return [(0.0, stage.silence), (stage.soon(0.0, 8.0), f"power-cut {stage.other.name}")]


def flush_breaks(stage: Stage) -> list[Line]:
    """A node is being emptied when it, or where its VMs go, fails; or it is wanted back half-way."""
    name = stage.victim.name
    fault = stage.random.choice((stage.silence, f"power-cut {stage.other.name}", f"node ready {name}"))
    return [(0.0, f"node flush {name}"), (stage.soon(0.2, 8.0), fault), (stage.soon(10.0, 50.0), f"node ready {name}")]


def silent_in_maintenance(stage: Stage) -> list[Line]:
    """A node falls silent while nobody is fenced and no watchdog is armed; then maintenance ends."""
    return [
        (0.0, "maintenance on"),
        (stage.soon(1.0, 4.0), f"partition {stage.victim.name}"),
        (stage.soon(5.0, 12.0), "maintenance off"),
    ]


def store_goes(stage: Stage) -> list[Line]:
    """ZooKeeper goes away around the death of a node."""
    return [
        (stage.soon(0.0, 10.0), "zookeeper-down"),
        (stage.soon(0.0, 10.0), stage.silence),
        (stage.soon(10.0, 25.0), "zookeeper-up"),
    ]


def goodbyes(stage: Stage) -> list[Line]:
    """A node leaves in good order, and then something happens to it."""
    name = stage.victim.name
    leave = stage.random.choice(("stop-daemon", "stop-host"))
    then = stage.random.choice(("power-cut", "power-on", "start-daemon", "partition", "bmc-lies"))
    return [(0.0, f"{leave} {name}"), (stage.soon(0.0, 20.0), f"{then} {name}")]


def dies_again(stage: Stage) -> list[Line]:
    """A node that has only just come back from a fence falls silent again, perhaps under another manager."""
    return [
        (0.0, f"power-cut {stage.victim.name}"),
        (stage.soon(20.0, 60.0), f"crash-daemon {stage.ruler} {stage.random.randint(1, 3)}"),
        (stage.soon(35.0, 60.0), f"partition {stage.victim.name}"),
    ]


Plot = Callable[[Stage], list[Line]]

PLOTS: tuple[Plot, ...] = (
    ruler_stands_still,
    late_decision,
    late_decision,
    late_power_off,
    late_power_off,
    ruler_dies,
    bmc_lies,
    bmc_dies,
    fenced_alive,
    starts_while_fenced,
    migration_breaks,
    migration_breaks,
    two_at_once,
    flush_breaks,
    store_goes,
    goodbyes,
    silent_in_maintenance,
    dies_again,
)
