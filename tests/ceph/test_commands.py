"""Commands end within their limit, and every failure is one of the five errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvccore.ceph.commands import CephCommands
from pvccore.model.errors import NotFound, PvcError, Refused, Unavailable


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CephCommands:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return CephCommands(limit_s=2.0)


def tool(directory: Path, name: str, script: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_json_is_read(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "rbd", 'echo "[\\"$1\\", \\"$2\\"]"')
    assert commands.rbd("ls", "vms") == ["ls", "vms"]


def test_only_the_first_document_counts(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "ceph", """echo '[{"addr": "10.99.0.1:0/0"}][]'""")
    assert commands.ceph("osd", "blocklist", "ls") == [{"addr": "10.99.0.1:0/0"}]


def test_silence_is_nothing(commands: CephCommands, tmp_path: Path) -> None:
    tool(tmp_path, "ceph", "exit 0")
    assert commands.ceph("osd", "down", "1") is None


@pytest.mark.parametrize(
    "script, error, words",
    [
        ("echo 'no such image' >&2; exit 2", NotFound, "no such image"),
        ("echo 'image is busy' >&2; exit 16", Refused, "image is busy"),
        ("echo 'error connecting to the cluster' >&2; exit 1", Unavailable, "error connecting"),
        ("echo 'timed out' >&2; exit 1", Unavailable, "rbd: timed out"),
        ("exit 5", Refused, "rbd info vms/web1: exit code 5"),
        ("echo not-json", Unavailable, "not JSON"),
        ("exec sleep 30", Unavailable, "did not answer within"),
    ],
)
def test_failures_are_told_in_words(
    commands: CephCommands, tmp_path: Path, script: str, error: type[PvcError], words: str
) -> None:
    tool(tmp_path, "rbd", script)
    with pytest.raises(error, match=words):
        CephCommands(limit_s=0.3 if "sleep" in script else 5.0).rbd("info", "vms/web1")


def test_a_missing_tool_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="can't be run"):
        CephCommands().ceph("status")
