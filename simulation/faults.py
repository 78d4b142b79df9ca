"""The faults that a scenario may name: one table of their words, what they take, and what they do to the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from pvccore.model.struct import Struct
from simulation.machine import Bmc
from simulation.world import World


class Takes(StrEnum):
    """What a fault is told beside its name."""

    NOTHING = "nothing"
    NODE = "a node"
    SECONDS = "seconds"
    VM = "a VM"
    VM_SECONDS = "a VM and seconds"
    NODE_COUNT_SECONDS = "a node, a count and seconds"
    NODE_COUNT = "a node and a count"


class Fault(Struct, frozen=True, kw_only=True):
    """One fault as a step names it. vm: its name."""

    verb: str
    node: str = ""
    vm: str = ""
    seconds: float = 0.0
    count: int = 0


class FaultKind(Struct, frozen=True, kw_only=True):
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
    # Beyond what a person would write down: for the fuzzer, and for what it finds.
    "stall-daemon": FaultKind(
        takes=Takes.NODE_COUNT_SECONDS, do=lambda world, fault: world.stall(fault.node, fault.count, fault.seconds)
    ),
    "crash-daemon": FaultKind(takes=Takes.NODE_COUNT, do=lambda world, fault: world.crash(fault.node, fault.count)),
}

_USAGE: Mapping[Takes, str] = {
    Takes.NOTHING: "",
    Takes.NODE: " NODE",
    Takes.SECONDS: " SECONDS",
    Takes.VM: " VM",
    Takes.VM_SECONDS: " VM SECONDS",
    Takes.NODE_COUNT_SECONDS: " NODE COUNT SECONDS",
    Takes.NODE_COUNT: " NODE COUNT",
}


def parse_fault(words: Sequence[str], nodes: Sequence[str], knows_vm: Callable[[str], bool]) -> Fault | None:
    """The fault that these words are; None when the first is no fault's. Raises `ValueError` in words."""
    kind = FAULTS.get(words[0])
    if kind is None:
        return None
    usage = _USAGE[kind.takes].split()
    if len(words) - 1 != len(usage):
        raise ValueError(f"is written `{words[0]}{_USAGE[kind.takes]}`")
    given = dict(zip(usage, words[1:], strict=True))
    if "NODE" in given and given["NODE"] not in nodes:
        raise ValueError(f"{given['NODE']!r} is no node of this file")
    if "VM" in given and not knows_vm(given["VM"]):
        raise ValueError(f"{given['VM']!r} is no VM of this file")
    return Fault(
        verb=words[0],
        node=given.get("NODE", ""),
        vm=given.get("VM", ""),
        seconds=_number(given.get("SECONDS", "0")),
        count=int(_number(given.get("COUNT", "0"))),
    )


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise ValueError(f"{word!r} is no number") from None
    if not 0 <= number < 1e6:  # noqa: PLR2004 - also refuses nan and inf
        raise ValueError(f"{word} is not between 0 and a million")
    return number
