"""The simulated Ceph's command line: the words in and the JSON out of the real one, so that what acts on it is real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pvccore.ceph.commands import NotThere, Tell
from pvccore.model.errors import Refused, Unavailable
from simulation.ceph_state import Osd, Pool, SimulatedStorage
from simulation.rbd_commands import RbdCaller

LIMIT_S = 10.0
"""A storage slower than the limit of a command does not answer at all."""
FSID = "5105a9e2-0000-4000-8000-000000000000"
KB = 1024
Words = tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class SimulatedCommands:
    """One caller's tools on the simulated storage; obeys `pvccore.ceph.commands.Commands`.

    node: the machine on which they run. skipped_s: what the caller has waited within one moment of virtual time.
    """

    storage: SimulatedStorage
    node: str
    skipped_s: float = field(default=0.0)

    def pause(self, seconds: float) -> None:
        """Wait, for this caller alone."""
        self.skipped_s += seconds

    # The tools

    def within(self, limit_s: float) -> SimulatedCommands:
        return self

    def ceph(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        self._check_there("ceph")
        for length in (3, 2, 1):
            call = _CEPH.get(" ".join(words[:length]))
            if call is not None:
                return call(self, words[length:])
        raise Refused(f"ceph {' '.join(words)}: command not known")

    def ceph_all(self, *commands: str, may_hang: int = 0) -> list[Any]:
        return [self.ceph(*command.split()) for command in commands]

    def rbd(self, *words: str, limit_s: float = 0.0) -> Any:  # noqa: ANN401 - JSON
        self._check_there("rbd")
        return RbdCaller(self.storage).json(words)

    def rados(self, *words: str) -> str:
        """Its pools, one a line; nothing else is asked by this tool."""
        self._check_there(f"rados {' '.join(words)}")
        return "".join(f"{name}\n" for name in self.storage.pools)

    def rbd_plain(self, *words: str) -> str:
        self._check_there("rbd")
        RbdCaller(self.storage).plain(words)
        return ""

    def rbd_followed(self, *words: str, tell: Tell) -> None:
        tell(1.0, "")
        self.rbd_plain(*words)

    def image_facts(self, path: str) -> Any:  # noqa: ANN401 - JSON
        size_bytes = self.storage.files.get((self.node, path))
        if size_bytes is None:
            raise Refused(f"qemu-img info: {path}: No such file or directory")
        return {"format": "qcow2", "virtual-size": size_bytes}

    def image_written(self, path: str, image_format: str, volume: str, *, tell: Tell) -> None:
        self._check_there("qemu-img")
        image = RbdCaller(self.storage).image(volume)
        image.used_bytes = image.size_bytes // 3
        tell(1.0, "")

    def ceph_volume(self, *words: str) -> str:
        if words[:2] == ("raw", "prepare"):
            number = max(self.storage.osds, default=-1) + 1
            self.storage.osds[number] = Osd(number=number, node=self.node, device=words[words.index("--data") + 1])
        return ""

    def osd_started(self, osd: int, device: str) -> None:
        """Started with its machine: what is simulated needs no service."""

    def osd_halted(self, osd: int) -> None:
        self.osd(str(osd)).is_stopped = True

    def osd_ended(self, osd: int) -> None:
        """Nor does it leave anything behind."""

    # Looking

    def osd(self, number: str) -> Osd:
        try:
            return self.storage.osds[int(number)]
        except KeyError:
            raise NotThere((), "ceph", f"osd.{number} does not exist") from None

    def _check_there(self, tool: str) -> None:
        if self.storage.ceph.slow_s >= LIMIT_S:
            raise Unavailable(f"{tool} did not answer within {LIMIT_S:g} s", in_doubt=True)


def _status(at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    storage = at.storage
    osds, load = list(storage.osds.values()), storage.load()
    degraded = storage.degraded_ratio()
    state = "active+undersized+degraded" if degraded else "active+clean"
    pgs = sum(pool.pgs for pool in storage.pools.values())
    bad = round(pgs * degraded)
    states = [{"state_name": state, "count": bad}] if bad else []
    return {
        "fsid": FSID,
        "quorum_names": storage.monitors(),
        "monmap": {"num_mons": len(storage.monitor_nodes)},
        "osdmap": {
            "num_osds": len(osds),
            "num_up_osds": sum(storage.is_up(osd) for osd in osds),
            "num_in_osds": sum(osd.is_in for osd in osds),
        },
        "pgmap": {
            "num_pgs": pgs,
            "pgs_by_state": [{"state_name": "active+clean", "count": pgs - bad}, *states],
            "degraded_ratio": degraded,
            "recovering_bytes_per_sec": 90e6 if degraded else 0.0,
            "read_bytes_sec": 22e6 * load,
            "write_bytes_sec": 9e6 * load,
            "read_op_per_sec": 700 * load,
            "write_op_per_sec": 420 * load,
        },
    }


def _df(at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    storage = at.storage
    total, used = storage.total_bytes(), storage.used_bytes()
    stats = {"total_bytes": total, "total_used_raw_bytes": used, "total_avail_bytes": total - used}
    pools = [
        {
            "name": pool.name,
            "stats": {
                "stored": pool.stored_bytes,
                "bytes_used": pool.stored_bytes * pool.replicas,
                "max_avail": storage.available_bytes(pool),
                "objects": pool.stored_bytes >> 22,
            },
        }
        for pool in storage.pools.values()
    ]
    return {"stats": stats, "pools": pools}


def _osd_df_tree(at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    hosts: dict[str, list[int]] = {}
    for osd in at.storage.osds.values():
        hosts.setdefault(osd.node, []).append(osd.number)
    buckets = [
        {"id": -2 - index, "name": node, "type": "host", "children": found}
        for index, (node, found) in enumerate(sorted(hosts.items()))
    ]
    return {"nodes": [*buckets, *(_osd_entry(at, osd) for osd in at.storage.osds.values())], "stray": []}


def _osd_entry(at: SimulatedCommands, osd: Osd) -> dict[str, Any]:
    storage = at.storage
    return {
        "id": osd.number,
        "name": f"osd.{osd.number}",
        "type": "osd",
        "device_class": osd.device_class,
        "crush_weight": round(osd.size_bytes / (1 << 40), 5),
        "reweight": 1.0 if osd.is_in else 0.0,
        "kb": osd.size_bytes // KB,
        "kb_used": storage.used_by(osd) // KB,
        "pgs": storage.pgs_on(osd, at.skipped_s),
        "status": "up" if storage.is_up(osd) else "down",
    }


def _osd_dump(at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    pools = [
        {
            "pool": number,
            "pool_name": pool.name,
            "size": pool.replicas,
            "min_size": pool.replicas_min,
            "pg_num": pool.pgs,
            "application_metadata": {"rbd": {}} if pool.name != ".mgr" else {"mgr": {}},
        }
        for number, pool in enumerate(at.storage.pools.values(), 1)
    ]
    return {"flags_set": sorted(at.storage.flags), "pools": pools}


def _health(at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    checks = {
        code: {"severity": f"HEALTH_{severity}", "summary": {"message": message}, "detail": []}
        for code, severity, message in at.storage.complaints()
    }
    worst = "HEALTH_OK"
    for check in checks.values():
        worst = "HEALTH_ERR" if "HEALTH_ERR" in (worst, check["severity"]) else "HEALTH_WARN"
    return {"status": worst, "checks": checks}


def _osd_perf(at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    slow_ms = at.storage.ceph.slow_s * 1000
    entries = [
        {"id": osd.number, "perf_stats": {"commit_latency_ms": 2 + osd.number % 3 + slow_ms}}
        for osd in at.storage.osds.values()
    ]
    return {"osdstats": {"osd_perf_infos": entries}}


def _osd_metadata(at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    return [
        {"id": osd.number, "hostname": osd.node, "devices": osd.device.removeprefix("/dev/")}
        for osd in at.storage.osds.values()
    ]


def _versions(_at: SimulatedCommands, _words: Words) -> Any:  # noqa: ANN401 - JSON
    return {"mon": {"ceph version 18.2.4 (simulated) reef (stable)": 3}}


def _safe_to_destroy(at: SimulatedCommands, words: Words) -> Any:  # noqa: ANN401 - JSON
    osd = at.osd(words[0])
    if at.storage.pgs_on(osd, at.skipped_s) or osd.is_in:
        raise Refused(f"OSD(s) {osd.number} have {at.storage.pgs_on(osd, at.skipped_s)} pgs currently mapped to them.")
    return {"safe_to_destroy": [osd.number]}


def _change_osd(**changes: Any) -> Callable[[SimulatedCommands, Words], None]:  # noqa: ANN401 - any field
    def change(at: SimulatedCommands, words: Words) -> None:
        osd = at.osd(words[0])
        for name, value in changes.items():
            if name == "is_in" and osd.is_in and not value:
                osd.out_at_s = at.storage.ceph.clock.now_s - at.skipped_s
            setattr(osd, name, value)

    return change


def _purge(at: SimulatedCommands, words: Words) -> None:
    osd = at.osd(words[0])
    if at.storage.is_up(osd):
        raise Refused(f"Error EBUSY: osd.{osd.number} is not `down`.")
    del at.storage.osds[osd.number]


def _pool(at: SimulatedCommands, name: str) -> Pool:
    return RbdCaller(at.storage).pool(name)


def _pool_create(at: SimulatedCommands, words: Words) -> None:
    at.storage.pools[words[0]] = Pool(name=words[0], pgs=int(words[1]))


def _pool_set(at: SimulatedCommands, words: Words) -> None:
    name, variable, value = words[:3]
    attribute = {"size": "replicas", "min_size": "replicas_min", "pg_num": "pgs"}.get(variable)
    if attribute is not None:
        setattr(_pool(at, name), attribute, int(value))


def _pool_delete(at: SimulatedCommands, words: Words) -> None:
    _pool(at, words[0])
    del at.storage.pools[words[0]]


def _nothing(_at: SimulatedCommands, _words: Words) -> None:
    """What changes nothing that is simulated."""


_CEPH: Mapping[str, Callable[[SimulatedCommands, Words], Any]] = {
    "status": _status,
    "df detail": _df,
    "osd df tree": _osd_df_tree,
    "osd df": _osd_df_tree,
    "osd tree": _osd_df_tree,
    "osd dump": _osd_dump,
    "health detail": _health,
    "osd perf": _osd_perf,
    "osd metadata": _osd_metadata,
    "versions": _versions,
    "osd ls": lambda at, _: sorted(at.storage.osds),
    "osd in": _change_osd(is_in=True),
    "osd out": _change_osd(is_in=False),
    "osd stop": _change_osd(is_stopped=True),
    "osd down": _nothing,
    "osd ok-to-stop": lambda _at, _words: {"ok_to_stop": True},
    "osd safe-to-destroy": _safe_to_destroy,
    "osd purge": _purge,
    "osd set": lambda at, words: at.storage.flags.add(words[0]),
    "osd unset": lambda at, words: at.storage.flags.discard(words[0]),
    "osd pool create": _pool_create,
    "osd pool set": _pool_set,
    "osd pool application": _nothing,
    "osd pool delete": _pool_delete,
    "osd blocklist ls": lambda at, _: [{"addr": f"{address}:0/0"} for address in sorted(at.storage.ceph.blocklist)],
}
