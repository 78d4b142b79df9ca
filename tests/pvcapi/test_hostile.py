"""Ten thousand malformed requests: each is answered as documented, and nothing of the cluster is lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from pvcapi.app import Limits
from tests.operations.world import World, guest_xml, three_nodes
from tests.pvcapi.direct import ask
from tests.pvcapi.stand import Stand
from tests.pvcapi.storing import with_storage, with_task

REQUESTS = 10_000
BATCH = 50
USES = 10
"""Each body is made once, which costs more than a request does, and sent to so many places."""
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
SEGMENTS = (*[""] * 5, "/%00", "/%2e%2e", "/..%2f..", "/%F0%28%8C%28", "/" + "x" * 3000, "?limit=1&limit=2")
Target = tuple[str, str]
"""A method, and a path with its query."""
METHODS = ("POST", "PUT", "GET", "DELETE")


def cluster() -> World:
    world = with_task(with_storage(three_nodes()))
    for number in range(3):
        world.add_vm(f"web{number}", f"hv{number + 1}")
    return world


async def send(stand: Stand, target: Target, body: bytes) -> int:
    answer = await ask(stand.app, stand.keys["robot"], *target, body)
    assert answer.status in ALLOWED, (target, body, answer)
    if answer.status >= 400:
        problem: dict[str, Any] = json.loads(answer.body)
        assert problem["error"] != "internal"
        assert len(answer.body) < 20_000
    return answer.status


async def send_all(stand: Stand, requests: Sequence[tuple[Target, bytes]]) -> list[int]:
    async with stand.app.lifespan():
        return [await send(stand, target, body) for target, body in requests]


def bodies(count: int) -> list[bytes]:
    made: list[bytes] = []

    @hypothesis.settings(
        max_examples=count // BATCH,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(st.lists(BODIES, min_size=BATCH, max_size=BATCH))
    def draw(batch: list[bytes]) -> None:
        made.extend(batch)

    draw()
    return made


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_malformed_requests_lose_nothing(tmp_path: Path) -> None:
    bombard(tmp_path, REQUESTS)


def test_some_malformed_requests_lose_nothing(tmp_path: Path) -> None:
    bombard(tmp_path, 1000)


def bombard(folder: Path, requests: int) -> None:
    world = cluster()
    before = world.load()
    chance = Random(2026)
    targets = [(method, f"/api/v1/{path}{more}") for method in METHODS for path in PATHS for more in SEGMENTS]
    aimed = [(target, body) for body in bodies(requests // USES) for target in chance.sample(targets, USES)]
    stand = Stand(world, folder, Limits(requests_per_minute=10**9))
    seen = Counter(asyncio.run(send_all(stand, aimed)))
    assert seen.total() >= requests
    assert seen[400] > requests / 10
    after = world.load()
    assert not after.problems
    assert set(after.nodes) == set(before.nodes)
    assert {vm.uuid for vm in before.vms.values()} - set(after.vms) == set(), "only an undefine forgets a VM"
