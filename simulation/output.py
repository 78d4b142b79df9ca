"""What `pvc simulate` shows: the journal as it happens, expectations, the final table; or all of it as one object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulation.fuzz import Tally
from simulation.rules import Violation
from simulation.runner import Finding, JournalLine, Outcome

VM_COLUMNS = ("name", "status", "state", "wanted", "node", "previous_node", "parked_on")
NODE_COLUMNS = ("name", "power", "alive", "readiness", "healthy", "vms")


def journal_line(line: JournalLine) -> str:
    """`[   12.3] manager@hv2: fence hv1 requested: absent for 1.0 s`."""
    entry = line.entry
    why = f": {entry.why}" if entry.why else ""
    return f"[{line.at_s:7.1f}] {entry.who}: {entry.what}{why}"


def ending_lines(outcome: Outcome) -> list[str]:
    """Everything after the journal."""
    met = [one for one in outcome.findings if one.ok]
    missed = [one for one in outcome.findings if not one.ok]
    lines = [""]
    lines += [f"met      {_finding(one)}" for one in met]
    lines += [f"NOT MET  {_finding(one)}; found {one.found}" for one in missed]
    lines += [violation_line(one) for one in outcome.violations]
    lines += ["", *_table(NODE_COLUMNS, outcome.nodes.values())]
    if outcome.vms:
        lines += ["", *_table(VM_COLUMNS, outcome.vms.values())]
    lines += ["", f"maintenance {'on' if outcome.maintenance else 'off'}"]
    broken = f", {len(outcome.violations)} violations" if outcome.violations else ""
    lines.append(f"{len(met)} of {len(outcome.findings)} expectations met{broken}, seed {outcome.seed}")
    return lines


def violation_line(violation: Violation) -> str:
    """One breach of an always-true rule."""
    return f"VIOLATED [{violation.at_s:7.1f}] {violation.rule}: {violation.text}"


def outcome_object(outcome: Outcome) -> dict[str, Any]:
    """The object of `--json` (DESIGN §9)."""
    return {
        "ok": outcome.ok,
        "seed": outcome.seed,
        "journal": [_journal_object(line) for line in outcome.journal],
        "expectations": [
            {"ok": one.ok, "at_s": _seconds(one.at_s), "text": one.text, "found": one.found} for one in outcome.findings
        ],
        "violations": [violation_object(one) for one in outcome.violations],
        "final": {"nodes": outcome.nodes, "vms": outcome.vms, "maintenance": outcome.maintenance},
    }


def fuzz_lines(tally: Tally, seed: int) -> list[str]:
    """What `--fuzz` ends with: the shortest schedule that broke a rule, as a file, and the count."""
    shortest = tally.shortest
    lines = [f"seed {seed}"]
    if shortest is not None:
        lines += [f"seed {one.seed}: {one.violations[0].rule}" for one in tally.failures]
        lines += ["", *map(violation_line, shortest.violations)]
        lines += ["", f"# run it again with --seed {shortest.seed}", shortest.text]
    return [*lines, tally.line]


def fuzz_object(tally: Tally, seed: int) -> dict[str, Any]:
    """The same as one object."""
    shortest = tally.shortest
    return {
        "ok": not tally.failures,
        "seed": seed,
        "schedules": tally.schedules,
        "seconds": round(tally.seconds, 1),
        "violations": [
            {"seed": one.seed, **violation_object(broken)} for one in tally.failures for broken in one.violations
        ],
        "shortest": None if shortest is None else {"seed": shortest.seed, "scenario": shortest.text},
    }


def violation_object(violation: Violation) -> dict[str, Any]:
    """One breach, for `--json`."""
    return {"at_s": _seconds(violation.at_s), "rule": violation.rule, "text": violation.text}


def _journal_object(line: JournalLine) -> dict[str, Any]:
    entry = line.entry
    record: dict[str, Any] = {"at_s": _seconds(line.at_s), "who": entry.who, "what": entry.what, "why": entry.why}
    return record | {name: value for name, value in (("vm", entry.vm), ("node", entry.node)) if value}


def _seconds(at_s: float) -> float:
    return round(at_s, 3)


def _finding(one: Finding) -> str:
    return f"[{one.at_s:7.1f}] {one.text}"


def _table(columns: tuple[str, ...], records: Iterable[dict[str, Any]]) -> list[str]:
    rows = [columns, *(tuple(_cell(record[name]) for name in columns) for record in records)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
