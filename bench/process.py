"""What a running program costs, as the kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path


def processor_s(pid: int) -> float:
    """What it has used of the processor until now, all its threads together."""
    fields = _told(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """What it keeps in memory now."""
    (resident,) = (line for line in _told(pid, "status").splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024


def _told(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text(encoding="ascii")
