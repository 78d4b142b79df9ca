"""What bodies and answers look like in the OpenAPI document: one small cluster, told in every shape."""

from __future__ import annotations

from typing import Any

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import Struct, to_builtins
from msgspec.structs import fields

from pvcapi import shapes, storage_shapes, wanted
from pvccore.model.fence import FenceCause, FencePhase
from pvccore.model.node import NodeRole, ReadinessState, WantedReadiness
from pvccore.model.selectors import Selector
from pvccore.model.storage import StorageHealth
from pvccore.model.task import TaskState
from pvccore.model.vm import MigrationMethod, VmState, Wanted

AT = 1764412800.0
GB = 1024**3
XML = "<domain type='kvm'><name>web1</name><memory unit='GiB'>2</memory><vcpu>2</vcpu></domain>"
EVENT = 'event: delta\ndata: {"nodes": {"hv3": null}}\n\n'
FIGURES = "# TYPE pvc_up gauge\npvc_up 1\n"
FORECASTS = {"hv1": {"survives": True, "placed": {"web1": "hv2"}, "parked": {}}}
SETTINGS = {"settle_s": 4.0}

_VM: dict[str, Any] = {
    "name": "web1",
    "uuid": "0b9e1d6e-5c0f-4c6e-9a53-1d2f6a7b8c9d",
    "status": "running",
    "state": VmState.RUNNING,
    "wanted": Wanted.RUNNING,
    "node": "hv2",
    "previous_node": "hv1",
    "parked_on": None,
    "failure": None,
    "node_limit": ["hv1", "hv2"],
    "node_selector": Selector.LOAD,
    "autorestart": True,
    "migration_method": MigrationMethod.LIVE,
    "memory_mb": 2048,
    "vcpus": 2,
    "tags": ["web"],
    "description": "the shop",
}
_NODE: dict[str, Any] = {
    "name": "hv1",
    "alive": True,
    "readiness": ReadinessState.READY,
    "role": NodeRole.COORDINATOR,
    "power": "on",
    "healthy": True,
    "memory_mb": 65536,
    "vcpus": 32,
    "load": 1.5,
    "vms": 12,
}
_FENCE = shapes.FenceRecord(
    node="hv3", phase=FencePhase.RECOVERING, cause=FenceCause.ABSENT, round=4, error=None, by=None
)
_POOL = storage_shapes.PoolRecord(
    pool="vms",
    volumes=12,
    namespaces=0,
    stored_bytes=200 * GB,
    used_bytes=600 * GB,
    available_bytes=800 * GB,
    used_ratio=0.2,
    replicas=3,
    replicas_min=2,
    pgs=128,
    objects=51200,
    applications=["rbd"],
    error=None,
)

BODIES: tuple[Struct, ...] = (
    wanted.NewVm(xml=XML, start=True, metadata=wanted.MetadataGiven(node_limit=["hv1", "hv2"], autorestart=True)),
    wanted.NewXml(xml=XML, restart=True),
    wanted.NewName(name="shop1"),
    wanted.MetadataWanted(node_limit=["hv1", "hv2"], move=True),
    wanted.Tags(add=["web"]),
    wanted.StateWanted(state=wanted.VmVerb.SHUTDOWN, limit_s=30.0),
    wanted.NodeWanted(action=wanted.MoveVerb.MIGRATE),
    wanted.NodeWanted(action=wanted.MoveVerb.MOVE, node="hv2"),
    wanted.DomainStateWanted(state=wanted.DomainStateVerb.FLUSH, reason="new memory"),
    wanted.FenceWanted(reason="it smells of smoke"),
    wanted.MaintenanceWanted(maintenance=True, reason="switch upgrade"),
    wanted.SettingWanted(value=4.0),
    storage_shapes.FlagWanted(action=storage_shapes.FlagAction.SET, option="noout"),
    storage_shapes.NewOsd(node="hv1", device="/dev/sdb", device_class="ssd"),
    storage_shapes.OsdStateWanted(state=storage_shapes.OsdState.OUT),
    storage_shapes.NewPool(pool="images", pgs=32),
    storage_shapes.PgsWanted(pgs=256),
    storage_shapes.NewVolume(pool="vms", volume="web1_disk0", size="20G"),
    storage_shapes.VolumeChange(size="40G"),
    storage_shapes.CloneWanted(volume="web2_disk0"),
    storage_shapes.UploadWanted(path="/var/lib/pvc/images/debian.raw", node="hv1"),
    storage_shapes.NewSnapshot(pool="vms", volume="data", snapshot="before"),
    storage_shapes.SnapshotName(name="after"),
)

ANSWERS: tuple[Struct, ...] = (
    shapes.Outcome(changed=True, text="web1 goes from hv1 to hv2"),
    shapes.Switched(changed=True, text="maintenance off now", warnings=["hv3 will be fenced unless back within 30 s."]),
    shapes.LogLines(lines=["web1 login:"], place="1764412800.1"),
    shapes.Preview(moved={"web1": "hv2"}, parked={"db1": "hv2 has 512 MB free, it needs 4096 MB"}),
    shapes.VmRecord(**_VM),
    shapes.VmDetail(
        **_VM,
        max_downtime_ms=300,
        volumes=["vms/web1_disk0"],
        networks=["br100"],
        why=None,
        request=None,
        migration=shapes.MigrationRecord(source="hv1", target="hv2", phase="prepared", by="anna@ops1", error=None),
    ),
    shapes.VmMetadata(
        node_limit=["hv1", "hv2"],
        node_selector=Selector.LOAD,
        autorestart=True,
        migration_method=MigrationMethod.LIVE,
        max_downtime_ms=300,
        tags=["web"],
        description="the shop",
    ),
    shapes.VmStanding(name="web1", status="running", state=VmState.RUNNING, wanted=Wanted.RUNNING, failure=None),
    shapes.VmWhere(name="web1", node="hv2", previous_node="hv1", candidates={"hv1": None, "hv2": "is where it is"}),
    shapes.NodeRecord(**_NODE),
    shapes.NodeDetail(
        **_NODE,
        memory_free_mb=40960,
        wanted_readiness=WantedReadiness.READY,
        waits_for=[],
        readiness_by="anna@ops1",
        readiness_reason=None,
        unsupervised=False,
        hypervisor_error=None,
        storage_error=None,
        unknown_domains=[],
        fence_agents=["ipmi"],
        fence=shapes.FenceRecord(node="hv1", phase=FencePhase.NONE, cause=None, round=3, error=None, by=None),
        bmc=shapes.BmcRecord(works=True, tested_at=AT, tested_by="hv2", error=None, failing_since=None),
    ),
    _FENCE,
    shapes.DomainState(node="hv1", wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHING, waits_for=["web1"]),
    shapes.Forecast(survives=False, placed={"web1": "hv2"}, parked={"db1": "hv2 has 512 MB free, it needs 4096 MB"}),
    shapes.Status(
        cluster="main",
        maintenance=shapes.MaintenanceRecord(on=False, by="anna@ops1", reason=None, since=AT, noout=False),
        manager="hv1",
        nodes=shapes.NodeCounts(total=3, alive=2, ready=2),
        vms={"total": 24, "running": 23, "parked": 1},
        forecast=shapes.ForecastRecord(
            survives=False, at=AT, nodes={"hv1": shapes.ParkedRecord(parked=1, reason="hv2 takes no VMs")}
        ),
        fences=[_FENCE],
        troubles=[{"node": "hv3", "text": "is being fenced"}],
        problems={},
    ),
    shapes.Entry(key="e-0000000042", at=AT, who="anna@ops1", what="flush hv1", why="new memory", node="hv1"),
    shapes.TaskRecord(
        task="1764412800-7f3a",
        verb="storage volume add",
        title="make the volume vms/web1_disk0",
        state=TaskState.DONE,
        progress=1.0,
        text=None,
        runs_on=None,
        claimed_by="hv1",
        asked_by="anna@ops1",
        asked_at=AT,
        started_at=AT + 1,
        ended_at=AT + 2,
        result="vms/web1_disk0 has 20 GB",
        error=None,
        cancel_requested=None,
        vm=None,
        arguments={"pool": "vms", "volume": "web1_disk0", "size": "20G"},
    ),
    storage_shapes.StorageStatusRecord(
        known=True,
        at=AT,
        by="hv1",
        error=None,
        error_since=None,
        health=StorageHealth.WARNING,
        checks=[
            storage_shapes.HealthCheckRecord(
                code="OSD_DOWN", severity=StorageHealth.WARNING, summary="1 osds down", muted=False
            )
        ],
        flags=["noout"],
        ceph_version="18.2.4",
        monitors=["hv1", "hv2", "hv3"],
        monitors_in_quorum=["hv1", "hv2", "hv3"],
        osds={"total": 6, "up": 5, "in": 6},
        pgs=storage_shapes.PgCounts(total=128, states={"active+clean": 128}),
        total_bytes=3000 * GB,
        used_bytes=600 * GB,
        available_bytes=2400 * GB,
        degraded_ratio=0.0,
        misplaced_ratio=0.0,
        recovering_bytes_s=0.0,
        read_bytes_s=1048576.0,
        write_bytes_s=524288.0,
        read_operations_s=120.0,
        write_operations_s=60.0,
    ),
    storage_shapes.Utilization(
        at=AT, total_bytes=3000 * GB, used_bytes=600 * GB, available_bytes=2400 * GB, pools=[_POOL]
    ),
    storage_shapes.OsdRecord(
        osd=0,
        node="hv1",
        device="/dev/sdb",
        device_class="ssd",
        up=True,
        is_in=True,
        weight=0.5,
        reweight=1.0,
        total_bytes=500 * GB,
        used_bytes=100 * GB,
        pgs=64,
        latency_ms=1.0,
    ),
    _POOL,
    storage_shapes.VolumeRecord(
        volume="vms/web1_disk0",
        pool="vms",
        name="web1_disk0",
        size_bytes=20 * GB,
        used_bytes=6 * GB,
        parent=None,
        locked=True,
        lock_holder="hv2",
        open_at=["hv2"],
        open_asked_at=AT,
        vms=["web1"],
        snapshots=1,
        error=None,
    ),
    storage_shapes.SnapshotRecord(
        snapshot="vms/web1_disk0@before", volume="vms/web1_disk0", name="before", size_bytes=20 * GB, protected=False
    ),
)


class Examples(OpenAPISchemaPlugin):
    """Gives the shapes that have examples those examples; what else is said of a shape is said by who would have."""

    def __init__(self) -> None:
        self._told: dict[type, list[Any]] = {}
        for one in (*BODIES, *ANSWERS):
            self._told.setdefault(type(one), []).append(told(one))

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether it is a shape of ours."""
        return field_definition.annotation in self._told

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ANN401 - litestar keeps its type to itself
        """The shape as the framework describes it, with its examples."""
        able = (one for one in schema_creator.plugins if schema_creator.plugin_supports_field(one, field_definition))
        ordinary = next(one for one in able if one is not self)
        schema: Schema = ordinary.to_openapi_schema(field_definition, schema_creator)
        schema.examples = self._told[field_definition.annotation]
        return schema


def told(example: Struct) -> Any:  # noqa: ANN401 - JSON
    """An example as JSON: an answer with all that it has, a body with what must be said of it."""
    whole = to_builtins(example)
    if not example.__struct_config__.forbid_unknown_fields:
        return whole
    left_out = {one.encode_name for one in fields(example) if one.default == getattr(example, one.name)}
    return {name: value for name, value in whole.items() if name not in left_out}


def plain(kind: object, example: object, media_type: str = "application/json") -> dict[int, ResponseSpec]:
    """An answer that has no shape of its own, with an example of it."""
    return {
        200: ResponseSpec(
            data_container=kind,
            description="Request fulfilled, document follows",
            examples=[Example(value=example)],
            generate_examples=False,
            media_type=media_type,
        )
    }
