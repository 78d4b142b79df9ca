"""The always-true list (DESIGN §5), watched after every event of the simulated world."""

from __future__ import annotations

import math

from pvccore.model.cluster import Cluster
from pvccore.model.fence import Fence, FenceAgentKind, FenceCause, FencePhase
from pvccore.model.node import Node
from pvccore.model.struct import Struct
from pvccore.model.vm import MigrationPhase, Placement, Vm, VmState, Wanted
from pvccore.plan.domains import DomainState
from pvccore.plan.effects import Step
from pvccore.plan.managing import plan_manager
from pvccore.plan.watch import Watch
from simulation.machine import WATCHDOG, Bmc, Machine
from simulation.world import World

TWO_WRITERS = "a disk never has two writers"
TWO_COPIES = "a VM never runs on two nodes"
OFF_FIRST = "started elsewhere only after its node is off"
MAINTENANCE = "nothing is powered off in maintenance"
NONE_FORGOTTEN = "none is forgotten"
PREVIOUS_NODE = "previous_node is kept, and cleared at home"
LIMIT = "no automatic placement breaks a node limit"
ROOM = "no automatic placement overfills a node"
SETTLED = "a settled cluster needs nothing"
LEASE = "only the holder of the lease decides"
LOCKED_OUT = "a fenced node is locked out of its disks before its VMs start elsewhere"
GHOST = "who has lost its session writes nothing"
GATE = "a fenced node claims nothing"
ADMITTED = "an admitted node is never powered off"
LET_IN = "an admitted node is not locked out of its disks"
TWICE = "no node is fenced twice in a short time"
WANTED = "nothing but a person's word starts what is not wanted"

PERSON = "person"
"""The agent in the evidence of a person who stood at the machine."""


class Violation(Struct, frozen=True, kw_only=True):
    """One breach of a rule that must always hold."""

    at_s: float
    rule: str
    text: str


class Rules:
    """Watches one world; `violations` is empty as long as everything that must always hold does."""

    def __init__(self, world: World) -> None:
        self.violations: list[Violation] = []
        self._world = world
        self._touched: set[str] = set()
        self._fences: set[str] = set()
        self._persons: set[str] = set()
        self._believed: dict[str, int] = {}
        self._asked: dict[str, str] = {}
        self._placed: dict[str, Placement] = {}
        self._fenced: dict[str, Fence] = {}
        self._ended_s: dict[str, float] = {}
        self._seen: set[tuple[str, str]] = set()
        for machine in world.machines.values():
            machine.listeners.append(self._touched.add)
        world.ceph.on_lifted.append(self._touch_all)
        world.ceph.on_locked_out.append(self._locked_out)
        world.on_placement(self._placement_written)
        world.on_fence(self._fence_written)
        world.power_cuts.append(self._power_cut)
        world.after_event.append(self._check)

    def check_end(self, *, settled: bool) -> None:
        """What must hold at the end; settled: everything was mended and has come to rest."""
        self._check()
        if not settled:
            return
        cluster = self._world.cluster()
        for vm in cluster.vms.values():
            if reason := _forgotten(vm, cluster, self._world):
                self._breach(NONE_FORGOTTEN, f"{vm.name}: {reason}")
        for node in cluster.nodes.values():
            if node.fence.unfinished:
                self._breach(NONE_FORGOTTEN, f"{node.name}: its fence is still {node.fence.phase}")
        for step in leftover_steps(cluster, self._world.clock.now_s):
            self._breach(SETTLED, step.change.what if step.change else str(step.effects))

    def _breach(self, rule: str, text: str) -> None:
        if (rule, text) not in self._seen:
            self._seen.add((rule, text))
            self.violations.append(Violation(at_s=self._world.clock.now_s, rule=rule, text=text))

    # What is heard

    def _placement_written(self, uuid: str) -> None:
        """Called inside the commit; what a person's own commit writes was checked when they asked."""
        self._touched.add(uuid)
        if self._world.is_persons_turn:
            self._persons.add(uuid)
        if (writer := self._world.committing) is not None and not self._world.may_write(writer.session_id):
            self._breach(GHOST, "a placement was written by a daemon that is neither alive nor holds the lease")

    def _fence_written(self, node: str) -> None:
        """Called inside the commit: of all daemons only the one that holds the lease may write it."""
        self._fences.add(node)
        writer = self._world.committing
        if writer is not None and writer.session_id != self._world.lease_session_id:
            self._breach(LEASE, f"the fence of {node} was written without the lease")

    def _locked_out(self, address: str) -> None:
        """A command to Ceph ends before the admission that follows it."""
        cluster = self._world.cluster()
        for name, machine in self._world.machines.items():
            node = cluster.nodes.get(name)
            if machine.address == address and node is not None and not node.fence.under_way:
                self._breach(LET_IN, f"{name}, which has no fence, was locked out")

    def _touch_all(self) -> None:
        for machine in self._world.machines.values():
            self._touched.update(machine.domains)

    # After every event

    def _check(self) -> None:
        if not self._touched and not self._fences:
            return
        cluster = self._world.cluster()
        touched, fences = sorted(self._touched), sorted(self._fences)
        self._touched.clear()
        self._fences.clear()
        for name in fences:
            node = cluster.nodes.get(name)
            if node is not None:
                self._check_fence(node, cluster)
        for uuid in touched:
            vm = cluster.vms.get(uuid)
            self._check_copies(uuid, vm.name if vm is not None else uuid, cluster)
            if vm is not None:
                self._check_placement(vm, cluster)
        self._persons.clear()

    def _check_copies(self, uuid: str, name: str, cluster: Cluster) -> None:
        """Rule 1: one running copy; a second only where a BMC lied or power was not asked, locked out of its disks."""
        copies = [
            machine
            for machine in self._world.machines.values()
            if (domain := machine.domains.get(uuid)) is not None and domain.state is not DomainState.PAUSED
        ]
        if len(copies) < 2:  # noqa: PLR2004 - two copies are what is forbidden
            return
        where = ", ".join(machine.name for machine in copies)
        locked_out = [machine for machine in copies if machine.address in self._world.ceph.blocklist]
        if len(copies) - len(locked_out) > 1:
            self._breach(TWO_WRITERS, f"{name} runs on {where}")
        if not any(self._may_live_on(machine, cluster) for machine in locked_out):
            self._breach(TWO_COPIES, f"{name} runs on {where}")

    def _may_live_on(self, machine: Machine, cluster: Cluster) -> bool:
        """Whether a copy may be left alive there: its BMC lied, or nobody claims to have cut its power."""
        node = cluster.nodes.get(machine.name)
        is_believed = node is not None and _is_without_power(node.fence)
        # A sign of life voids the proof that was believed; what was started for it runs on.
        was_believed = node is not None and self._believed.get(machine.name) == node.fence.round
        return machine.lied or machine.bmc is Bmc.LIES or is_believed or was_believed

    # Fences

    def _check_fence(self, node: Node, cluster: Cluster) -> None:
        before, after = self._fenced.get(node.name, Fence()), node.fence
        self._fenced[node.name] = after
        if _is_without_power(after):
            self._believed[node.name] = after.round
        machine = self._world.machines.get(node.name)
        if machine is None:
            return
        if after.proven_off and not (before.proven_off and before.round == after.round):
            self._check_proof(node, machine, cluster)
        if after.attempts > before.attempts and before.round == after.round and cluster.maintenance.on:
            self._breach(MAINTENANCE, f"attempt {after.attempts} on {node.name} was decided")
        if after.phase is FencePhase.RECOVERING and before.phase is not FencePhase.RECOVERING:
            self._check_locked_out(machine)
        if not after.under_way and before.under_way and machine.address in self._world.ceph.blocklist:
            self._breach(LET_IN, f"{node.name} is admitted, {machine.address} is refused")
        if after.phase is FencePhase.RECOVERED and before.phase is not FencePhase.RECOVERED:
            self._check_recovered(node, cluster)
        if before.proven_off and not after.under_way:
            self._ended_s[node.name] = self._world.clock.now_s
        if after.phase is FencePhase.REQUESTED and after.round > before.round:
            self._check_rest(node, cluster)

    def _check_rest(self, node: Node, cluster: Cluster) -> None:
        """Whoever leads: a node that has just been fenced is given time, unless a person wants it off."""
        rested_s = self._world.clock.now_s - self._ended_s.get(node.name, -math.inf)
        if node.fence.cause is not FenceCause.PERSON and rested_s < cluster.settings.refence_after_s:
            self._breach(TWICE, f"{node.name} again {rested_s:.0f} s after its last fence")

    def _check_proof(self, node: Node, machine: Machine, cluster: Cluster) -> None:
        """Rule 2, its first half: what counts as proven off is off."""
        proof = node.fence.proof
        if proof is None:
            self._breach(OFF_FIRST, f"{node.name} counts as off without evidence of round {node.fence.round}")
        is_on = machine.power and machine.boot_id == node.fence.boot_id
        if is_on and not self._may_live_on(machine, cluster):
            self._breach(OFF_FIRST, f"{node.name} counts as off, but is on")

    def _check_locked_out(self, machine: Machine) -> None:
        """Rule 1, beforehand: whatever else was wrong, the old copies can't write any more."""
        if machine.address not in self._world.ceph.blocklist:
            self._breach(LOCKED_OUT, f"{machine.name} is recovered, {machine.address} may write")

    def _check_recovered(self, node: Node, cluster: Cluster) -> None:
        for vm in cluster.vms_on(node.name):
            is_down = vm.is_parked or vm.placement.state is VmState.FAILED or vm.placement.wanted is not Wanted.RUNNING
            if not is_down and vm.placement.migration is None:
                self._breach(
                    NONE_FORGOTTEN, f"{node.name} counts as recovered, {vm.name} is {vm.placement.state} there"
                )

    def _power_cut(self, node: str, by: str) -> None:
        """Rule 3, and that only a fenced node is powered off: whatever was in flight, it ends before admission."""
        if by in ("fault", "host stop", WATCHDOG):
            return  # a watchdog asks nobody: whether its node may count as off is looked at where it is written
        cluster = self._world.cluster()
        found = cluster.nodes.get(node)
        if found is not None and not found.fence.under_way:
            self._breach(ADMITTED, f"{node} by {by}")
        since_s, now_s = self._world.maintenance_since_s, self._world.clock.now_s
        if since_s is not None and now_s - since_s > cluster.settings.session_s:
            self._breach(MAINTENANCE, f"{node} by {by}")

    # Placements

    def _check_placement(self, vm: Vm, cluster: Cluster) -> None:
        before, after = self._placed.get(vm.uuid), vm.placement
        self._placed[vm.uuid] = after
        if after.previous_node and after.previous_node == after.node:
            self._breach(PREVIOUS_NODE, f"{vm.name}: previous_node is {after.node}, where it is")
        if (after.parked_on and not after.why) or (after.state is VmState.FAILED and not after.failure):
            self._breach(NONE_FORGOTTEN, f"{vm.name} is down without a reason")
        if before is None or before == after:
            return
        if after.claim is not None and after.claim != before.claim:
            self._check_claim(vm, before, cluster)
        if vm.uuid in self._persons:
            self._asked[vm.uuid] = after.migration.target if after.migration is not None else after.node
            return
        self._check_previous(vm, before)
        for name in sorted(after.assigned_to - before.assigned_to):
            self._check_target(vm, name, cluster)
        if before.node != after.node:
            self._check_move(vm, before, cluster)

    def _check_claim(self, vm: Vm, before: Placement, cluster: Cluster) -> None:
        node = cluster.nodes.get(vm.node)
        if node is not None and node.fence.under_way:
            self._breach(GATE, f"{vm.name} on {vm.node}, whose fence is {node.fence.phase}")
        starts = vm.placement.state is VmState.STARTING and before.state is VmState.STOPPED
        if starts and (vm.placement.wanted is not Wanted.RUNNING or vm.is_parked):
            self._breach(WANTED, f"{vm.name} on {vm.node}, wanted {vm.placement.wanted}")

    def _check_previous(self, vm: Vm, before: Placement) -> None:
        """Rule 5: what nobody asked for leaves a set previous_node as it is, unless it brings the VM home."""
        after, home = vm.placement, before.previous_node
        if not home or home in (after.previous_node, after.node):
            return
        moved = before.migration is not None and after.node == before.migration.target
        if moved and before.migration is not None and after.previous_node == before.migration.previous_node_after:
            return
        self._breach(PREVIOUS_NODE, f"{vm.name}: was {home}, became {after.previous_node or 'none'} on {after.node}")

    def _check_target(self, vm: Vm, name: str, cluster: Cluster) -> None:
        """Rule 6, where a place was chosen without a person."""
        if self._asked.get(vm.uuid) == name:
            return
        limit, node = vm.definition.node_limit, cluster.nodes.get(name)
        if limit and name not in limit:
            self._breach(LIMIT, f"{vm.name} on {name}, limit {','.join(limit)}")
        if node is None or not node.report.memory_total_mb or not vm.takes_memory:
            return
        settings = cluster.settings
        room_mb = int(node.report.memory_total_mb * settings.memory_overcommit) - settings.memory_reserve_mb
        used_mb = sum(
            one.memory_mb for one in cluster.vms.values() if one.takes_memory and name in one.placement.assigned_to
        )
        if used_mb > room_mb:
            self._breach(ROOM, f"{name}: {used_mb} of {room_mb} MB, with {vm.name}")

    def _check_move(self, vm: Vm, before: Placement, cluster: Cluster) -> None:
        """Rule 2, its second half: a place changes at rest, from a node proven off, or by a migration handed over."""
        migration, left = before.migration, cluster.nodes.get(before.node)
        handed_over = migration is not None and vm.node == migration.target
        at_rest = before.state in (VmState.STOPPED, VmState.FAILED) and before.claim is None
        proven_off = left is None or left.fence.proven_off
        if not (handed_over or at_rest or proven_off):
            self._breach(OFF_FIRST, f"{vm.name} left {before.node} while {before.state}, placed on {vm.node}")
        if not proven_off and migration is not None and migration.phase is MigrationPhase.PREPARED:
            self._check_not_left_behind(vm, before)

    def _check_not_left_behind(self, vm: Vm, before: Placement) -> None:
        """A migration by shutdown: its source has no copy any more."""
        machine = self._world.machines.get(before.node)
        if machine is not None and vm.uuid in machine.domains:
            self._breach(OFF_FIRST, f"{vm.name} left {before.node} for {vm.node}, and is still there")


def _is_without_power(fence: Fence) -> bool:
    """Whether it is believed to be off though nobody claims to have cut its power: a person's word, a blocklist."""
    return any(proof.agent in (FenceAgentKind.CEPH_BLOCKLIST.value, PERSON) for proof in fence.evidence)


def leftover_steps(cluster: Cluster, now_s: float) -> list[Step]:
    """What the manager would still do in a cluster that has settled: must be nothing."""
    return list(plan_manager(cluster, Watch(now_s=now_s)).steps)


def _forgotten(vm: Vm, cluster: Cluster, world: World) -> str:
    """Why a VM counts as forgotten at rest; "" when it runs, or is down with a reason that a person can read."""
    placement = vm.placement
    if placement.migration is not None or placement.request is not None:
        return f"still {placement.state} on {placement.node}"
    if placement.wanted is not Wanted.RUNNING:
        return f"{placement.state} though not wanted" if vm.is_active else ""
    if vm.is_parked:
        return "" if not vm.is_active else "parked and active"
    if placement.state is VmState.FAILED:
        return ""
    machine, node = world.machines.get(placement.node), cluster.nodes.get(placement.node)
    if machine is None or node is None:
        return f"placed on {placement.node!r}, which is no node"
    if placement.state is VmState.RUNNING:
        return "" if vm.uuid in machine.domains else f"said to run on {placement.node}, where it does not"
    return f"{placement.state} on {placement.node}"
