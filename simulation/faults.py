"""The faults that a scenario may name: one table of their words, what they take, and what they do to the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulation.machine import Bmc
from simulation.world import World


class Takes(StrEnum):
    """What a fault is told beside its name."""

    NOTHING = "nothing"
    NODE = "a node"
    SECONDS = "seconds"
    VM = "a VM"
    VM_SECONDS = "a VM and seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault as a step names it. vm: its name."""

    verb: str
    node: str = ""
    vm: str = ""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """As it is written in a scenario."""
        takes = FAULTS[self.verb].takes
        seconds = f"{self.seconds:g}" if takes in (Takes.SECONDS, Takes.VM_SECONDS) else ""
        return " ".join(word for word in (self.verb, self.node, self.vm, seconds) if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """What a fault takes, and how it is done; a fault on what is already so does nothing."""

    takes: Takes
    do: Callable[[World, Fault], None]


def _bmc(world: World, fault: Fault, bmc: Bmc) -> None:
    world.machines[fault.node].bmc = bmc


def _storage(world: World, fault: Fault) -> None:
    world.ceph.slow_s = fault.seconds


def _of_vm(do: Callable[[World, str], None]) -> Callable[[World, Fault], None]:
    """A fault of the VM that bears the name by then; none of a VM that is not there any more."""

    def done(world: World, fault: Fault) -> None:
        uuid = world.cluster().names.get(fault.vm, "")
        if uuid:
            do(world, uuid)

    return done


def _slow_shutdown(world: World, fault: Fault) -> None:
    _of_vm(lambda at, uuid: at.slow_shutdown(uuid, fault.seconds))(world, fault)


def _slow_migration(world: World, fault: Fault) -> None:
    _of_vm(lambda at, uuid: at.slow_migration(uuid, fault.seconds))(world, fault)


def _node(do: Callable[[World, str], None]) -> FaultKind:
    return FaultKind(takes=Takes.NODE, do=lambda world, fault: do(world, fault.node))


def _vm(do: Callable[[World, str], None]) -> FaultKind:
    return FaultKind(takes=Takes.VM, do=_of_vm(do))


FAULTS: Mapping[str, FaultKind] = {
    "power-cut": _node(lambda world, node: world.power_off(node, by="fault")),
    "power-on": _node(World.power_on),
    "partition": _node(World.partition),
    "heal": _node(World.heal),
    "kill-daemon": _node(World.kill_daemon),
    "hang-daemon": _node(World.hang_daemon),
    "start-daemon": _node(World.start_daemon),
    "stop-daemon": _node(World.stop_daemon),
    "stop-host": _node(World.stop_host),
    "break-hypervisor": _node(World.break_hypervisor),
    "mend-hypervisor": _node(World.mend_hypervisor),
    "bmc-dead": FaultKind(takes=Takes.NODE, do=lambda world, fault: _bmc(world, fault, Bmc.DEAD)),
    "bmc-lies": FaultKind(takes=Takes.NODE, do=lambda world, fault: _bmc(world, fault, Bmc.LIES)),
    "bmc-ok": FaultKind(takes=Takes.NODE, do=lambda world, fault: _bmc(world, fault, Bmc.OK)),
    "zookeeper-down": FaultKind(takes=Takes.NOTHING, do=lambda world, _: world.zookeeper_down()),
    "zookeeper-up": FaultKind(takes=Takes.NOTHING, do=lambda world, _: world.zookeeper_up()),
    "storage-slow": FaultKind(takes=Takes.SECONDS, do=_storage),
    "storage-ok": FaultKind(takes=Takes.NOTHING, do=_storage),
    "lock-stuck": _vm(World.lock_stuck),
    "guest-crash": _vm(lambda world, uuid: world.end_guest(uuid, inside=False)),
    "guest-shutdown": _vm(lambda world, uuid: world.end_guest(uuid, inside=True)),
    "slow-shutdown": FaultKind(takes=Takes.VM_SECONDS, do=_slow_shutdown),
    "slow-migration": FaultKind(takes=Takes.VM_SECONDS, do=_slow_migration),
}

_USAGE: Mapping[Takes, str] = {
    Takes.NOTHING: "",
    Takes.NODE: " NODE",
    Takes.SECONDS: " SECONDS",
    Takes.VM: " VM",
    Takes.VM_SECONDS: " VM SECONDS",
}


def parse_fault(words: Sequence[str], nodes: Sequence[str], knows_vm: Callable[[str], bool]) -> Fault | None:
    """The fault that these words are; None when the first is no fault's. Raises `ValueError` in words."""
    kind = FAULTS.get(words[0])
    if kind is None:
        return None
    verb, arguments = words[0], list(words[1:])
    if len(arguments) != len(_USAGE[kind.takes].split()):
        raise ValueError(f"is written `{verb}{_USAGE[kind.takes]}`")
    seconds = _seconds(arguments.pop()) if kind.takes in (Takes.SECONDS, Takes.VM_SECONDS) else 0.0
    node = arguments[0] if kind.takes is Takes.NODE else ""
    vm = arguments[0] if kind.takes in (Takes.VM, Takes.VM_SECONDS) else ""
    if node and node not in nodes:
        raise ValueError(f"{node!r} is no node of this file")
    if vm and not knows_vm(vm):
        raise ValueError(f"{vm!r} is no VM of this file")
    return Fault(verb=verb, node=node, vm=vm, seconds=seconds)


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        raise ValueError(f"{word!r} is no number of seconds") from None
    if not 0 <= seconds < 1e6:  # noqa: PLR2004 - also refuses nan and inf
        raise ValueError(f"{word} s is not between 0 and a million")
    return seconds
