"""Commands end within their limit, and every failure is one of the five errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvccore.ceph import osd_home
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


def test_words_that_are_no_json_are_read_as_nothing_known(commands: CephCommands, tmp_path: Path) -> None:
    said = r'{"a": inf, "b": [-nan, 1, inf], "c": "inf, nan \" -inf", "d": "info"}'
    tool(tmp_path, "ceph", f"cat <<'END'\n{said}\nEND")
    assert commands.ceph("osd", "dump") == {"a": None, "b": [None, 1, None], "c": 'inf, nan " -inf', "d": "info"}
    tool(tmp_path, "ceph", f"cat <<'END'\n{said}\n{said}\nEND")
    assert len(commands.ceph_all("osd dump", "osd df tree")) == 2


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


@pytest.mark.parametrize(
    "said, words",
    [
        ("rbd: error opening image web1: (2) No such file or directory", "no volume 'vms/web1'"),
        (
            "rbd: failed to rename snapshot: (2) No such",
            "rbd snap rename vms/web1@s1: failed to rename snapshot: (2) No such",
        ),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(commands: CephCommands, tmp_path: Path, said: str, words: str) -> None:
    tool(tmp_path, "rbd", f"echo '{said}' >&2; exit 2")
    with pytest.raises(NotFound) as missing:
        commands.rbd_plain("snap", "rename", "vms/web1@s1", "vms/web1@s2")
    assert str(missing.value) == words


ROLLED_BACK = """Running command: /bin/ln -s /dev/sdb /var/lib/ceph/osd/ceph-3/block
 stderr: failed to create symbolic link: File exists
--> Was unable to complete a new OSD, will rollback changes
 stderr: purged osd.3
-->  RuntimeError: Unable to find any LV for zapping OSD: 3"""


@pytest.mark.parametrize(
    "said, words",
    [
        (ROLLED_BACK, "failed to create symbolic link: File exists"),
        (
            "Traceback …\n-->  RuntimeError: Device /dev/sdb has partitions.",
            "RuntimeError: Device /dev/sdb has partitions.",
        ),
    ],
)
def test_why_a_device_could_not_be_prepared_is_told_and_not_how_that_was_tidied(
    commands: CephCommands, tmp_path: Path, said: str, words: str
) -> None:
    tool(tmp_path, "ceph-volume", f"echo '{said}' >&2; exit 1")
    with pytest.raises(Refused) as refused:
        commands.ceph_volume("raw", "prepare")
    assert str(refused.value) == f"ceph-volume raw prepare: {words}"


@pytest.fixture
def osd_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an OSD 3 was just prepared."""
    for place in ("HOMES", "UNITS"):
        monkeypatch.setattr(osd_home, place, tmp_path / place)
    (tmp_path / "HOMES" / "ceph-3").mkdir(parents=True)
    return tmp_path


def test_a_new_osd_is_started_once_its_service_is_told_of_its_device(commands: CephCommands, osd_folders: Path) -> None:
    drop_in = osd_folders / "UNITS/ceph-osd@3.service.d/pvc.conf"
    tool(osd_folders, "systemctl", f'[ -e "{drop_in}" ] && echo "$*" >{osd_folders}/asked')
    commands.osd_started(3, "/dev/sdb")
    assert (osd_folders / "asked").read_text() == "enable --now ceph-osd@3.service\n"


def test_an_osd_is_ended_before_its_directory_is_taken_away(commands: CephCommands, osd_folders: Path) -> None:
    tool(osd_folders, "systemctl", f'[ -e {osd_folders}/HOMES/ceph-3 ] && echo "$*" >{osd_folders}/asked')
    commands.osd_ended(3)
    assert (osd_folders / "asked").read_text() == "disable --now ceph-osd@3.service\n"
    assert not (osd_folders / "HOMES/ceph-3").exists()


def test_a_missing_tool_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="can't be run"):
        CephCommands().ceph("status")
