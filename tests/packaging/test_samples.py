"""The sample files of packaging/: every key stands in them, is explained, and shows what holds without it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nodedaemon import config as daemon
from pvcapi import config as api
from pvccore.operations import config as clusters
from tests.architecture import source

PACKAGING = source.ROOT / "packaging"
COMMENTED = re.compile(r"^# (?=\w+ = |\[[\w.]+\])")
"""The beginning of a line that is a key and its value once the mark is taken away."""
MOST_EXPOSED = {"pvcapid.service": 2.0, "pvcnoded.service": 8.0}
"""By the scale of `systemd-analyze security`; the node daemon mounts, and runs programs of the administrator's own."""


def document(name: str, *, only_commented: bool = False) -> dict[str, Any]:
    """A sample as if every key in it were set."""
    lines = (PACKAGING / name).read_text().splitlines()
    kept = [line for line in lines if COMMENTED.match(line) or not only_commented]
    return tomllib.loads("\n".join(COMMENTED.sub("", line) for line in kept))


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize(
    "name, kind, tls",
    [("pvcnoded.toml", daemon.DaemonFile, daemon.TlsTable), ("pvcapid.toml", api.ApiFile, api.TlsTable)],
)
def test_a_daemons_sample_has_every_key_and_what_holds_without_it(
    name: str, kind: type[msgspec.Struct], tls: type[msgspec.Struct]
) -> None:
    written = document(name)
    assert set(written) == fields(kind)
    assert set(written["tls"]) == fields(tls)
    msgspec.convert(written, kind)
    least = {"node": "hv1", "zookeeper": ["z"], "tls": {}}
    needed = {key: value for key, value in least.items() if key in fields(kind)}
    assert msgspec.convert(needed | document(name, only_commented=True), kind) == msgspec.convert(needed, kind)


def test_the_sample_of_secrets_has_every_key() -> None:
    written = document("secrets.toml")
    assert set(written) == fields(daemon.SecretsFile) >= fields(api.SecretsFile)
    assert set(written["bmc"]["hv1"]) == fields(daemon.LoginTable)


def test_the_sample_of_clusters_has_every_key() -> None:
    cluster = document("config.toml")["clusters"]["main"]
    assert set(cluster) == fields(clusters._Cluster)
    assert set(cluster["tls"]) == fields(clusters._Tls)


def _analyze(*arguments: str | Path) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("missing: systemd-analyze (apt install systemd)")
    ended = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("unit", sorted(MOST_EXPOSED))
def test_a_unit_is_understood_and_no_more_exposed_than_it_must_be(unit: str) -> None:
    assert _analyze("verify", "--man=no", PACKAGING / unit) == ""
    told = _analyze("security", "--offline=true", "--no-pager", PACKAGING / unit)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSED[unit]
