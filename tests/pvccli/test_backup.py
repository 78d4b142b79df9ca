from __future__ import annotations

from pathlib import Path

from tests.operations.world import World
from tests.pvccli.conftest import Pvc


def test_a_backup_is_written_for_its_owner_alone_and_restored(pvc: Pvc, world: World, tmp_path: Path) -> None:
    file = tmp_path / "cluster.jsonl"
    world.add_vm("web1", "hv1")
    assert pvc(f"backup {file}").out == f"{file} is written\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert pvc(f"backup {file}").err == f"pvc: {file} is there already\n"
    assert "the cluster lives" in pvc(f"restore {file} -y --force").err
    for name in ("hv1", "hv2", "hv3"):
        world.kill(name)
    assert pvc(f"restore {file} -y").code == 1
    assert pvc(f"restore {file} --force", answer="n\n").code == 1
    assert "documents are restored" in pvc(f"restore {file} -y --force").out
    assert set(world.load().names) == {"web1"}


def test_where_nothing_can_be_written_is_said(pvc: Pvc, tmp_path: Path) -> None:
    assert "can't be written" in pvc(f"backup {tmp_path / 'nowhere' / 'x'}").err
