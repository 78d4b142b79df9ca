"""The five states that pictures are made of: a cluster that is well, in maintenance, fencing, out of reach, empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvccore.model.cluster import Cluster
from pvccore.model.forecast import Forecast
from pvccore.model.storage import Osd, Pool, Snapshot, Storage, StorageHealth, StorageStatus, Volume
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from pvccore.model.vm import VmState, Wanted
from pvccore.state.store import Connection
from pvctui.rows.view import Link
from tests.pvctui.canned import GB, NOW_S, cluster_of, entry, in_maintenance, night, node, vm
from tests.pvctui.canned_storage import STATUS

TIB, GIB = 1 << 40, 1 << 30
LEASES = tuple(f"lease-{number:010}" for number in (42, 43, 45, 46))
LIVE = Link(connection=Connection.CONNECTED, age_s=0.0)
AWAY = Link(connection=Connection.RECONNECTING, age_s=12.0)
NAMES = ("web1", "web2", "app1", "app2", "db1", "db2", "mail", "git", "ldap", "cache", "queue", "build")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state of the console: what it knows, and how it stands to the cluster."""

    cluster: Cluster
    link: Link = LIVE


def _osds() -> dict[int, Osd]:
    return {
        number: Osd(
            id=number,
            node=f"hv{number // 2 + 1}",
            device=f"/dev/nvme{number % 2}n1",
            device_class="ssd",
            is_up=True,
            is_in=True,
            weight=1.8,
            total_bytes=2 * TIB,
            used_bytes=TIB + number * 20 * GIB,
            pgs=96 + number,
            latency_ms=0.6 + number / 10,
        )
        for number in range(12)
    }


def _storage(cluster: Cluster, status: StorageStatus) -> Storage:
    volumes = {
        one.name: Volume(
            name=one.name,
            size_bytes=(20 + 10 * place) * GIB,
            used_bytes=(4 + 3 * place) * GIB,
            is_locked=one.is_active,
            lock_holder=f"10.0.0.{one.node.removeprefix('hv')}" if one.is_active else "",
            watchers=(f"10.0.0.{one.node.removeprefix('hv')}",) if one.is_active else (),
            opened_at=NOW_S - 40,
            snapshots=(Snapshot(name="before-upgrade", size_bytes=20 * GIB),) if place % 4 == 0 else (),
        )
        for place, one in enumerate(cluster.vms.values())
    }
    pools = {
        "vms": Pool(name="vms", replicas=3, replicas_min=2, pgs=256, stored_bytes=4 * TIB, used_bytes=12 * TIB,
            available_bytes=3 * TIB, volumes=len(volumes), objects=1_204_311, applications=("rbd",)),
        "images": Pool(name="images", replicas=3, replicas_min=2, pgs=32, stored_bytes=80 * GIB,
            used_bytes=240 * GIB, available_bytes=3 * TIB, objects=20_480, applications=("rbd",)),
    }  # fmt: skip
    volumes["debian-11"] = Volume(name="debian-11", size_bytes=5 * GIB, used_bytes=2 * GIB, opened_at=NOW_S - 40)
    return Storage(status=status, osds=_osds(), pools=pools, volumes={"vms": volumes})


def _tasks() -> dict[str, Task]:
    told = (
        Task(key="1789999990-00000001", verb="storage volume upload", title="upload debian-12.qcow2 to vms/debian-12",
            state=TaskState.RUNNING, claimed_by="hv2", asked_by="anna@ops1", asked_at=NOW_S - 60,
            started_at=NOW_S - 58, progress=0.42, text="2.1 of 5.0 G written"),
        Task(key="1789999000-00000001", verb="storage volume resize", title="resize vms/db1 to 80G",
            state=TaskState.DONE, claimed_by="hv1", asked_by="bert@ops2", asked_at=NOW_S - 1000,
            started_at=NOW_S - 999, ended_at=NOW_S - 996, progress=1.0, result="vms/db1 has 80G"),
        Task(key="1789990000-00000001", verb="storage osd remove", title="remove OSD 7", state=TaskState.FAILED,
            claimed_by="hv4", asked_by="anna@ops1", asked_at=NOW_S - 10_000, started_at=NOW_S - 9_999,
            ended_at=NOW_S - 9_000, error="it still holds 12 placement groups that are nowhere else"),
    )  # fmt: skip
    return {task.key: task for task in told}


def _well() -> Cluster:
    nodes = [node(f"hv{number}", free_gb=30 + 9 * number) for number in range(1, 7)]
    vms = [vm(number + 1, name, f"hv{number % 5 + 1}") for number, name in enumerate(NAMES)]
    vms[4] = vm(5, "db1", "hv5", memory_mb=16 * GB, vcpus=8, node_limit=("hv4", "hv5"), tags=("db",))
    vms[7] = vm(8, "git", "hv2", previous_node="hv3", description="the forge")
    vms[11] = vm(12, "build", "hv6", wanted=Wanted.STOPPED, state=VmState.STOPPED, autorestart=False)
    journal = (
        entry(1, "cluster created"),
        entry(20, "maintenance on", "kernel upgrade", who="anna@ops1"),
        entry(40, "maintenance off", who="anna@ops1"),
        entry(50, "migrate git to hv2", who="bert@ops2", vm="git", node="hv2"),
        entry(58, "ready hv3", "fan replaced", who="bert@ops2", node="hv3"),
    )
    forecast = Forecast(at=NOW_S - 8, nodes=6)
    cluster = cluster_of(nodes, vms, journal=journal, forecast=forecast, tasks=_tasks(), leases=LEASES)
    fine = replace(
        STATUS, health=StorageHealth.OK, checks=(), flags=(), osds_total=12, osds_up=12, osds_in=12, pgs_total=288,
        pg_states={"active+clean": 288}, degraded_ratio=0.0, misplaced_ratio=0.0, recovering_bytes_s=0,
        total_bytes=24 * TIB, used_bytes=13 * TIB, available_bytes=11 * TIB,
    )  # fmt: skip
    return replace(cluster, storage=_storage(cluster, fine))


def _fencing() -> Cluster:
    cluster = night()
    forecast = Forecast(at=NOW_S - 8, nodes=5, parked={"hv5": 2}, reasons={"hv5": "db1: limit hv4,hv5; hv4 is flushed"})
    cluster = replace(cluster, leases=LEASES)
    hurt_status = replace(
        STATUS, checks=STATUS.checks[:1], flags=("noout",), osds_total=12, osds_up=11, osds_in=12, pgs_total=288,
        pg_states={"active+clean": 268, "active+undersized": 20},
        total_bytes=24 * TIB, used_bytes=14 * TIB, available_bytes=10 * TIB,
    )  # fmt: skip
    hurt = _storage(cluster, hurt_status)
    osds = {**hurt.osds, 4: replace(hurt.osds[4], is_up=False)}
    return replace(cluster, forecast=forecast, storage=replace(hurt, osds=osds), tasks=_tasks())


WELL = _well()
STATES: Mapping[str, State] = {
    "normal": State(cluster=WELL),
    "maintenance": State(cluster=in_maintenance(WELL)),
    "fencing": State(cluster=_fencing()),
    "disconnected": State(cluster=WELL, link=AWAY),
    "empty": State(cluster=cluster_of([], [])),
}
