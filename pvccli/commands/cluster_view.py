"""How the whole cluster is shown to a person."""

from __future__ import annotations

from typing import Any

from pvccli.output import fields, moment


def status_text(record: dict[str, Any]) -> str:
    """The cluster in a few lines, what is wrong last."""
    nodes, vms = record["nodes"], dict(record["vms"])
    total = vms.pop("total")
    pairs = [
        ("cluster", record["cluster"]),
        ("maintenance", maintenance_text(record["maintenance"])),
        ("manager", record["manager"] or "nobody"),
        ("nodes", f"{nodes['alive']} of {nodes['total']} alive, {nodes['ready']} ready"),
        ("VMs", f"{total}" + "".join(f", {count} {status}" for status, count in vms.items())),
        ("N-1", forecast_text(record["forecast"])),
    ]
    pairs += [("fence", f"{one['node']} {one['phase']} ({one['cause']})") for one in record["fences"]]
    pairs += [
        ("trouble", f"{one.get('vm') or one.get('node') or one['storage']} {one['text']}") for one in record["troubles"]
    ]
    pairs += [("problem", f"{name}: {reason}") for name, reason in record["problems"].items()]
    return fields(pairs)


def forecast_text(record: dict[str, Any]) -> str:
    """Whether any single node may die, in a line."""
    if record["survives"] is None:
        return "not worked out yet"
    if record["survives"]:
        return "yes: any single node may die, and all its VMs run elsewhere"
    failing = [f"{name} ({one['parked']} would be parked: {one['reason']})" for name, one in record["nodes"].items()]
    return f"no: {'; '.join(failing)}"


def maintenance_text(record: dict[str, Any]) -> str:
    """The switch in a line."""
    if not record["on"]:
        return "off"
    by = f" by {record['by']}" if record["by"] else ""
    since = f" since {moment(record['since'])}" if record["since"] else ""
    reason = f": {record['reason']}" if record["reason"] else ""
    return f"on{since}{by}{reason}; nobody is fenced"
