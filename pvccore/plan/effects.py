"""Effects: what a decision wants done outside the store; values that exactly one executor performs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pvccore.model.change import Change
from pvccore.model.fence import FenceAgent
from pvccore.model.struct import Struct


class Power(StrEnum):
    """What a fence agent could say of a node's power; unknown is never off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class NodeEffect(Struct, frozen=True, kw_only=True):
    """Something the manager does to a node from outside, in one round of its fence."""

    node: str
    round: int


class ReadPower(NodeEffect, frozen=True, kw_only=True):
    """Ask a fence agent for the node's power; its outcome's value is a `Power`.

    attempt, retry: how far the fence was when it was asked; readings of different attempts don't mix.
    """

    boot_id: str
    agent: FenceAgent
    attempt: int = 0
    retry: int = 0


class TryBmc(NodeEffect, frozen=True, kw_only=True):
    """Ask a living node's BMC for the power, only to know whether it answers; its outcome's value is a `Power`.

    test: the version of the record that this test is to replace; answers to different tests don't mix.
    """

    agent: FenceAgent
    test: int


class SendPowerOff(NodeEffect, frozen=True, kw_only=True):
    """Tell a fence agent to cut the node's power, once, before this manager's session can have ended.

    Its outcome's value is Power.OFF where the agent itself confirms (command), else Power.UNKNOWN.
    """

    boot_id: str
    agent: FenceAgent
    attempt: int


class SendPowerOn(NodeEffect, frozen=True, kw_only=True):
    """Tell a fence agent to give a fenced and recovered node its power back."""

    agent: FenceAgent


class AddBlocklist(NodeEffect, frozen=True, kw_only=True):
    """Forbid Ceph to every client of one storage address, any port, for a year.

    attempt: the blocklist's, of adding and lifting together; what came of any but the last counts no more.
    """

    address: str
    attempt: int = 1


class LiftBlocklist(NodeEffect, frozen=True, kw_only=True):
    """Let the clients of a storage address write again; only at admission. attempt: as in `AddBlocklist`."""

    address: str
    attempt: int = 1


class MarkOsdsDown(NodeEffect, frozen=True, kw_only=True):
    """Tell Ceph that the OSDs of a node that is proven off are down, rather than let it find out."""


class VmEffect(Struct, frozen=True, kw_only=True):
    """Something an agent does to a domain on its own node.

    run_id: the claim, request or migration that it is done for; an effect of an earlier one is another effect.
    """

    uuid: str
    run_id: str


class InspectVolumes(VmEffect, frozen=True, kw_only=True):
    """Look at locks and watchers of the VM's volumes; stale ones of our own or of a node proven off are broken."""


class StartPaused(VmEffect, frozen=True, kw_only=True):
    """Create the domain, paused; its outcome's value is a tuple of its Ceph client addresses."""


class Resume(VmEffect, frozen=True, kw_only=True):
    """Let a paused domain run. arrived: by migration; then the value is a tuple of its Ceph client addresses."""

    arrived: bool = False


class Shutdown(VmEffect, frozen=True, kw_only=True):
    """Press the domain's ACPI power button."""


class Destroy(VmEffect, frozen=True, kw_only=True):
    """End the domain at once."""


class MigrateLive(VmEffect, frozen=True, kw_only=True):
    """Move the domain peer to peer and leave it paused on the target; done when our own copy is gone."""

    target: str
    target_address: str
    max_downtime_ms: int
    limit_s: float


Effect = NodeEffect | VmEffect


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of an effect.

    at_s: the loop's monotonic clock when it ended. error: in words, "" when it worked.
    """

    at_s: float
    error: str = ""
    value: object = None


Outcomes = Mapping[Effect, tuple[Outcome, ...]]
"""Every effect of the current rounds and runs that has ended, with its outcomes, newest last."""


class Step(Struct, frozen=True, kw_only=True):
    """One thing to do: commit the change (if there is one), and only when that worked perform the effects."""

    change: Change | None = None
    effects: tuple[Effect, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """What a loop shall do now, and when it must look again though nothing wakes it (None: whenever woken)."""

    steps: tuple[Step, ...] = ()
    wake_at_s: float | None = None


def earliest(*times_s: float | None) -> float | None:
    """The first of the given clock readings; None when there is none."""
    known = [at_s for at_s in times_s if at_s is not None]
    return min(known) if known else None
