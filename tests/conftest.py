"""The rules of every test run: order, time limits, and nothing skipped in silence."""

import os
from collections.abc import Generator

import hypothesis
import pytest

from tests import components
from tests.architecture import sizes

LAB_TIMEOUT_S = 600
REAL = tuple(components.NEEDS)
# What no package can mend may be skipped even in CI, and is listed.
MACHINE_LIMIT = "this machine cannot"

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


def _in_ci() -> bool:
    return os.environ.get("CI") == "true"


def _stage(item: pytest.Item) -> int:
    return max((REAL.index(marker) for marker in REAL if item.get_closest_marker(marker)), default=-1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, a whole cluster last; what lacks its component says so."""
    items.sort(key=_stage)
    lacks = {marker: components.missing(marker) for marker in REAL}
    for item in items:
        if item.get_closest_marker("lab") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LAB_TIMEOUT_S))
        for marker in (marker for marker in REAL if item.get_closest_marker(marker)):
            # Markers are not told to the summary; a report's keywords mix them with the names of folders.
            item.user_properties.append(("drives", marker))
            if reason := lacks[marker]:
                item.add_marker(pytest.mark.skip(reason=reason))


def _skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    where = report.longrepr
    return where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = _skip_reason(report)
    if _in_ci() and report.skipped and not hasattr(report, "wasxfail") and not reason.startswith(MACHINE_LIMIT):
        report.outcome = "failed"
        report.longrepr = f"not skipped in CI: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed in CI."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Count a module that skips itself as failed in CI."""
    report = yield
    _refuse_skip(report)
    return report


def _list_real_tests(terminal: pytest.TerminalReporter) -> None:
    for marker in REAL:
        ran = [
            report
            for outcome in ("passed", "failed")
            for report in terminal.stats.get(outcome, ())
            if report.when == "call" and ("drives", marker) in report.user_properties
        ]
        if ran:
            terminal.section(f"{marker} tests that ran: {len(ran)}")
        for report in ran:
            terminal.line(f"{report.outcome} {report.duration:6.1f} s  {report.nodeid}")
            for name, figure in report.user_properties:
                if name == "figure":
                    terminal.line(f"{'':15}{figure}")


def _list_skipped(terminal: pytest.TerminalReporter) -> None:
    skipped = terminal.stats.get("skipped", ())
    terminal.section(f"skipped: {len(skipped)}")
    for report in skipped:
        terminal.line(f"{report.nodeid}: {_skip_reason(report)}")


def _list_what_grows(terminal: pytest.TerminalReporter) -> None:
    measured = any(sizes.TEST in report.nodeid for report in terminal.stats.get("passed", ()))
    long = [*sizes.long_functions(), *sizes.long_files()] if measured else []
    if long:
        terminal.section("growing long")
    for size in long:
        terminal.line(str(size))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the real components' tests that ran, what was skipped and why, and what has grown long."""
    _list_real_tests(terminalreporter)
    _list_skipped(terminalreporter)
    _list_what_grows(terminalreporter)
