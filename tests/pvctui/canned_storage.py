"""A storage and tasks as a reporter and daemons would have written them, some of it broken."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.storage import (
    HealthCheck,
    Osd,
    Pool,
    Snapshot,
    Storage,
    StorageHealth,
    StorageStatus,
    Volume,
)
from pvccore.model.struct import replace
from pvccore.model.task import Task, TaskState
from tests.pvctui.canned import NOW_S, well

TB = 1 << 40
GB = 1 << 30
OSDS = (
    Osd(id=0, node="hv1", device="/dev/sdb", device_class="ssd", is_up=True, is_in=True, weight=0.9, total_bytes=TB,
        used_bytes=TB // 2, pgs=64, latency_ms=2.4),
    Osd(id=1, node="hv2", device="/dev/sdb", device_class="ssd", is_up=False, is_in=True, total_bytes=TB,
        used_bytes=TB // 2),
    Osd(id=2, node="hv3", is_up=True, is_in=False, reweight=0.5, total_bytes=TB, used_bytes=GB),
    Osd(id=3, is_up=True, is_in=True, total_bytes=TB, used_bytes=TB * 9 // 10),
    Osd(id=4, node="hv3", is_up=False, is_in=False),
)  # fmt: skip
POOLS = (
    Pool(name="vms", replicas=3, replicas_min=2, pgs=128, stored_bytes=TB, available_bytes=TB, volumes=3, objects=99),
    Pool(name="full", replicas=3, replicas_min=2, stored_bytes=9 * TB, available_bytes=TB),
    Pool(name="scratch", replicas=1, replicas_min=1, applications=("rbd",)),
)
VOLUMES = {
    "vms": {
        "web1": Volume(
            name="web1",
            size_bytes=20 * GB,
            used_bytes=3 * GB,
            is_locked=True,
            lock_holder="10.0.0.1",
            watchers=("10.0.0.1",),
            opened_at=NOW_S - 95,
            snapshots=(Snapshot(name="before", size_bytes=10 * GB, is_protected=True), Snapshot(name="[b]x")),
        ),
        "[red]old": Volume(name="[red]old", size_bytes=5 * GB),
        "stray": Volume(name="stray", size_bytes=GB, is_locked=True, parent="vms/web1@before"),
    }
}
STATUS = StorageStatus(
    at=NOW_S - 12,
    by="hv1",
    health=StorageHealth.WARNING,
    checks=(
        HealthCheck(code="OSD_DOWN", summary="1 osds down"),
        HealthCheck(code="PG_DEGRADED", severity=StorageHealth.ERROR, summary="2 pgs [red]degraded"),
        HealthCheck(code="A", summary="a"),
        HealthCheck(code="B", summary="b"),
        HealthCheck(code="QUIET", summary="hush", muted=True),
    ),
    flags=("noout", "norebalance"),
    osds_total=5,
    osds_up=3,
    osds_in=3,
    pgs_total=128,
    pg_states={"active+clean": 100, "active+clean+scrubbing": 8, "active+undersized": 20},
    degraded_ratio=0.021,
    misplaced_ratio=0.1,
    total_bytes=5 * TB,
    used_bytes=3 * TB,
    available_bytes=2 * TB,
    recovering_bytes_s=GB / 8,
)
WAITING, RUNNING, DONE, FAILED, STOPPING = (f"170000000{number}-00000001" for number in range(5))
TASKS = {
    WAITING: Task(
        key=WAITING, verb="storage osd add", title="add OSD /dev/sdc of hv9", runs_on="hv9", asked_by="anna@ops1",
        asked_at=NOW_S - 10, arguments={"node": "hv9", "device": "/dev/sdc"},
    ),
    RUNNING: Task(
        key=RUNNING, verb="storage volume upload", title="upload [b]x", state=TaskState.RUNNING, claimed_by="hv2",
        asked_at=NOW_S - 60, started_at=NOW_S - 50, progress=0.4, text="writing",
    ),
    DONE: Task(
        key=DONE, verb="node log", state=TaskState.DONE, asked_at=NOW_S - 7200, started_at=NOW_S - 7200,
        ended_at=NOW_S - 7197, progress=1.0, result="first line\nsecond [line",
    ),
    FAILED: Task(key=FAILED, title="remove OSD 3", state=TaskState.FAILED, error="interrupted: hv2 ended"),
    STOPPING: Task(
        key=STOPPING, title="clone vms/a to vms/b", state=TaskState.RUNNING, claimed_by="hv1", progress=-1,
        cancel_requested="bert@ops2",
    ),
}  # fmt: skip


def storage(status: StorageStatus = STATUS) -> Storage:
    return Storage(
        status=status,
        osds={osd.id: osd for osd in OSDS},
        pools={pool.name: pool for pool in POOLS},
        volumes=VOLUMES,
    )


def on_ceph(cluster: Cluster | None = None, **parts: object) -> Cluster:
    """A cluster that is well, on a storage that is not, with tasks."""
    base = replace(cluster or well(), storage=storage(), tasks=TASKS)
    return replace(base, **parts)  # type: ignore[arg-type] # parts by their names
