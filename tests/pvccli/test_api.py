from __future__ import annotations

import json
from pathlib import Path

from pvccore.operations.tokens import Role, TokenFile, holder_of
from tests.pvccli.conftest import Pvc


def test_a_token_is_made_listed_and_revoked(pvc: Pvc, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    made = pvc(f"api token add robot --role operator --file {path}")
    token = made.out.strip()
    assert made.code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert token not in path.read_text()
    holder = holder_of(TokenFile(path).load(), token)
    assert holder is not None
    assert (holder.name, holder.role) == ("robot", Role.OPERATOR)
    assert json.loads(pvc(f"api token add eye --file {path} -f json").out)["role"] == "read-only"
    assert [one["name"] for one in json.loads(pvc(f"api token list --file {path} -f json").out)] == ["eye", "robot"]
    assert pvc(f"api token list --file {path}").out.split()[:5] == ["NAME", "ROLE", "CREATED", "eye", "read-only"]
    assert pvc(f"api token revoke robot --file {path}", answer="y\n").out == "robot is revoked\n"
    assert holder_of(TokenFile(path).load(), token) is None


def test_a_token_that_is_there_or_is_not_is_said(pvc: Pvc, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    assert pvc(f"api token add eye --file {path}").code == 0
    assert pvc(f"api token add eye --file {path}").err.startswith("pvc: eye: there is a token of this name already")
    assert pvc(f"api token revoke nobody -y --file {path}").err == "pvc: no token 'nobody'\n"
    assert pvc(f"api token add 'no good' --file {path}").code == 1
    assert json.loads(pvc(f"api token list --file {tmp_path / 'none'} -f json").out) == []


def test_a_file_that_can_not_be_written_is_said(pvc: Pvc, tmp_path: Path) -> None:
    refused = pvc(f"api token add eye --file {tmp_path / 'nowhere' / 'tokens.json'}")
    assert refused.code == 1
    assert "can't be written" in refused.err
