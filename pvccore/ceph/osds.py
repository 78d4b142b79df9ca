"""OSDs: how they are, and what is done to them: in, out, drained, destroyed; down at once when their node is off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pvccore.ceph.commands import Commands
from pvccore.model.errors import PvcError, Refused, Unavailable
from pvccore.model.storage import Osd
from pvccore.model.struct import Struct

KB = 1024
NOT_SAFE = {
    "active": "placement groups count on it",
    "stored_pgs": "it still stores placement groups",
    "missing_stats": "Ceph has no figures of it",
}
"""Where `osd safe-to-destroy` lists an OSD that is not safe, and what that means."""
EMPTIES = "ceph-volume lvm zap --destroy"
"""What makes a device fit for a new OSD; what was on it is lost."""


class Osds(Struct, frozen=True, kw_only=True):
    """The OSDs of one Ceph cluster."""

    commands: Commands

    def mark_down(self, host: str) -> None:
        """Tell Ceph that every OSD of `host` is down: its own heartbeats would take some 20 s to find out."""
        found = osds_of(self.commands.ceph("osd", "tree"), host)
        if found:
            self.commands.ceph("osd", "down", *(str(number) for number in found))

    def take_in(self, osd: int) -> None:
        """Let copies be placed on it again."""
        self.commands.ceph("osd", "in", str(osd))

    def take_out(self, osd: int) -> None:
        """Have Ceph move its copies elsewhere; it goes on serving meanwhile."""
        self.commands.ceph("osd", "out", str(osd))

    def pgs_left(self, osd: int) -> int:
        """How many placement groups still count on it."""
        (entry,) = [one for one in self._entries() if one["id"] == osd] or [{}]
        return int(entry.get("pgs", 0))

    def check_safe_to_destroy(self, osd: int) -> None:
        """Raise `Refused` with Ceph's reason unless every copy on it exists elsewhere."""
        try:
            said = self.commands.ceph("osd", "safe-to-destroy", str(osd))
        except Refused as refused:
            raise Refused(f"OSD {osd} is not safe to destroy: {refused}") from None
        if osd not in ((said or {}).get("safe_to_destroy") or ()):
            reasons = [why for name, why in NOT_SAFE.items() if osd in ((said or {}).get(name) or ())]
            raise Refused(f"OSD {osd} is not safe to destroy: {reasons[0] if reasons else 'Ceph does not say why'}")

    def check_ok_to_stop(self, osd: int) -> None:
        """Raise `Refused` with Ceph's reason when data would not be there without it."""
        try:
            said = self.commands.ceph("osd", "ok-to-stop", str(osd))
        except Refused as refused:
            raise Refused(f"OSD {osd} can't be stopped: {refused}") from None
        if said is not None and not said.get("ok_to_stop", True):
            raise Refused(f"OSD {osd} can't be stopped: data would be out of reach without it")

    def stop(self, osd: int) -> None:
        """Have its daemon end, wherever it runs."""
        self.commands.ceph("osd", "stop", str(osd))

    def is_up(self, osd: int) -> bool:
        """Whether its daemon answers, as the monitors see it."""
        return any(one["id"] == osd and one.get("status") == "up" for one in self._entries())

    def purge(self, osd: int) -> None:
        """Forget it: its place in CRUSH, its key, its number. Its daemon must have ended."""
        self.commands.ceph("osd", "purge", str(osd), "--yes-i-really-mean-it")

    def ids(self) -> frozenset[int]:
        """The numbers of all OSDs."""
        return frozenset(int(one) for one in self.commands.ceph("osd", "ls") or ())

    def set_flag(self, flag: str) -> None:
        """Set a flag of the whole cluster."""
        self.commands.ceph("osd", "set", flag)

    def unset_flag(self, flag: str) -> None:
        """Take a flag of the whole cluster away."""
        self.commands.ceph("osd", "unset", flag)

    def _entries(self) -> list[Any]:
        return [one for one in (self.commands.ceph("osd", "df") or {}).get("nodes", ()) if one["id"] >= 0]


def add_osd(commands: Commands, device: str, device_class: str = "") -> int:
    """Make an OSD on a device of this machine and start it; returns its number. All that is on the device is lost."""
    before = Osds(commands=commands).ids()
    crush = ["--crush-device-class", device_class] if device_class else []
    # Not in a tmpfs: nothing would make the OSD's directory again after a boot.
    commands.ceph_volume("raw", "prepare", "--bluestore", "--no-tmpfs", "--data", device, *crush)
    made = Osds(commands=commands).ids() - before
    if not made:
        # `ceph-volume` leaves such a device alone, and calls that a success.
        raise Refused(f"{device} has an OSD, or what is left of one; `{EMPTIES} {device}` on its node empties it")
    if len(made) > 1:
        raise Unavailable(f"{device} was prepared, but which OSD it became can't be told", in_doubt=True)
    number = next(iter(made))
    try:
        commands.osd_started(number, device)
    except PvcError as error:
        raise Refused(f"OSD {number} is made of {device} but does not run: {error}") from None
    return number


def parse_osds(tree: Any, perf: Any = None, metadata: Any = None) -> tuple[Osd, ...]:  # noqa: ANN401 - JSON
    """`ceph osd df tree`, `osd perf` and `osd metadata` as OSDs, by number."""
    nodes = (tree or {}).get("nodes") or ()
    hosts = {child: str(one["name"]) for one in nodes if one.get("type") == "host" for child in one.get("children", ())}
    entries = [*nodes, *((tree or {}).get("stray") or ())]
    latencies, told = _latencies(perf), {int(one["id"]): one for one in metadata or () if "id" in one}
    found = {
        int(one["id"]): _osd(one, hosts.get(one["id"], ""), latencies, told)
        for one in entries
        if one.get("type", "osd") == "osd" and one["id"] >= 0
    }
    return tuple(found[number] for number in sorted(found))


def osds_of(tree: Any, host: str) -> tuple[int, ...]:  # noqa: ANN401 - the JSON of `ceph osd tree`
    """The numbers of the OSDs below the bucket of a host."""
    nodes = {node["id"]: node for node in (tree or {}).get("nodes", ())}
    bucket = next((node for node in nodes.values() if node.get("type") == "host" and node.get("name") == host), None)
    return tuple(sorted(child for child in (bucket or {}).get("children", ()) if child >= 0))


def _osd(
    entry: Mapping[str, Any], host: str, latencies: Mapping[int, float], told: Mapping[int, Mapping[str, Any]]
) -> Osd:
    number, reweight = int(entry["id"]), float(entry.get("reweight", 1.0))
    about = told.get(number, {})
    devices = str(about.get("devices") or about.get("bluestore_bdev_devices") or "")
    return Osd(
        id=number,
        node=host or str(about.get("hostname", "")),
        device=",".join(f"/dev/{name}" for name in devices.split(",") if name),
        device_class=str(entry.get("device_class", "")),
        is_up=entry.get("status") == "up",
        is_in=reweight > 0,
        weight=round(float(entry.get("crush_weight", 0.0)), 5),
        reweight=round(reweight, 5),
        total_bytes=int(entry.get("kb", 0)) * KB,
        used_bytes=int(entry.get("kb_used", 0)) * KB,
        pgs=int(entry.get("pgs", 0)),
        latency_ms=latencies.get(number, 0.0),
    )


def _latencies(perf: Any) -> dict[int, float]:  # noqa: ANN401 - before Ceph 14 without "osdstats" around it
    listed = ((perf or {}).get("osdstats") or perf or {}).get("osd_perf_infos") or ()
    return {int(one["id"]): float((one.get("perf_stats") or {}).get("commit_latency_ms", 0.0)) for one in listed}
