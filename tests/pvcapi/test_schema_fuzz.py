"""The whole OpenAPI document against the living program: nothing undocumented comes out, whatever goes in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lab.zookeeper import ZooKeeperServer
from pvccore.state.address import ZooKeeperAddress
from tests.pvcapi.live import RealWorld, real_world, running, until

pytestmark = [pytest.mark.zookeeper, pytest.mark.timeout(240)]
EXAMPLES = 4
LIMIT_S = 200
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "ignored_auth",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ZooKeeperServer]:
    with ZooKeeperServer(tmp_path / "zookeeper") as started:
        yield started


@pytest.fixture
def world(server: ZooKeeperServer) -> Iterator[RealWorld]:
    with real_world(ZooKeeperAddress.parse(server.hosts)) as made:
        for number in range(3):
            made.add_vm(f"web{number}", f"hv{number + 1}")
        yield made


@pytest.fixture
def api(world: RealWorld, server: ZooKeeperServer, tmp_path: Path) -> Iterator[httpx.Client]:
    with running(tmp_path, ZooKeeperAddress.parse(server.hosts), more='log_level = "error"') as client:
        until(lambda: client.get("/api/v1/status").status_code == 200)
        yield client


def test_nothing_undocumented_comes_out(api: httpx.Client, world: RealWorld, tmp_path: Path) -> None:
    # Nobody acts on what is asked for here: waiting for the outcome would be waiting in vain.
    (tmp_path / "schemathesis.toml").write_text('[parameters]\n"query.wait_s" = 0\n"query.stop" = false\n')
    options = [
        f"--checks={','.join(CHECKS)}",
        f"--max-examples={EXAMPLES}",
        "--generation-deterministic",
        "--phases=examples,coverage,fuzzing",
        "--exclude-path=/api/v1/events",
        f"--header=X-Api-Key: {api.headers['X-Api-Key']}",
        "--no-color",
        "--max-failures=20",
    ]
    url = f"{api.base_url}/api/v1/docs/openapi.json"
    ended = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file=schemathesis.toml", "run", url, *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    assert " generated" in ended.stdout or "test cases" in ended.stdout
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert api.get("/api/v1/status").json()["problems"] == {}
    assert set(world.load().nodes) <= {"hv1", "hv2", "hv3"}
