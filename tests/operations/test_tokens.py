from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from pvccore.model.errors import Invalid, NotFound, Refused
from pvccore.operations.tokens import MAX_FILE_BYTES, Role, TokenFile, holder_of


def test_only_a_hash_is_kept(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens.json")
    token = file.add("robot", Role.OPERATOR, now=5.0)
    (kept,) = file.load()
    assert (kept.name, kept.role, kept.created_at) == ("robot", Role.OPERATOR, 5.0)
    assert token not in file.path.read_text()
    assert holder_of(file.load(), token) == kept
    assert holder_of(file.load(), token + "x") is None
    assert holder_of(file.load(), kept.hash) is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o700])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = TokenFile(tmp_path / "tokens.json")
    file.add("robot", Role.OPERATOR, now=0.0)
    file.path.chmod(mode)
    with pytest.raises(Invalid, match="must not be wider than 0600"):
        file.load()
    with pytest.raises(Invalid):
        file.add("other", Role.OPERATOR, now=0.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"tokens": [1]}',
        '{"tokens": [{"name": "a"}]}',
        '{"tokens": [{"name": "../a", "role": "operator"}]}',
        '{"tokens": [{"name": "a", "role": "god", "hash": ""}]}',
        "[" * 100_000,
        " " * (MAX_FILE_BYTES + 1),
    ],
    ids=range(9),
)
def test_a_broken_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Invalid, match="tokens"):
        TokenFile(path).load()


def test_a_name_is_taken_once_and_an_unknown_one_not_revoked(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens.json")
    file.add("robot", Role.READ_ONLY, now=0.0)
    with pytest.raises(Refused, match="already"):
        file.add("robot", Role.OPERATOR, now=0.0)
    with pytest.raises(NotFound):
        file.revoke("nobody")
    with pytest.raises(Invalid):
        file.add("a b", Role.OPERATOR, now=0.0)


def test_many_may_add_at_once(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    threads = [Thread(target=lambda n=n: TokenFile(path).add(f"t{n}", Role.READ_ONLY, now=0.0)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(TokenFile(path).load()) == 10
