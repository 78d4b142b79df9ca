"""What an OSD has on its node beside its device."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvccore.ceph import osd_home
from pvccore.model.errors import Refused


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk, and an OSD 3 that was prepared on it."""
    for place in ("HOMES", "UNITS", "BY_ID"):
        (tmp_path / place).mkdir()
        monkeypatch.setattr(osd_home, place, tmp_path / place)
    device = tmp_path / "sdb"
    device.touch()
    home = tmp_path / "HOMES" / "ceph-3"
    home.mkdir()
    (home / "block").symlink_to(device)
    return device


def named(device: Path, *names: str) -> None:
    for name in names:
        (osd_home.BY_ID / name).symlink_to(device)


def test_a_device_is_known_by_the_name_that_a_boot_does_not_change(disk: Path) -> None:
    other = disk.with_name("sdc")
    named(other, "wwn-0x1")
    named(disk, "ata-QEMU_1", "wwn-0x2")
    assert osd_home.lasting_name(str(disk)) == osd_home.BY_ID / "wwn-0x2"
    assert osd_home.lasting_name(str(osd_home.BY_ID / "ata-QEMU_1")) == osd_home.BY_ID / "wwn-0x2"


def test_a_device_without_such_a_name_keeps_its_own(disk: Path) -> None:
    named(disk, "of-an-unknown-kind")
    assert osd_home.lasting_name(str(disk)).name == "of-an-unknown-kind"
    (osd_home.BY_ID / "of-an-unknown-kind").unlink()
    assert osd_home.lasting_name(str(disk)) == disk


def test_a_new_osd_finds_its_device_after_a_boot_and_may_open_it(disk: Path) -> None:
    named(disk, "wwn-0x2")
    osd_home.settle(3, str(disk))
    block = osd_home.HOMES / "ceph-3" / "block"
    assert block.readlink() == osd_home.BY_ID / "wwn-0x2"
    drop_in = (osd_home.UNITS / "ceph-osd@3.service.d" / "pvc.conf").read_text()
    assert f"ExecStartPre=+/bin/chown ceph:ceph {block}\n" in drop_in


def test_an_osd_that_is_removed_leaves_nothing_on_its_node(disk: Path) -> None:
    osd_home.settle(3, str(disk))
    osd_home.clear(3)
    assert [*osd_home.HOMES.iterdir(), *osd_home.UNITS.iterdir()] == []
    assert disk.exists()
    osd_home.clear(3)


def test_what_somebody_else_mounted_is_left_alone(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda _: True)
    with pytest.raises(Refused, match="is mounted"):
        osd_home.clear(3)
    assert (osd_home.HOMES / "ceph-3" / "block").is_symlink()
