"""What is shipped: the wheel holds the programs and nothing else, and runs where there is no checkout."""

import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.architecture import source

METADATA = f"pvc_console-{source.project_settings()['project']['version']}.dist-info"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive of this checkout."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=source.ROOT, check=True, timeout=200)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_shipped_packages_and_nothing_else(members: set[str]) -> None:
    assert {name.partition("/")[0] for name in members} == {*source.shipped_packages(), METADATA}


def test_the_wheel_holds_every_file_of_its_packages(members: set[str]) -> None:
    files = (path for package in source.shipped_packages() for path in (source.ROOT / package).rglob("*.*"))
    present = {source.name(path) for path in files if "__pycache__" not in path.parts and path.is_file()}
    assert {"pvccore/__init__.py", "pvccore/py.typed"} <= present <= members


@pytest.mark.parametrize("package", source.shipped_packages())
def test_every_shipped_package_is_marked_as_typed(package: str, members: set[str]) -> None:
    assert f"{package}/py.typed" in members


def test_the_wheel_says_what_it_is_and_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = HeaderParser().parsestr(archive.read(f"{METADATA}/METADATA").decode())
    assert metadata["Name"] == "pvc-console"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert not [need for need in metadata.get_all("Requires-Dist", []) if "libvirt" in need and "extra" not in need]


def test_the_source_archive_can_be_built_again(built: Path, tmp_path: Path, members: set[str]) -> None:
    (archive,) = built.glob("*.tar.gz")
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True, timeout=100)
    (unpacked,) = tmp_path.iterdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=unpacked, check=True, timeout=200)
    (again,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(again) as rebuilt:
        assert set(rebuilt.namelist()) == members


def test_every_program_it_installs_is_a_function_that_exists() -> None:
    for script in source.project_settings()["project"]["scripts"].values():
        module, _, function = script.partition(":")
        check = f"import {module} as m; assert callable(m.{function})"
        subprocess.run([sys.executable, "-c", check], cwd=source.ROOT, check=True, timeout=200)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_installed_wheel_runs_its_programs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=200)
    constraint = f"--constraint={source.ROOT / 'constraints.txt'}"
    install = [str(environment / "bin/pip"), "install", "-qq", constraint, f"{wheel}[api]"]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=200)
    drawn = subprocess.run(
        [environment / "bin/pvc-tui", "--demo"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=200,
    )
    assert "hv1" in drawn.stdout
    sample = source.ROOT / "packaging/pvcapid.toml"
    checked = [str(environment / "bin/pvcapid"), "--config", str(sample), "--check-config"]
    assert subprocess.run(checked, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=200).stdout
    subprocess.run([environment / "bin/pvc", "--help"], cwd=tmp_path, check=True, capture_output=True, timeout=200)
