"""Ten thousand malformed requests: each is answered as documented, and nothing of the cluster is lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from pvcapi.app import Limits
from tests.operations.world import World, guest_xml, three_nodes
from tests.pvcapi.stand import Api, Stand
from tests.pvcapi.storing import with_storage, with_task

REQUESTS = 10_000
BATCH = 50
ALLOWED = frozenset({200, 201, 400, 404, 405, 409, 413})
PATHS = (
    "vm",
    "vm/web1",
    "vm/web1/meta",
    "vm/web1/state",
    "vm/web1/node",
    "vm/web1/tags",
    "vm/web1/name",
    "node/hv1/domain-state",
    "node/hv2/fence",
    "status",
    "settings/settle_s",
    "storage/ceph/volume",
    "storage/ceph/pool/vms",
    "storage/ceph/option",
    "task/t1",
)
KEYS = (
    *("xml", "node", "start", "metadata", "node_limit", "node_selector", "autorestart", "tags", "description", "state"),
    *(
        "limit_s",
        "action",
        "force",
        "add",
        "remove",
        "name",
        "reason",
        "maintenance",
        "value",
        "pool",
        "volume",
        "size",
    ),
)
HOSTILE = st.sampled_from(
    [
        "../../etc/passwd",
        "\x00",
        "\x1b[31m",
        "[red]x[/red]",
        "';--",
        "$(reboot)",
        "a" * 5000,
        "\u202egnp",
        "web1",
        "hv1",
        "hv9",
        guest_xml("web9"),
        guest_xml("web1").replace("bridge='br100'", "bridge='`id`'"),
        "<!DOCTYPE d [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;&a;'>]><domain>&b;</domain>",
        "<domain type='kvm' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:commandline/></domain>",
        "<domain>" * 500,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40) | HOSTILE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=6,
)
BODIES = (
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6).map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.sampled_from([b"[" * 4000, b'{"xml": "\\ud800"}', b'{"a":' * 400, b"\xff\xfe", b'{"xml": 1e999}', b"null"])
)
SEGMENTS = st.sampled_from(["", "/%00", "/%2e%2e", "/..%2f..", "/%F0%28%8C%28", "/" + "x" * 3000, "?limit=1&limit=2"])
Request = tuple[str, str, str, bytes]
REQUEST = st.tuples(st.sampled_from(["POST", "PUT", "GET", "DELETE"]), st.sampled_from(PATHS), SEGMENTS, BODIES)


def cluster() -> World:
    world = with_task(with_storage(three_nodes()))
    for number in range(3):
        world.add_vm(f"web{number}", f"hv{number + 1}")
    return world


def send(api: Api, request: Request) -> int:
    method, path, more, body = request
    answer = api.request(method, f"/api/v1/{path}{more}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in ALLOWED, (request, answer.status_code, answer.text)
    if answer.status_code >= 400:
        problem: dict[str, Any] = answer.json()
        assert problem["error"] != "internal"
        assert len(answer.content) < 20_000
    return answer.status_code


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_malformed_requests_lose_nothing(tmp_path: Path) -> None:
    bombard(tmp_path, REQUESTS)


def test_some_malformed_requests_lose_nothing(tmp_path: Path) -> None:
    bombard(tmp_path, 500)


def bombard(folder: Path, requests: int) -> None:
    world = cluster()
    before = world.load()
    seen: Counter[int] = Counter()
    with Stand(world, folder, Limits(requests_per_minute=10**9)).client() as api:

        @hypothesis.settings(
            max_examples=requests // BATCH,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(st.lists(REQUEST, min_size=BATCH, max_size=BATCH))
        def attack(batch: list[Request]) -> None:
            seen.update(send(api, request) for request in batch)

        attack()
    assert seen.total() >= requests
    assert seen[400] > requests / 10
    after = world.load()
    assert not after.problems
    assert set(after.nodes) == set(before.nodes)
    assert {vm.uuid for vm in before.vms.values()} - set(after.vms) == set(), "only an undefine forgets a VM"
