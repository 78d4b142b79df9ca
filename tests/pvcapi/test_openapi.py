"""The OpenAPI document says what is there, and its page loads nothing from anywhere."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from pvcapi.details import node_detail, vm_detail
from pvcapi.examples import ANSWERS, BODIES, told
from pvcapi.heads import Heads
from pvcapi.reference import examples_of
from pvcapi.shapes import NodeDetail, NodeRecord, Status, TaskRecord, VmDetail, VmRecord
from pvcapi.storage_shapes import PoolRecord, SnapshotRecord, StorageStatusRecord, VolumeRecord
from pvccore.operations.records import node_record, status_record, vm_record
from pvccore.operations.storage import pool_record, snapshot_records, volume_records
from pvccore.operations.storage import status_record as storage_record
from pvccore.operations.tasks import task_records
from tests.operations.world import World
from tests.pvcapi.stand import Api, Stand
from tests.pvcapi.storing import with_storage, with_task

DOCUMENT = "/api/v1/docs/openapi.json"
PLACES = {
    "node": "hv3",
    "name": "settle_s",
    "pool": "vms",
    "volume": "data",
    "snapshot": "then",
    "osd": "1",
}
"""What paths are of, in the world of these tests."""


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.get(DOCUMENT).json()
    return found


def test_it_is_3_1_and_has_every_resource(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["token"] == {
        "type": "apiKey",
        "name": "X-Api-Key",
        "in": "header",
    }
    wanted = {
        "/vm",
        "/vm/{vm}",
        "/vm/{vm}/meta",
        "/vm/{vm}/state",
        "/vm/{vm}/node",
        "/node",
        "/node/{node}/domain-state",
    }
    wanted |= {"/status", "/journal", "/settings", "/events", "/task", "/storage/ceph/status", "/storage/ceph/volume"}
    assert {f"/api/v1{path}" for path in wanted} | {"/metrics"} <= document["paths"].keys()


def test_every_operation_is_described_and_says_how_it_fails(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "put", "delete"}:
            operation = item[method]
            assert operation["description"], (method, path)
            failures = {"401", "429"} | (set() if path == "/metrics" else {"400", "404", "503"})
            failures |= {"403", "409", "413"} if method != "get" else set()
            assert failures <= operation["responses"].keys(), (method, path)


def test_every_body_and_every_answer_has_an_example(document: dict[str, Any]) -> None:
    shapes, seen = document["components"]["schemas"], 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            bodies = operation.get("requestBody", {}).get("content", {})
            answers = {
                f"{status} {kind}": content
                for status, one in operation["responses"].items()
                if status.startswith("2")
                for kind, content in one["content"].items()
            }
            assert answers, (method, path)
            for what, content in (bodies | answers).items():
                assert examples_of(content, shapes), (method, path, what)
                seen += 1
    assert seen > 80


def test_every_example_is_what_its_shape_says() -> None:
    for example in (*BODIES, *ANSWERS):
        assert msgspec.json.decode(msgspec.json.encode(told(example)), type=type(example)) == example


def test_no_example_is_for_a_shape_that_is_not_there(document: dict[str, Any]) -> None:
    assert {type(one).__name__ for one in (*BODIES, *ANSWERS)} <= document["components"]["schemas"].keys()


def test_examples_are_accepted(document: dict[str, Any], api: Api, world: World) -> None:
    with_storage(world).add_vm("web2", "hv1")
    tried = 0
    for path, item in document["paths"].items():
        for method in item.keys() & {"post", "put"}:
            content = item[method].get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in examples_of(content, document["components"]["schemas"]):
                there = path.replace("{vm}", "web1" if method == "put" else "web2")
                for name, value in PLACES.items():
                    there = there.replace(f"{{{name}}}", value)
                asks = any(one["name"] == "confirmed" for one in item[method]["parameters"])
                answer = api.request(method, there, json=example, params={"confirmed": True} if asks else {})
                assert answer.status_code in (200, 201, 409), (path, answer.text)
                tried += 1
    assert tried >= 22


def test_options_and_refusals_name_every_method_of_a_path(document: dict[str, Any], stand: Stand) -> None:
    client = TestClient(Heads(stand.app))
    for path, item in document["paths"].items():
        there = path
        for name, value in {**PLACES, "vm": "web1", "task": "t1", "verb": "flush"}.items():
            there = there.replace(f"{{{name}}}", value)
        methods = {"OPTIONS", *(method.upper() for method in item)}
        methods |= {"HEAD"} if "get" in item and not path.endswith("/events") else set()
        asked, refused = client.options(there), client.patch(there)
        assert (asked.status_code, asked.content, refused.status_code) == (204, b"", 405), path
        assert asked.headers["Allow"] == refused.headers["Allow"] == ", ".join(sorted(methods)), path
    assert client.options("/api/v1/nothing").status_code == 404


def test_force_is_explained(document: dict[str, Any]) -> None:
    words = document["paths"]["/api/v1/vm/{vm}/node"]["post"]["description"]
    assert "its original previous node is kept" in " ".join(words.split())


def test_the_page_loads_nothing_from_elsewhere(api: Api) -> None:
    page = api.get("/api/v1/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert not re.search(r"(?:src|href)=['\"]?(?:https?:)?//", page.text)
    assert "<script" not in page.text
    assert "/api/v1/vm/{vm}/meta" in page.text


def test_shapes_are_the_records_that_are_sent(world: World) -> None:
    with_task(with_storage(world)).add_vm("web1", "hv1")
    cluster = world.load()
    vm, node = cluster.vm("web1"), cluster.node("hv1")
    pool, volume = cluster.storage.pool("vms"), cluster.storage.volume("vms", "data")
    pairs: list[tuple[Any, dict[str, Any]]] = [
        (VmRecord, vm_record(cluster, vm)),
        (VmDetail, vm_detail(cluster, vm)),
        (NodeRecord, node_record(cluster, node)),
        (NodeDetail, node_detail(cluster, node)),
        (Status, status_record(cluster)),
        (TaskRecord, task_records(cluster)[0]),
        (StorageStatusRecord, storage_record(cluster)),
        (PoolRecord, pool_record(pool)),
        (VolumeRecord, volume_records(cluster)[0]),
        (SnapshotRecord, snapshot_records([("vms/data", volume)])[0]),
    ]
    for shape, record in pairs:
        assert set(shape.__struct_fields__) == set(record), shape
