"""What must hold in every state: the properties of the fencing protocol."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from pvccore.model.fence import PROVEN_OFF, FencePhase
from tests.exhaustive.world import DomainIs, Proof, Scene, Token, World


class Property(StrEnum):
    """The promises, each in a sentence."""

    DISK = "two copies of the VM write to its disk"
    SINGLE = "two copies of the VM run, though no BMC has lied"
    PROOF = "a node is taken for off that runs, though its BMC says the truth"
    HEALTHY = "an admitted, healthy node is powered off"
    LOCKED_OUT = "an admitted node is locked out of its storage"
    MAINTENANCE = "a fence begins or a power-off is sent in maintenance"
    VETO = "a VM is placed elsewhere though its fenced node has shown life since it was proven off"


def broken_property(world: World, scene: Scene, ignored: frozenset[Property]) -> Property | None:
    """The first property that does not hold in `world`; None when all do that are not ignored."""
    return next((one for one in _broken(world, scene) if one not in ignored), None)


def _broken(world: World, scene: Scene) -> Iterator[Property]:
    if world.broken:
        yield Property(world.broken)
    target = world.target
    if target.domain is DomainIs.RUNNING and world.other is DomainIs.RUNNING:
        if not world.blocklisted:
            yield Property.DISK
        elif not scene.liar:
            yield Property.SINGLE
    fence = world.fence
    is_taken_for_off = fence.phase in PROVEN_OFF and fence.proof is not Proof.NONE
    if is_taken_for_off and target.power and target.boot == fence.boot and not scene.liar:
        yield Property.PROOF
    if fence.phase is FencePhase.NONE and world.blocklisted and target.alive is Token.OWN:
        yield Property.LOCKED_OUT


def is_admitted_and_healthy(world: World) -> bool:
    """Whether the target may act, and does."""
    target = world.target
    return world.fence.phase is FencePhase.NONE and target.power and target.alive is Token.OWN
