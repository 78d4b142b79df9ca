"""The always-true list (DESIGN §5), watched after every event of the simulated world."""

from __future__ import annotations

from dataclasses import dataclass

from pvccore.model.cluster import Cluster
from pvccore.model.fence import FenceAgentKind
from pvccore.model.vm import Vm, VmState, Wanted
from pvccore.plan.domains import DomainState
from pvccore.plan.effects import Step
from pvccore.plan.managing import plan_manager
from pvccore.plan.watch import Watch
from simulation.machine import Bmc, Machine, SimulatedDomain
from simulation.world import World

IN_FLIGHT_S = 4.0
"""A power-off committed before maintenance went on may still be under way for this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
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
        self._placed: dict[str, str] = {}
        self._maintenance_since_s: float | None = None
        self._seen: set[tuple[str, str]] = set()
        for machine in world.machines.values():
            machine.listeners.append(self._touched.add)
        world.on_placement(self._touched.add)
        world.power_cuts.append(self._power_cut)
        world.after_event.append(self._check)

    def check_end(self, settled: bool) -> None:
        """What must hold when everything has come to rest: nobody forgotten, and nothing left to do."""
        cluster = self._world.cluster()
        for vm in cluster.vms.values():
            if settled and (reason := _forgotten(vm, cluster, self._world)):
                self._breach("none is forgotten", f"{vm.name}: {reason}")
        if settled:
            for step in leftover_steps(cluster, self._world.clock.now_s):
                self._breach("a settled cluster needs nothing", step.change.what if step.change else str(step.effects))

    def _breach(self, rule: str, text: str) -> None:
        if (rule, text) not in self._seen:
            self._seen.add((rule, text))
            self.violations.append(Violation(at_s=self._world.clock.now_s, rule=rule, text=text))

    # After every event

    def _check(self) -> None:
        if not self._touched:
            return
        touched, taken = set(self._touched), self._world.cluster()
        self._touched.clear()
        self._note_maintenance(taken)
        for uuid in sorted(touched):
            self._check_copies(uuid, taken)
            vm = taken.vms.get(uuid)
            if vm is not None:
                self._check_placement(vm, taken)

    def _note_maintenance(self, cluster: Cluster) -> None:
        if not cluster.maintenance.on:
            self._maintenance_since_s = None
        elif self._maintenance_since_s is None:
            self._maintenance_since_s = self._world.clock.now_s

    def _check_copies(self, uuid: str, cluster: Cluster) -> None:
        """Rule 1: one running copy; a second only on a node whose BMC lied or was not asked, locked out of its disks."""
        copies = self._running(uuid)
        if len(copies) < 2:  # noqa: PLR2004 - two copies are what is forbidden
            return
        vm = cluster.vms.get(uuid)
        name = vm.name if vm is not None else uuid
        writers = [machine for machine, _ in copies if machine.address not in self._world.ceph.blocklist]
        where = ", ".join(machine.name for machine, _ in copies)
        if len(writers) > 1:
            self._breach("a disk never has two writers", f"{name} runs on {where}")
        locked_out = [machine for machine, _ in copies if machine.address in self._world.ceph.blocklist]
        if any(not self._may_live_on(machine, cluster) for machine in locked_out):
            self._breach("a VM never runs on two nodes", f"{name} runs on {where}")

    def _may_live_on(self, machine: Machine, cluster: Cluster) -> bool:
        node = cluster.nodes.get(machine.name)
        storage_only = node is not None and any(
            proof.agent == FenceAgentKind.CEPH_BLOCKLIST or proof.agent.startswith("person")
            for proof in node.fence.evidence
        )
        return machine.lied or machine.bmc is Bmc.LIES or storage_only

    def _running(self, uuid: str) -> list[tuple[Machine, SimulatedDomain]]:
        return [
            (machine, domain)
            for machine in self._world.machines.values()
            if (domain := machine.domains.get(uuid)) is not None and domain.state is not DomainState.PAUSED
        ]

    def _check_placement(self, vm: Vm, cluster: Cluster) -> None:
        placement = vm.placement
        if placement.previous_node and placement.previous_node == placement.node:
            self._breach("previous_node is another node", f"{vm.name}: both are {placement.node}")
        before = self._placed.get(vm.uuid)
        self._placed[vm.uuid] = placement.node
        if before is not None and before != placement.node and not self._world.is_persons_move(vm.uuid):
            self._check_move(vm, before, cluster)

    def _check_move(self, vm: Vm, before: str, cluster: Cluster) -> None:
        limit, node = vm.definition.node_limit, vm.placement.node
        if limit and node not in limit:
            self._breach("no automatic placement breaks a node limit", f"{vm.name} on {node}, limit {','.join(limit)}")
        machine = self._world.machines.get(before)
        running = machine.domains.get(vm.uuid) if machine is not None else None
        if machine is None or running is None or running.state is DomainState.PAUSED or not machine.power:
            self._check_room(node, cluster)
            return
        if not self._may_live_on(machine, cluster) and machine.address not in self._world.ceph.blocklist:
            self._breach(
                "started elsewhere only after its node is off", f"{vm.name} placed on {node}, runs on {before}"
            )

    def _check_room(self, name: str, cluster: Cluster) -> None:
        node = cluster.nodes.get(name)
        if node is None or not node.report.memory_total_mb:
            return
        settings = cluster.settings
        room_mb = int(node.report.memory_total_mb * settings.memory_overcommit) - settings.memory_reserve_mb
        used_mb = sum(
            vm.memory_mb for vm in cluster.vms.values() if vm.takes_memory and name in vm.placement.assigned_to
        )
        if used_mb > room_mb:
            self._breach("no automatic placement overfills a node", f"{name}: {used_mb} of {room_mb} MB")

    def _power_cut(self, node: str, by: str) -> None:
        """Rule 3: nothing is powered off in maintenance, but for what was on its way when it began."""
        if by in ("fault", "host stop"):
            return
        self._note_maintenance(self._world.cluster())
        since_s = self._maintenance_since_s
        if since_s is not None and self._world.clock.now_s - since_s > IN_FLIGHT_S:
            self._breach("nothing is powered off in maintenance", f"{node} by {by}")


def leftover_steps(cluster: Cluster, now_s: float) -> list[Step]:
    """What the manager would still do in a cluster that has settled: must be nothing."""
    return list(plan_manager(cluster, Watch(now_s=now_s)).steps)


def _forgotten(vm: Vm, cluster: Cluster, world: World) -> str:
    """Why a VM counts as forgotten at rest; "" when it runs, or is down with a reason that a person can read."""
    placement = vm.placement
    if placement.wanted is not Wanted.RUNNING or vm.is_parked:
        return "" if not vm.is_parked or placement.why else "parked without a reason"
    if placement.state is VmState.FAILED:
        return "" if placement.failure else "failed without a reason"
    machine = world.machines.get(placement.node)
    node = cluster.nodes.get(placement.node)
    if machine is None or node is None:
        return f"placed on {placement.node!r}, which is no node"
    if placement.state is VmState.RUNNING:
        return "" if vm.uuid in machine.domains else f"said to run on {placement.node}, where it does not"
    return f"{placement.state} on {placement.node}"
