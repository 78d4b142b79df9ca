"""The four programs before a ZooKeeper that is spoken to in private, and that knows operators from viewers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from lab.zookeeper import ZooKeeperServer, free_port
from pvccli.main import UNAVAILABLE
from pvccore.operations.tokens import Role, TokenFile
from tests.architecture import source
from tests.state.private import make_certificates, private_settings

pytestmark = [pytest.mark.zookeeper, pytest.mark.timeout(240)]
OPERATORS, VIEWERS = "operators:LONG-PASSWORD", "viewers:OTHER-PASSWORD"
LIMIT_S = 90.0
TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A private server, and a folder with everybody's files."""

    folder: Path
    port: int

    @property
    def common(self) -> str:
        """What every program's file says of ZooKeeper."""
        return f'zookeeper = ["127.0.0.1:{self.port}"]\nchroot = "/secured"\n'

    def tls(self, table: str) -> str:
        names = {"ca": "ca.pem", "certificate": "client.pem", "key": "client.key"}
        return f"\n[{table}]\n" + "".join(f'{key} = "{self.folder}/{name}"\n' for key, name in names.items())

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def as_person(self, name: str, credentials: str) -> Path:
        text = f"[clusters.main]\n{self.common}{credentials}\n{self.tls('clusters.main.tls')}"
        return self.file(f"{name}.toml", text)

    def pvc(self, config: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """What `pvc` says, once a busy machine has let it shake hands in time."""
        for _ in range(TRIES - 1):
            ended = run("pvccli", "--config", str(config), *words)
            if ended.returncode != UNAVAILABLE:
                return ended
        return run("pvccli", "--config", str(config), *words)


def run(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=source.ROOT,
        env=without_address(),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def without_address() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PVC_ZOOKEEPER"}


@contextmanager
def running(module: str, config: Path, log: Path) -> Iterator[None]:
    argv = [sys.executable, "-m", module, "--config", str(config)]
    with log.open("w") as to, subprocess.Popen(argv, cwd=source.ROOT, stdout=to, stderr=to) as program:
        try:
            yield
        finally:
            program.terminate()


def until(holds: Callable[[], object], what: str) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end_s, f"not in time: {what}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    make_certificates(folder)
    with ZooKeeperServer(tmp_path_factory.mktemp("zookeeper"), settings=private_settings(port, folder)):
        made = Site(folder=folder, port=port)
        maker = made.as_person("maker", f'auth = "{OPERATORS}"\nviewers = "{VIEWERS}"')
        until(lambda: made.pvc(maker, "init", "--name", "main").returncode == 0, "the cluster is made")
        yield made


def test_an_operator_writes_and_a_viewer_only_looks(site: Site) -> None:
    operator = site.as_person("operator", f'auth = "{OPERATORS}"')
    viewer = site.as_person("viewer", f'auth = "{VIEWERS}"')
    assert site.pvc(operator, "maintenance", "on").returncode == 0
    seen = site.pvc(viewer, "--format", "json", "status")
    assert json.loads(seen.stdout)["maintenance"]["on"] is True, seen.stderr
    refused = site.pvc(viewer, "maintenance", "off", "-y")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "does not allow" in refused.stderr
    assert "PASSWORD" not in refused.stderr
    assert "Traceback" not in refused.stderr
    assert site.pvc(operator, "maintenance", "off", "-y").returncode == 0


def test_a_stranger_is_told_that_nothing_is_for_him(site: Site) -> None:
    stranger = site.pvc(site.as_person("stranger", 'auth = "operators:WRONG"'), "status")
    assert stranger.returncode == 1
    assert "does not allow" in stranger.stderr
    believing_another = site.as_person("believer", f'auth = "{OPERATORS}"')
    believing_another.write_text(believing_another.read_text().replace("ca.pem", "client.pem"))
    lost = run("pvccli", "--config", str(believing_another), "status")
    assert (lost.returncode, lost.stdout) == (UNAVAILABLE, "")


def test_the_api_serves_over_it(site: Site, tmp_path: Path) -> None:
    secrets = site.file("api-secrets.toml", f'zookeeper = "{OPERATORS}"\n')
    tokens, port = TokenFile(tmp_path / "tokens.json"), free_port()
    key = tokens.add("robot", Role.OPERATOR, now=time.time())
    config = site.file(
        "pvcapid.toml",
        f'{site.common}listen = "127.0.0.1:{port}"\nsecrets_file = "{secrets}"\ntokens_file = "{tokens.path}"\n'
        + site.tls("tls"),
    )
    with (
        running("pvcapi", config, tmp_path / "log"),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": key}, timeout=10) as client,
    ):

        def serves() -> bool:
            try:
                return client.get("/api/v1/status").status_code == 200
            except httpx.TransportError:
                return False

        until(serves, "the API knows the cluster")
        assert client.post("/api/v1/status", json={"maintenance": True}).json()["changed"]
        assert client.post("/api/v1/status", json={"maintenance": False}).json()["changed"]


def test_a_daemon_registers_its_node_and_the_console_shows_it(site: Site, tmp_path: Path) -> None:
    pytest.importorskip("libvirt")
    secrets = site.file("daemon-secrets.toml", f'zookeeper = "{OPERATORS}"\n')
    machine, boot = site.file("machine", "machine-1"), site.file("boot", "boot-1")
    config = site.file(
        "pvcnoded.toml",
        f'node = "hv1"\n{site.common}secrets_file = "{secrets}"\nlibvirt_uri = "test:///default"\n'
        f'machine_id_file = "{machine}"\nboot_id_file = "{boot}"\nlock_file = "{tmp_path}/lock"\n' + site.tls("tls"),
    )
    viewer = site.as_person("viewer", f'auth = "{VIEWERS}"')
    with running("nodedaemon", config, tmp_path / "log"):
        until(lambda: site.pvc(viewer, "node", "list", "alive=yes", "-f", "raw").stdout == "hv1\n", "hv1 is alive")
        picture = tmp_path / "console.svg"

        def shows() -> bool:
            drawn = run("pvctui", "--config", str(viewer), "--screenshot", str(picture), "--after", "4")
            assert drawn.returncode == 0, drawn.stderr
            return "hv1" in picture.read_text()

        until(shows, "the console shows hv1")
    assert "PASSWORD" not in (tmp_path / "log").read_text()
