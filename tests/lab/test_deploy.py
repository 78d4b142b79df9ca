"""docs/DEPLOY.md, followed word by word: every command of its blocks is run, or has a stand-in here that says why."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from lab.cluster import Lab
from lab.guest import CACHE, domain_xml
from lab.node_daemon import install_daemon
from lab.zookeeper import free_port
from tests.architecture import source

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]
DOCUMENT = source.ROOT / "docs/DEPLOY.md"
PROGRAMS = Path(sys.executable).parent
OPERATORS, VIEWERS = "operators:LONG-PASSWORD", "viewers:OTHER-PASSWORD"
LIMIT_S = 180.0


def commands() -> list[str]:
    """Every command of the document, in its order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


class Admin:
    """A person who does what the document says, at a machine of the lab."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.chroot = f"/pvc-{uuid.uuid4().hex[:8]}"
        self.said: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.api: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.config = folder / "config.toml"
        servers = json.dumps(lab.zookeeper.hosts.split(","))
        self.config.write_text(
            f'[clusters.main]\nzookeeper = {servers}\nchroot = "{self.chroot}"\n'
            f'auth = "{OPERATORS}"\nviewers = "{VIEWERS}"\n'
        )
        (folder / "web1.xml").write_text(domain_xml("web1", str(uuid.uuid4())))

    def follow(self, line: str) -> None:
        words = shlex.split(line)
        for begin, do in STAND_INS.items():
            if line.startswith(begin):
                do(self, words)
                return
        assert words[0] == "pvc", f"nobody knows how to do this in the lab: {line}"
        self.said[line] = self.pvc(*words[1:])

    def pvc(self, *words: str) -> str:
        more: tuple[str, ...] = ()
        if words[:2] == ("vm", "define"):  # the lab's guest boots a kernel from a file of the host
            more = ("--allow-path", str(CACHE), "--allow-path", "/var/log/libvirt/qemu")
        if words[:2] == ("api", "token"):
            more = ("--file", str(self.folder / "tokens.json"))
        there = [str(self.folder / Path(word).name) if word.startswith("/var/backups/") else word for word in words]
        ended = subprocess.run(
            [PROGRAMS / "pvc", "--config", self.config, *there, *more],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def until(self, holds: Callable[[], object], what: str) -> None:
        self.lab.wait_until(holds, within_s=LIMIT_S, what=what)

    # Stand-ins

    def packages(self, words: list[str]) -> None:
        """They are installed already, as the lab needs the same; ZooKeeper's service is the lab's own servers."""
        for name in words[2:]:
            if name != "zookeeperd":
                shown = subprocess.run(["dpkg", "-s", name], capture_output=True, text=True, check=False, timeout=30)
                assert "Status: install ok" in shown.stdout, f"{name} is not what the lab runs with"

    def nothing(self, words: list[str]) -> None:
        """tests/packaging installs the wheel by pip; paths of this machine are left alone."""

    def manual(self, words: list[str]) -> None:
        command = [sys.executable, *words[1:-1], str(self.folder / "man1")]
        subprocess.run(command, cwd=source.ROOT, check=True, timeout=60)
        assert (self.folder / "man1/pvc-node-flush.1").exists()

    def mode(self, words: list[str]) -> None:
        if words[2] == "/etc/pvc/config.toml":
            self.config.chmod(0o600)

    def zookeeper(self, _words: list[str]) -> None:
        """The lab's three servers stand for Debian's service."""
        assert self.lab.zookeeper.leader.mode == "leader"

    def check_daemon(self, _words: list[str]) -> None:
        hosts = self.lab.hosts
        for host in hosts:
            install_daemon(host, hosts=hosts, zookeeper=self.lab.zookeeper, chroot=self.chroot)
            secrets = host.directory / "secrets.toml"
            secrets.write_text(f'zookeeper = "{OPERATORS}"\n{secrets.read_text()}')
            checked = host.run(
                str(PROGRAMS / "pvcnoded"), "--config", f"{host.directory}/pvcnoded.toml", "--check-config"
            )
            assert checked.endswith(": fine\n")

    def systemctl(self, words: list[str]) -> None:
        """The lab's hosts have no systemd: the lab starts and stops what a unit would."""
        if words[-1] == "pvcapid":
            self.start_api()
        elif words[1] == "stop":
            for host in self.lab.hosts:
                host.stop_daemon()
        else:
            for host in self.lab.hosts:
                host.start_daemon()
            self.until(self.all_alive, "all nodes are alive, and one is the manager")

    def all_alive(self) -> bool:
        status = json.loads(self.pvc("--format", "json", "status"))
        return status["nodes"]["alive"] == len(self.lab.hosts) and bool(status["manager"]) and not status["troubles"]

    def token(self, words: list[str]) -> None:
        self.tokens[words[4]] = self.pvc(*words[1:]).strip()

    def check_api(self, _words: list[str]) -> None:
        secrets = self.folder / "secrets.toml"
        secrets.touch(mode=0o600)
        secrets.write_text(f'zookeeper = "{OPERATORS}"\n')
        servers = json.dumps(self.lab.zookeeper.hosts.split(","))
        (self.folder / "pvcapid.toml").write_text(
            f'zookeeper = {servers}\nchroot = "{self.chroot}"\nlisten = "127.0.0.1:{self.port}"\n'
            f'secrets_file = "{secrets}"\ntokens_file = "{self.folder}/tokens.json"\n'
        )
        command = [str(PROGRAMS / "pvcapid"), "--config", str(self.folder / "pvcapid.toml"), "--check-config"]
        assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.endswith("fine\n")

    def start_api(self) -> None:
        command = [str(PROGRAMS / "pvcapid"), "--config", str(self.folder / "pvcapid.toml")]
        with (self.folder / "pvcapid.log").open("wb") as log:
            self.api = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ})

    def ask_api(self, words: list[str]) -> None:
        path = words[-1].partition(":7370")[2]

        def answered() -> httpx.Response | None:
            try:
                got = httpx.get(f"http://127.0.0.1:{self.port}{path}", headers={"X-Api-Key": self.tokens["grafana"]})
            except httpx.TransportError:
                return None
            return got if got.status_code == httpx.codes.OK else None

        self.until(answered, "the API answers")

    # What the document tells in words

    def pull_the_plug(self) -> None:
        """hv1, on which web1 runs."""
        self.until(lambda: self.vm()["node"] == "hv1" and self.vm()["status"] == "running", "web1 is back on hv1")
        self.lab.host("hv1").power_cut()
        self.until(lambda: self.vm()["node"] != "hv1" and self.vm()["status"] == "running", "web1 runs elsewhere")

    def give_power_back(self) -> None:
        self.lab.host("hv1").power_on()
        self.until(self.all_alive, "hv1 is admitted again")

    def vm(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.pvc("--format", "json", "vm", "info", "web1"))
        return found


STAND_INS: dict[str, Callable[[Admin, list[str]], None]] = {
    "apt install": Admin.packages,
    "python3 -m venv": Admin.nothing,
    "/opt/pvc/bin/pip": Admin.nothing,
    "/opt/pvc/bin/python -m": Admin.manual,
    "ln -s": Admin.nothing,
    "cp packaging/": Admin.nothing,
    "chmod 600": Admin.mode,
    "systemctl restart zookeeper": Admin.zookeeper,
    "pvcnoded --config": Admin.check_daemon,
    "systemctl": Admin.systemctl,
    "pvc api token add": Admin.token,
    "pvcapid --config": Admin.check_api,
    "curl": Admin.ask_api,
}


@pytest.fixture
def admin(lab: Lab, tmp_path: Path) -> Iterator[Admin]:
    person = Admin(lab, tmp_path)
    yield person
    if person.api is not None:
        person.api.terminate()
        person.api.wait(20)


def test_the_document_leads_to_a_cluster(admin: Admin, record_property: Callable[[str, object], None]) -> None:
    began_s = time.monotonic()
    for line in commands():
        if line == "pvc journal":
            admin.pull_the_plug()
        if line == "pvc node ready hv1 --wait" and "pvc journal" in admin.said:
            admin.give_power_back()
        admin.follow(line)
    admin.until(lambda: "3 of 3 alive, 3 ready" in admin.pvc("status"), "all nodes are ready")
    admin.until(lambda: admin.vm()["status"] == "running", "web1 runs")
    assert "fence hv1" in admin.said["pvc journal"]
    record_property("figure", f"DEPLOY.md in the lab took {time.monotonic() - began_s:.0f} s")


def test_every_command_of_the_document_is_one_we_follow() -> None:
    for line in commands():
        known = any(line.startswith(begin) for begin in STAND_INS)
        assert known or line.startswith("pvc "), line
