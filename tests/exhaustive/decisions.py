"""What the real code decides in a state: `plan_manager` and `plan_local`, each answer remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.maintenance import Maintenance
from pvccore.plan.local import plan_local
from pvccore.plan.managing import plan_manager
from tests.exhaustive.commits import abstract_step, marked, possible, taken_by_agent, taken_by_manager
from tests.exhaustive.sights import AgentSees, ManagerSees
from tests.exhaustive.values import (
    OTHER,
    OTHER_NODE,
    SETTINGS,
    TARGET,
    VERSIONS,
    VM,
    real_target,
    real_vm,
)
from tests.exhaustive.watches import local_inputs, watches
from tests.exhaustive.world import (
    Scene,
    Step,
)


class Decisions:
    """The real decision functions on abstract inputs, each answer remembered; one object for each search.

    mend: for variants that change what a step checks; it is given who decided it.
    """

    def __init__(self, scene: Scene, mend: Callable[[str, Step], Step]) -> None:
        self.scene = scene
        self._mend = mend
        self._of_manager: dict[ManagerSees, frozenset[Step]] = {}
        self._of_agent: dict[AgentSees, frozenset[Step]] = {}

    def of_manager(self, sees: ManagerSees) -> frozenset[Step]:
        """Every step that the leader may take now, whatever durations it has measured, in maintenance or not.

        Maintenance may go on and off at any time; a step that checks it is committed as it was decided.
        """
        found = self._of_manager.get(sees)
        if found is None:
            found = frozenset(self._manager_steps(sees))
            self._of_manager[sees] = found
        return found

    def of_agent(self, sees: AgentSees) -> frozenset[Step]:
        """Every step that an agent may take now."""
        found = self._of_agent.get(sees)
        if found is None:
            found = frozenset(self._agent_steps(sees))
            self._of_agent[sees] = found
        return found

    def _manager_steps(self, sees: ManagerSees) -> Iterator[Step]:
        target = real_target(sees.fence, sees.presence, clean=sees.clean, alive=sees.alive, scene=self.scene)
        for maintenance in (False, True):
            cluster = Cluster(
                settings=SETTINGS,
                maintenance=Maintenance(version=VERSIONS[Kind.MAINTENANCE], on=maintenance),
                leases=("lease-1",),
                started=True,
                nodes={TARGET: target, OTHER: OTHER_NODE},
                vms={VM: real_vm(sees.vm)},
                names={VM: VM},
            )
            for watch in watches(sees, target):
                taken = taken_by_manager(plan_manager(cluster, watch), cluster)
                steps = [self._mend("manager", abstract_step(one, sees.fence)) for one in taken]
                yield from (marked(step, sees.fence) if maintenance else step for step in possible(steps))

    def _agent_steps(self, sees: AgentSees) -> Iterator[Step]:
        node = OTHER_NODE
        if sees.node == TARGET:
            node = real_target(sees.fence, sees.presence, clean=sees.clean, alive=True, scene=self.scene)
        view, watch = local_inputs(sees, node)
        for taken in taken_by_agent(plan_local(view, watch), view):
            yield self._mend(sees.node, abstract_step(taken, sees.fence))
