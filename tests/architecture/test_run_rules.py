"""The rules of a test run, tried on small runs of their own."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.architecture import source

SKIPPING = """
import pytest

def test_that_passes():
    assert True

def test_that_skips():
    pytest.skip("REASON")
"""


def run(folder: Path, text: str, *, ci: bool, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run these tests by the project's settings and rules, but without the components of this machine."""
    (folder / "test_small.py").write_text(text)
    rules = ["-c", str(source.ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    place = ["--rootdir", str(folder), "--confcutdir", str(folder)]
    path = folder / "no-programs"
    path.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "pytest", *rules, *place, *options, "test_small.py"],
        cwd=folder,
        env={"PATH": str(path), "PYTHONPATH": str(source.ROOT), "CI": "true" if ci else "", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def test_a_skip_is_listed_with_its_reason(tmp_path: Path) -> None:
    ended = run(tmp_path, SKIPPING, ci=False)
    assert ended.returncode == 0, ended.stdout
    assert "skipped: 1" in ended.stdout
    assert "test_small.py::test_that_skips: REASON" in ended.stdout


def test_a_skip_fails_in_ci(tmp_path: Path) -> None:
    ended = run(tmp_path, SKIPPING, ci=True)
    assert ended.returncode == 1
    assert "not skipped in CI: REASON" in ended.stdout
    assert "1 failed, 1 passed" in ended.stdout


def test_a_module_that_skips_itself_fails_in_ci(tmp_path: Path) -> None:
    ended = run(tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", ci=True)
    assert ended.returncode != 0
    assert "not skipped in CI" in ended.stdout


def test_what_the_machine_cannot_do_may_be_skipped_in_ci(tmp_path: Path) -> None:
    ended = run(tmp_path, SKIPPING.replace("REASON", "this machine cannot nest KVM"), ci=True)
    assert ended.returncode == 0, ended.stdout
    assert "test_small.py::test_that_skips: this machine cannot nest KVM" in ended.stdout


@pytest.mark.parametrize("marker", ["zookeeper", "lab"])
def test_a_missing_component_is_named_with_its_remedy(tmp_path: Path, marker: str) -> None:
    text = f"import pytest\n\n@pytest.mark.{marker}\ndef test_that_needs_it():\n    assert True\n"
    ended = run(tmp_path, text, ci=False)
    assert ended.returncode == 0, ended.stdout
    assert "missing: java (apt install default-jre-headless)" in ended.stdout


def test_a_missing_component_fails_in_ci(tmp_path: Path) -> None:
    text = "import pytest\n\n@pytest.mark.zookeeper\ndef test_that_needs_it():\n    assert True\n"
    ended = run(tmp_path, text, ci=True)
    assert ended.returncode == 1
    assert "not skipped in CI: missing: java" in ended.stdout


REAL_BEFORE_QUICK = """
import pytest

@pytest.mark.pty
def test_terminal():
    assert True

@pytest.mark.parametrize("word", ["lab"])
def test_quick(word):
    assert word
"""


def test_real_tests_run_last_and_are_named(tmp_path: Path) -> None:
    ended = run(tmp_path, REAL_BEFORE_QUICK, ci=True, options=["--verbose"])
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.index("test_small.py::test_quick") < ended.stdout.index("test_small.py::test_terminal")
    assert "pty tests that ran: 1" in ended.stdout
    assert "lab tests that ran" not in ended.stdout
    assert "2 passed" in ended.stdout.splitlines()[-1]
