"""Every program that is installed says which release it is."""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from importlib.metadata import version

import pytest

from tests.architecture import source

PROJECT = tomllib.loads((source.ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("program", PROJECT["scripts"])
def test_every_program_says_its_release(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if program == "pvcnoded":
        pytest.importorskip("libvirt")
    module, _, main = PROJECT["scripts"][program].partition(":")
    monkeypatch.setattr(sys, "argv", [program, "--version"])
    with pytest.raises(SystemExit) as ended:
        getattr(import_module(module), main)()
    assert not ended.value.code
    assert capsys.readouterr().out == f"{program} {version(PROJECT['name'])}\n"
