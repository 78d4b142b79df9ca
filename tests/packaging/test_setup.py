"""What is missing to set up is named in one line, with the way to get it."""

import subprocess
from pathlib import Path

import pytest

from tests.architecture import source

# Stands for an interpreter: fails where the text after -c names what it lacks.
LACKING = """#!/bin/sh
case "$*" in
--version) echo Python 3.9.2 ;;
*{lacks}*) exit 1 ;;
esac
"""


def check_python(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", source.ROOT / "packaging/check-python"],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_python_itself_is_missing(tmp_path: Path) -> None:
    ended = check_python(tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == "python3 is missing: apt install python3 python3-venv\n"


@pytest.mark.parametrize(
    "lacks,words",
    [
        ("ensurepip", "Python's venv module is missing: apt install python3-venv"),
        ("version_info", "Python 3.11 or newer is needed, and this is Python 3.9.2"),
    ],
)
def test_python_lacks_something(tmp_path: Path, lacks: str, words: str) -> None:
    python = tmp_path / "python3"
    python.write_text(LACKING.format(lacks=lacks))
    python.chmod(0o755)
    ended = check_python(tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(words)
    assert ended.stderr.count("\n") == 1


def test_nothing_is_missing(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    ended = check_python(tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
