from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pvccli.main import COMMANDS
from pvccli.manual import pages
from tests.architecture import source


def test_every_verb_has_a_page() -> None:
    made = pages()
    assert {f"pvc-{name}.1" for name in COMMANDS} <= made.keys()
    assert {"pvc.1", "pvc-vm-migrate.1", "pvc-api-token-add.1", "pvc-restore.1"} <= made.keys()
    assert len(made) >= 50
    page = made["pvc-vm-migrate.1"]
    assert "its original previous node is kept" in " ".join(page.split())
    assert "\\-\\-force" in page


def test_no_line_of_a_page_is_taken_for_a_request_by_chance() -> None:
    known = (".TH", ".SH", ".PP", ".TP")
    for text in pages().values():
        assert all(line.startswith(known) for line in text.splitlines() if line.startswith((".", "'")))


def test_they_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pvccli.manual", str(tmp_path / "man1")]
    subprocess.run(command, cwd=source.ROOT, check=True, timeout=60)
    assert {path.name for path in (tmp_path / "man1").iterdir()} == set(pages())
    assert subprocess.run(command[:-1], cwd=source.ROOT, capture_output=True, check=False, timeout=60).returncode == 2
