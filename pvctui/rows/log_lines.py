"""The logs that only a node has, as a list of lines: what was read, when, and what is waited for."""

from __future__ import annotations

from collections.abc import Sequence

from pvctui.rows.fetched import VM_LOG, Fetched, log_wanted
from pvctui.rows.lines import BLANK, Line, many
from pvctui.rows.moments import ago, moment
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.widgets.rows import Column, Row

LOG_COLUMNS = (Column(key="line", title="LINE", width=40, weight=1, sortable=False),)
MOST_LINES_IN_TAB = 200


def log_title(key: str, view: View) -> str:
    """Whose log it is."""
    kind, _, name = key.partition(" ")
    vm = view.cluster.vms.get(name)
    return f"{vm.name if vm else name} · console log" if kind == VM_LOG else f"{name} · the daemon's log"


def log_status(key: str, view: View) -> Line:
    """When it was read, or what is waited for."""
    fetched = view.fetched.get(key)
    if fetched is None or fetched.asked_s:
        since = f", asked {ago(fetched.asked_s, view.now_s)} ago" if fetched else ""
        return ((f"→ waits for {_who_has_it(key, view)}{since}", "busy"),)
    if fetched.error:
        return ((f"✗ {fetched.error}", "bad"), (f"   {ago(fetched.at_s, view.now_s)} ago", "dim"))
    when = f"{moment(fetched.at_s, view.now_s)}, {ago(fetched.at_s, view.now_s)} ago"
    return ((f"read at {when}: {many(len(fetched.log.lines), 'line')} from {_who_has_it(key, view)}", "dim"),)


def log_rows(fetched: Fetched | None) -> list[Row]:
    """One row a line, by its number."""
    log = fetched.log if fetched is not None else None
    return [Row(key=str(number), cells=(line,)) for number, line in enumerate(log.lines, log.first)] if log else []


def log_tab(subject: str, view: View) -> Tab:
    """The end of the log beside a list; it is asked for once, when somebody looks."""
    key = log_wanted(subject)
    wants = "" if key in view.fetched else key
    return Tab(title="Log", lines=lambda: _tab_lines(key, view), wants=wants, is_text=True, from_end=True)


def _tab_lines(key: str, view: View) -> Sequence[Line]:
    fetched = view.fetched.get(key)
    lines = fetched.log.lines[-MOST_LINES_IN_TAB:] if fetched is not None else ()
    told: list[Line] = [(line,) for line in lines]
    return [*told, BLANK, log_status(key, view), (("l shows it whole, filters it and reads it anew", "dim"),)]


def _who_has_it(key: str, view: View) -> str:
    kind, _, name = key.partition(" ")
    vm = view.cluster.vms.get(name)
    node = (vm.placement.node if vm is not None else "") if kind == VM_LOG else name
    return f"the daemon of {node}" if node else "an answer"
