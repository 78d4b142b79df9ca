"""What an actor knows beside the store: durations, outcomes, and what it has begun."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from pvccore.model.cluster import LocalView
from pvccore.model.fence import (
    Fence,
    FenceAgent,
    FencePhase,
)
from pvccore.model.node import Node
from pvccore.model.vm import VmState
from pvccore.plan.domains import Domain, DomainState, LocalWatch
from pvccore.plan.effects import (
    AddBlocklist,
    Destroy,
    Effect,
    LiftBlocklist,
    Outcome,
    ReadPower,
    Resume,
    SendPowerOff,
    Shutdown,
    StartPaused,
)
from pvccore.plan.watch import Watch
from tests.exhaustive.sights import AgentSees, ManagerSees
from tests.exhaustive.values import (
    ADDRESS,
    IPMI,
    LONG_S,
    NOW_S,
    OTHER,
    READINGS,
    SETTINGS,
    SIGN_S,
    TARGET,
    VM,
    boot_name,
    real_vm,
)
from tests.exhaustive.world import (
    Child,
    Command,
    DomainIs,
    Seen,
)


def watches(sees: ManagerSees, target: Node) -> Iterator[Watch]:
    """Every combination of durations that may have passed: not yet, or over."""
    absent = [0.0]
    if not sees.alive:
        absent = [0.0, SETTINGS.fence_after_s + 1.0, *([LONG_S] if sees.may_be_beyond else [])]
    is_fenced = sees.fence.phase is not FencePhase.NONE
    stages = [0.0, LONG_S] if is_fenced and sees.has_waited else [0.0]
    waits = sees.vm.state is VmState.STOPPED and sees.fence.listed
    failed = sees.memory.added is Command.FAILED
    either = [0.0, LONG_S]
    for lasted in product(absent, stages, either[: 1 + sees.alive], either[: 1 + waits], either[-1 - failed :]):
        yield _watch(sees, target, *lasted)


def _watch(
    sees: ManagerSees,
    target: Node,
    absent_s: float,
    stage_s: float,
    alive_s: float,
    unclaimed_s: float,
    failed_s: float,
) -> Watch:
    fence = target.fence
    agent = (*target.config.fence_agents, IPMI)[fence.agent_index]
    outcomes: dict[Effect, tuple[Outcome, ...]] = {}
    reading = ReadPower(
        node=TARGET,
        round=fence.round,
        boot_id=fence.boot_id,
        agent=agent,
        attempt=fence.attempts,
        retry=fence.retries,
    )
    if sees.seen is not Seen.NOTHING:
        outcomes[reading] = tuple(Outcome(at_s=at_s, value=value) for at_s, value in READINGS[sees.seen])
    for kind, result in ((AddBlocklist, sees.memory.added), (LiftBlocklist, sees.memory.lifted)):
        if result is not Command.NOT_GIVEN:
            error = "it did not work" if result is Command.FAILED else ""
            outcomes[kind(node=TARGET, round=fence.round, address=ADDRESS)] = (
                Outcome(at_s=NOW_S - failed_s, error=error),
            )
    return Watch(
        now_s=NOW_S,
        absent_s={} if sees.alive else {TARGET: absent_s},
        stage_s={TARGET: stage_s} if fence.under_way else {},
        alive_s={OTHER: LONG_S, **({TARGET: alive_s} if sees.alive else {})},
        sign_s={TARGET: SIGN_S},
        unclaimed_s={VM: unclaimed_s},
        lease_s=LONG_S,
        seen=frozenset({TARGET, OTHER}),
        outcomes=outcomes,
        in_flight=frozenset(_in_flight(child, fence, agent) for child in sees.children),
    )


def _in_flight(child: Child, fence: Fence, agent: FenceAgent) -> Effect:
    round_ = fence.round if child.current else -1
    if child.kind == SendPowerOff.__name__:
        attempt = fence.attempts if child.current else -1
        return SendPowerOff(node=TARGET, round=round_, boot_id=fence.boot_id, agent=agent, attempt=attempt)
    kind = AddBlocklist if child.kind == AddBlocklist.__name__ else LiftBlocklist
    return kind(node=TARGET, round=round_, address=ADDRESS, attempt=1 if child.current else -1)


VM_EFFECTS = {kind.__name__: kind for kind in (StartPaused, Resume, Destroy, Shutdown)}


def local_inputs(sees: AgentSees, node: Node) -> tuple[LocalView, LocalWatch]:
    vm = real_vm(sees.vm)
    is_here = node.name in vm.placement.assigned_to
    daemon_id = node.presence.daemon_id
    domains = {}
    if sees.domain is not DomainIs.GONE:
        state = DomainState.PAUSED if sees.domain is DomainIs.PAUSED else DomainState.RUNNING
        domains[VM] = Domain(uuid=VM, state=state)
    outcomes: dict[Effect, tuple[Outcome, ...]] = {}
    claim = vm.placement.claim
    if sees.started is not Command.NOT_GIVEN and claim is not None:
        error = "it did not start" if sees.started is Command.FAILED else ""
        outcomes[StartPaused(uuid=VM, run_id=claim.run_id)] = (Outcome(at_s=NOW_S - 5, error=error, value=()),)
    in_flight: set[Effect] = set()
    if sees.effect is not None:
        kind, current = sees.effect
        run_id = claim.run_id if claim is not None and current else "an earlier run"
        in_flight.add(VM_EFFECTS[kind](uuid=VM, run_id=run_id))
    view = LocalView(
        node=node,
        settings=SETTINGS,
        vms={VM: vm} if is_here else {},
        elsewhere={VM: vm} if domains and not is_here else {},
        alive=node.alive.token if node.alive else "",
    )
    watch = LocalWatch(
        now_s=NOW_S,
        boot_id=boot_name(sees.boot),
        daemon_id=daemon_id,
        next_run_id=f"{daemon_id}-1",
        domains=domains,
        placement_s={VM: 50.0},
        outcomes=outcomes,
        in_flight=frozenset(in_flight),
    )
    return view, watch
