"""The report: what a node says of itself every few seconds, and at once when its health changes or it has figures."""

from __future__ import annotations

from collections.abc import Callable

from nodedaemon.agent import AgentLoop
from nodedaemon.hypervisor import DomainUse, ObservedHypervisor
from nodedaemon.loop import Clock
from pvccore.model.change import Check, Kind
from pvccore.model.node import DomainReport, Report
from pvccore.state.session import Session
from pvccore.state.store import Connection

JITTER_SHARE = 0.2
"""Reports of many nodes are spread by up to this share of their interval."""
MAX_UNKNOWN = 32
NO_USE = DomainUse()


def fit() -> str:
    """What a node without Ceph has against getting VMs."""
    return ""


class ReportLoop:
    """Writes the node's report; the only writer of it. unfit: why this node must get no VM though it is healthy."""

    pause_s = 0.2

    def __init__(
        self,
        agent: AgentLoop,
        session: Session,
        clock: Clock,
        hypervisor: ObservedHypervisor,
        storage_error: Callable[[], str],
        random: Callable[[], float],
    ) -> None:
        self._agent = agent
        self._session = session
        self._clock = clock
        self._hypervisor = hypervisor
        self._storage_error = storage_error
        self._random = random
        self.unfit: Callable[[], str] = fit
        self._due_at_s = 0.0
        self._said: tuple[str, str, str, bool] | None = None

    def step(self) -> float | None:
        """Report when it is time, when health has changed, and when the host's figures are there at last."""
        view = self._agent.view
        if self._session.store.connection is not Connection.CONNECTED or not view.alive:
            return None
        now_s = self._clock.monotonic()
        hypervisor_error, storage_error = self._hypervisor.observed_error(), self._storage_error()
        said = (hypervisor_error, storage_error, self.unfit(), self._hypervisor.observed_use() is not None)
        if now_s < self._due_at_s and said == self._said:
            return self._due_at_s
        guard = Check(kind=Kind.ALIVE, key=f"{view.node.name}/{view.alive}")
        self._session.report(view.node.name, self._report(hypervisor_error, storage_error), (guard,))
        self._said = said
        every_s = view.settings.report_every_s
        self._due_at_s = now_s + every_s * (1 - JITTER_SHARE * self._random())
        return self._due_at_s

    def _report(self, hypervisor_error: str, storage_error: str) -> Report:
        use = self._hypervisor.observed_use()
        domains = dict(self._hypervisor.observed_domains() or {})
        known = self._agent.known_domains(domains)
        figures = use.domains if use is not None else {}
        return Report(
            boot_id=self._agent.identity.boot_id,
            at=self._clock.wall(),
            memory_total_mb=use.memory_total_mb if use else 0,
            memory_free_mb=use.memory_free_mb if use else 0,
            load=round(use.load, 2) if use else 0.0,
            vcpus=use.vcpus if use else 0,
            hypervisor_error=hypervisor_error,
            storage_error=storage_error,
            unfit=self.unfit(),
            domains=tuple(
                _domain_report(uuid, domains[uuid].state, figures.get(uuid, NO_USE), version)
                for uuid, version in sorted(known.items())
            ),
            unknown_domains=tuple(sorted(uuid for uuid in domains if uuid not in known))[:MAX_UNKNOWN],
        )


def _domain_report(uuid: str, state: str, use: DomainUse, version: int) -> DomainReport:
    return DomainReport(
        uuid=uuid,
        state=str(state),
        cpu=round(use.cpu, 3),
        memory_mb=use.memory_mb,
        disk_bytes_s=round(use.disk_bytes_s),
        net_bytes_s=round(use.net_bytes_s),
        placement_version=version,
    )
