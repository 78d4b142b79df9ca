"""What a VM's placement becomes when a person's verb is granted."""

from __future__ import annotations

from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvccore.model.vm import Migration, Placement, Request, Vm, VmState, Wanted
from pvccore.plan.recovery import at_rest


def started(vm: Vm) -> Placement:
    """Wanted running, with a clean slate: not parked, no failure, nothing counted."""
    placement = vm.placement
    state = VmState.STOPPED if placement.state is VmState.FAILED else placement.state
    return replace(
        placement, wanted=Wanted.RUNNING, state=state, parked_on="", why="", failure="", crashes=0, unclaimed=0
    )


def ended(vm: Vm, wanted: Wanted, request: Request) -> Placement:
    """Wanted at rest: asked of the agent while a domain may exist, at once when there is none."""
    cleared = replace(vm.placement, wanted=wanted, parked_on="", why="")
    return replace(cleared, request=request) if vm.is_active else at_rest(cleared)


def restarted(vm: Vm, request: Request) -> Placement:
    """Shut down once, and then started as any VM that is wanted running."""
    return replace(vm.placement, wanted=Wanted.RUNNING, parked_on="", why="", failure="", crashes=0, request=request)


def relocated(vm: Vm, target: Node, previous_node: str, *, migration_id: str, by: str) -> Placement:
    """On its way to `target` by its migration method while it runs; there at once while it is at rest.

    previous_node: what it is once the VM is there.
    """
    placement = vm.placement
    if not vm.is_active:
        return replace(placement, node=target.name, previous_node=previous_node, parked_on="", why="", unclaimed=0)
    migration = Migration(
        id=migration_id,
        source=placement.node,
        target=target.name,
        target_boot_id=target.presence.boot_id,
        target_address=target.config.migration_address,
        method=vm.definition.migration_method,
        previous_node_after=previous_node,
        by=by,
    )
    return replace(placement, migration=migration, why="")


def kept_here(vm: Vm) -> Placement:
    """Where it is for good: a migration made permanent, and a parked VM started again."""
    return replace(vm.placement, previous_node="", parked_on="", why="")
