from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from nodedaemon.hypervisor import HostUse
from nodedaemon.report import ReportLoop
from pvccore.model.node import Node, Report
from pvccore.model.settings import Settings
from pvccore.state.store import Connection
from tests.nodedaemon.clocks import HandClock


class Host:
    """A hypervisor whose figures come later than its first answer."""

    def __init__(self) -> None:
        self.use: HostUse | None = None
        self.error = ""

    def observed_error(self) -> str:
        return self.error

    def observed_use(self) -> HostUse | None:
        return self.use

    def observed_domains(self) -> dict[str, Any]:
        return {}


class Written:
    """A session that keeps what was reported."""

    def __init__(self) -> None:
        self.store = SimpleNamespace(connection=Connection.CONNECTED)
        self.reports: list[Report] = []

    def report(self, _node: str, report: Report, _guards: object) -> None:
        self.reports.append(report)


def reporting(host: Host, written: Written) -> ReportLoop:
    view = SimpleNamespace(alive="s-1", node=Node(name="hv1"), settings=Settings())
    agent = SimpleNamespace(view=view, known_domains=dict, identity=SimpleNamespace(boot_id="b1"))
    return ReportLoop(cast("Any", agent), cast("Any", written), HandClock(), cast("Any", host), lambda: "", lambda: 0.0)


def test_figures_that_come_after_the_first_report_are_reported_at_once_and_only_once() -> None:
    host, written = Host(), Written()
    loop = reporting(host, written)
    loop.step()
    loop.step()
    assert [report.memory_total_mb for report in written.reports] == [0]
    host.use = HostUse(memory_total_mb=1024, memory_free_mb=512, load=0.1, vcpus=2, domains={})
    loop.step()
    loop.step()
    assert [report.memory_total_mb for report in written.reports] == [0, 1024]


def test_a_change_of_health_is_reported_at_once() -> None:
    host, written = Host(), Written()
    loop = reporting(host, written)
    loop.step()
    host.error = "libvirt does not answer"
    loop.step()
    assert [report.hypervisor_error for report in written.reports] == ["", "libvirt does not answer"]


def test_a_node_that_turns_out_unfit_says_so_at_once() -> None:
    host, written = Host(), Written()
    loop = reporting(host, written)
    loop.step()
    loop.unfit = lambda: "it reaches Ceph from elsewhere"
    loop.step()
    assert [report.unfit for report in written.reports] == ["", "it reaches Ceph from elsewhere"]
    assert written.reports[-1].healthy
