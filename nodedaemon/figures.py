"""Figures: what the host and its domains use, from libvirt's counters and the kernel's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from nodedaemon.hypervisor import DomainUse, HostUse
from pvccore.model.struct import Struct

MEMORY_INFO = Path("/proc/meminfo")
KIB_PER_MB = 1024
NS_PER_S = 1_000_000_000


class Counters(Struct, frozen=True, kw_only=True):
    """What one domain has used since it began."""

    cpu_ns: int = 0
    memory_kib: int = 0
    disk_bytes: int = 0
    net_bytes: int = 0

    @classmethod
    def of(cls, stats: Mapping[str, object]) -> Counters:
        """From the names and values of libvirt's bulk statistics; what is not there counts as none."""
        return cls(
            cpu_ns=_number(stats, "cpu.time"),
            memory_kib=_number(stats, "balloon.rss") or _number(stats, "balloon.current"),
            disk_bytes=_sum(stats, "block.", (".rd.bytes", ".wr.bytes")),
            net_bytes=_sum(stats, "net.", (".rx.bytes", ".tx.bytes")),
        )


class Rates:
    """Turns counters into rates per second, from one reading to the next."""

    def __init__(self) -> None:
        self._before: Mapping[str, Counters] = {}
        self._before_s = 0.0

    def take(self, counters: Mapping[str, Counters], now_s: float) -> dict[str, DomainUse]:
        """Uuid → use since the last reading; a domain seen for the first time has no rates yet."""
        passed_s = now_s - self._before_s
        uses = {uuid: _use(self._before.get(uuid), now, passed_s) for uuid, now in counters.items()}
        self._before, self._before_s = counters, now_s
        return uses


def host_use(domains: Mapping[str, DomainUse], memory_info: str) -> HostUse:
    """What the host has and uses; `memory_info` is the text of /proc/meminfo."""
    words = {line.partition(":")[0]: line.partition(":")[2].split() for line in memory_info.splitlines()}
    return HostUse(
        memory_total_mb=int(words["MemTotal"][0]) // KIB_PER_MB,
        memory_free_mb=int(words["MemAvailable"][0]) // KIB_PER_MB,
        load=os.getloadavg()[0],
        vcpus=os.cpu_count() or 1,
        domains=domains,
    )


def _use(before: Counters | None, now: Counters, passed_s: float) -> DomainUse:
    memory_mb = now.memory_kib // KIB_PER_MB
    if before is None or passed_s <= 0:
        return DomainUse(memory_mb=memory_mb)
    return DomainUse(
        cpu=max(0, now.cpu_ns - before.cpu_ns) / NS_PER_S / passed_s,
        memory_mb=memory_mb,
        disk_bytes_s=max(0, now.disk_bytes - before.disk_bytes) / passed_s,
        net_bytes_s=max(0, now.net_bytes - before.net_bytes) / passed_s,
    )


def _number(stats: Mapping[str, object], name: str) -> int:
    value = stats.get(name, 0)
    return value if isinstance(value, int) else 0


def _sum(stats: Mapping[str, object], start: str, ends: tuple[str, ...]) -> int:
    return sum(_number(stats, name) for name in stats if name.startswith(start) and name.endswith(ends))
