"""Health and use of the whole storage, from what Ceph 16 to 19 print; what a version leaves out is left empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pvccore.model.storage import HealthCheck, StorageHealth, StorageStatus

FLAGS = (
    "noout", "noin", "noup", "nodown", "norebalance", "nobackfill", "norecover", "noscrub", "nodeep-scrub", "pause",
    "nosnaptrim", "notieragent",
)  # fmt: skip
"""Flags that a person may set on the whole cluster; others are Ceph's own business."""

MAX_DETAILS = 20
"""Lines of one check that are kept: a cluster in trouble has thousands."""
MAX_CHECKS = 50
MAX_CHARACTERS = 300
"""Of one line: so the whole status stays a document of some 300 KB at the very most."""
_HEALTH = {"HEALTH_OK": StorageHealth.OK, "HEALTH_WARN": StorageHealth.WARNING, "HEALTH_ERR": StorageHealth.ERROR}


def parse_status(status: Any, df: Any, dump: Any, health: Any, versions: Any = None) -> StorageStatus:  # noqa: ANN401 - JSON
    """`ceph status`, `df detail`, `osd dump`, `health detail` and `versions` as one status, without its time."""
    status, dump = status or {}, dump or {}
    # Before Ceph 15 the counts lay one level deeper.
    osdmap = status.get("osdmap") or {}
    osdmap = osdmap.get("osdmap", osdmap)
    pgmap = status.get("pgmap") or {}
    use = (df or {}).get("stats") or {}
    return StorageStatus(
        fsid=str(status.get("fsid", "")),
        ceph_version=parse_version(versions),
        health=_HEALTH.get(str((health or {}).get("status", "")), StorageHealth.UNKNOWN),
        checks=parse_checks(health),
        flags=parse_flags(dump),
        monitors=_monitors(status),
        monitors_in_quorum=tuple(status.get("quorum_names") or ()),
        osds_total=int(osdmap.get("num_osds", 0)),
        osds_up=int(osdmap.get("num_up_osds", 0)),
        osds_in=int(osdmap.get("num_in_osds", 0)),
        pgs_total=int(pgmap.get("num_pgs", 0)),
        pg_states={str(one["state_name"]): int(one["count"]) for one in pgmap.get("pgs_by_state") or ()},
        total_bytes=int(use.get("total_bytes", 0)),
        used_bytes=int(use.get("total_used_raw_bytes", use.get("total_used_bytes", 0))),
        available_bytes=int(use.get("total_avail_bytes", 0)),
        degraded_ratio=float(pgmap.get("degraded_ratio", 0.0)),
        misplaced_ratio=float(pgmap.get("misplaced_ratio", 0.0)),
        recovering_bytes_s=float(pgmap.get("recovering_bytes_per_sec", 0.0)),
        read_bytes_s=float(pgmap.get("read_bytes_sec", 0.0)),
        write_bytes_s=float(pgmap.get("write_bytes_sec", 0.0)),
        read_operations_s=float(pgmap.get("read_op_per_sec", 0.0)),
        write_operations_s=float(pgmap.get("write_op_per_sec", 0.0)),
    )


def parse_checks(health: Any) -> tuple[HealthCheck, ...]:  # noqa: ANN401 - JSON of `ceph health detail`
    """The complaints, the worst first."""
    listed = (health or {}).get("checks") or {}
    pairs = listed.items() if isinstance(listed, Mapping) else ((one.get("type", ""), one) for one in listed)
    checks = [_check(str(code), entry) for code, entry in pairs]
    return tuple(sorted(checks, key=lambda one: (one.muted, one.severity is not StorageHealth.ERROR, one.code)))[
        :MAX_CHECKS
    ]


def parse_flags(dump: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON of `ceph osd dump`
    """The flags that a person may set, as far as they are set; `pause` is told as its two halves."""
    listed = (dump or {}).get("flags_set") or str((dump or {}).get("flags", "")).split(",")
    found = {"pause" if flag in ("pauserd", "pausewr") else str(flag) for flag in listed}
    return tuple(flag for flag in FLAGS if flag in found)


def parse_version(versions: Any) -> str:  # noqa: ANN401 - JSON of `ceph versions`
    """The monitors' version, as 16.2.15; both while an upgrade is under way."""
    found = (versions or {}).get("mon") or (versions or {}).get("overall") or {}
    return ", ".join(sorted(words[2] for words in (text.split() for text in found) if len(words) > 2))  # noqa: PLR2004 - "ceph version 16.2.15 …"


def _check(code: str, entry: Any) -> HealthCheck:  # noqa: ANN401 - JSON
    summary = entry.get("summary", "")
    text = str(summary.get("message", "")) if isinstance(summary, Mapping) else str(summary)
    details = (str(one.get("message", ""))[:MAX_CHARACTERS] for one in (entry.get("detail") or ())[:MAX_DETAILS])
    return HealthCheck(
        code=code,
        severity=_HEALTH.get(str(entry.get("severity", "")), StorageHealth.WARNING),
        summary=text[:MAX_CHARACTERS],
        details=tuple(details),
        muted=bool(entry.get("muted", False)),
    )


def _monitors(status: Mapping[str, Any]) -> tuple[str, ...]:
    """Names where they are told (before Ceph 15), else those in quorum and as many more as are missing."""
    monmap = status.get("monmap") or {}
    if monmap.get("mons"):
        return tuple(str(one["name"]) for one in monmap["mons"])
    there = tuple(str(name) for name in status.get("quorum_names") or ())
    missing = int(monmap.get("num_mons", 0)) - len(there)
    return (*there, *(f"missing {number}" for number in range(1, missing + 1)))
