"""The HTTP API's tokens: a root-only file of the machine that runs `pvcapid`; it holds hashes, never a token."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from pvccore.model.errors import Invalid, NotFound, Refused
from pvccore.model.metadata import check_name
from pvccore.model.struct import Struct, asdict

TOKENS_FILE = Path("/etc/pvc/api-tokens.json")
WIDER_THAN_OWNER = 0o177
"""Mode bits that a file of secrets must not have."""
PREFIX = "pvc_"
SECRET_BYTES = 32
"""A token is this much randomness: nothing to guess, so a plain hash keeps it as well as a slow one would."""
MAX_TOKENS = 1000
MAX_FILE_BYTES = 1024 * 1024


class Role(StrEnum):
    """What a token's holder may do: look, or everything."""

    READ_ONLY = "read-only"
    OPERATOR = "operator"


class Token(Struct, frozen=True, kw_only=True):
    """One token as it is kept: its name in the journal, its role, the hash of its secret, and when it was made."""

    name: str
    role: Role
    hash: str
    created_at: float = 0.0


class TokenFile:
    """The file of tokens. Every change is written whole, under a lock, and is there or not.

    Raises `Invalid` naming the file when it can be read by others than its owner, or can't be understood.
    """

    def __init__(self, path: Path = TOKENS_FILE) -> None:
        self.path = path

    def load(self) -> tuple[Token, ...]:
        """Every token by name; none when there is no file."""
        try:
            with self.path.open("rb") as file:
                check_owner_only(self.path, os.fstat(file.fileno()).st_mode)
                text = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Invalid("tokens_file", str(self.path), error.strerror or "can't be read") from None
        return self._parse(text)

    def stamp(self) -> tuple[int, int]:
        """What differs when the file was changed; zeros when there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino

    def add(self, name: str, role: Role, *, now: float) -> str:
        """Make a token of that name; the token itself, which nobody can ever read again. Raises `Refused`."""
        check_name("name", name)
        token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)

        def added(known: Sequence[Token]) -> list[Token]:
            if any(one.name == name for one in known):
                raise Refused(f"{name}: there is a token of this name already; revoke it first")
            if len(known) >= MAX_TOKENS:
                raise Refused(f"there are {MAX_TOKENS} tokens already")
            return [*known, Token(name=name, role=role, hash=hash_of(token), created_at=now)]

        self._change(added)
        return token

    def revoke(self, name: str) -> None:
        """Forget a token: whoever has it is refused from the next request on. Raises `NotFound`."""

        def left(known: Sequence[Token]) -> list[Token]:
            kept = [one for one in known if one.name != name]
            if len(kept) == len(known):
                raise NotFound("token", name)
            return kept

        self._change(left)

    def _change(self, change: Callable[[Sequence[Token]], list[Token]]) -> None:
        try:
            with self._locked():
                self._write(change(self.load()))
        except OSError as error:
            raise Refused(f"{self.path} can't be written: {error.strerror}") from None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among those who change the file."""
        descriptor = os.open(self.path.with_name(self.path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, tokens: Sequence[Token]) -> None:
        document = {"tokens": [asdict(one) for one in sorted(tokens, key=lambda one: one.name)]}
        new = self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def _parse(self, text: bytes) -> tuple[Token, ...]:
        if len(text) > MAX_FILE_BYTES:
            raise Invalid("tokens_file", str(self.path), f"is larger than {MAX_FILE_BYTES} bytes")
        try:
            return tuple(_token(one) for one in json.loads(text)["tokens"])
        except (ValueError, KeyError, TypeError, RecursionError, Invalid) as error:
            raise Invalid("tokens_file", str(self.path), f"can't be understood: {type(error).__name__}") from None


def check_owner_only(path: Path, mode: int) -> None:
    """Raise `Invalid` when others than its owner may read a file of secrets, or anybody may run it."""
    if mode & WIDER_THAN_OWNER:
        raise Invalid(
            "file", str(path), f"holds secrets, its mode is {stat.S_IMODE(mode):04o} and must not be wider than 0600"
        )


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def holder_of(tokens: Sequence[Token], token: str) -> Token | None:
    """Whose token this is; every hash is compared whole, so that time tells nothing."""
    given, found = hash_of(token), None
    for one in tokens:
        if hmac.compare_digest(one.hash, given):
            found = one
    return found


def _token(document: dict[str, Any]) -> Token:
    return Token(
        name=check_name("name", str(document["name"])),
        role=Role(document["role"]),
        hash=str(document["hash"]),
        created_at=float(document.get("created_at", 0.0)),
    )
