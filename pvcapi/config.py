"""The API daemon's configuration: one TOML file for all to read, its secrets in files for root alone."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TypeVar

import msgspec

from pvccore.model.errors import Invalid, PvcError
from pvccore.operations.config import read_toml
from pvccore.operations.tokens import TOKENS_FILE, TokenFile, check_owner_only
from pvccore.state.address import Tls, ZooKeeperAddress, check_readable

DEFAULT_PORT = 7370
LEVELS = ("debug", "info", "warning", "error")
BOUNDS = {"max_body_kb": (16, 16384), "requests_per_minute": (10, 1_000_000), "streams": (1, 10_000)}
_HIGHEST_PORT = 65535
File = TypeVar("File")


class TlsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How ZooKeeper is spoken to in private."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    check_hostname: bool = True


class ApiFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of pvcapid.toml.

    certificate, key: PEM files; with them the API speaks HTTPS. behind_proxy: a proxy on another machine does that.
    public_metrics: /metrics without a token. allow_paths: folders of the hosts that a VM's XML may name besides the
    usual ones. requests_per_minute: of one token; who has none gets a tenth.
    """

    zookeeper: tuple[str, ...]
    chroot: str = "/pvc"
    tls: TlsTable | None = None
    listen: str = f"127.0.0.1:{DEFAULT_PORT}"
    certificate: str = ""
    key: str = ""
    behind_proxy: bool = False
    secrets_file: str = ""
    tokens_file: str = str(TOKENS_FILE)
    public_metrics: bool = False
    allow_paths: tuple[str, ...] = ()
    max_body_kb: int = 1024
    requests_per_minute: int = 6000
    streams: int = 100
    log_level: str = "info"


class SecretsFile(msgspec.Struct, frozen=True):
    """The keys of the secrets file that this program needs; other programs' are left alone."""

    zookeeper: str = ""


class BadConfig(PvcError):
    """A configuration file that can't be used; the text names file, key and value."""


class ApiConfig:
    """What the files say, checked. Raises `BadConfig`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = _read(path, ApiFile)
        secrets = _secrets(Path(self.file.secrets_file)) if self.file.secrets_file else SecretsFile()
        try:
            self.host, self.port = _listen(self.file.listen)
            self._check()
            self.address = self._address(secrets.zookeeper)
            TokenFile(Path(self.file.tokens_file)).load()
        except Invalid as error:
            raise BadConfig(f"{path}: {error}") from None

    def _address(self, auth: str) -> ZooKeeperAddress:
        tls = Tls(**msgspec.structs.asdict(self.file.tls)) if self.file.tls else None
        if tls is not None:
            tls.check_files()
        return ZooKeeperAddress.parse(",".join(self.file.zookeeper) + self.file.chroot, auth=auth, tls=tls)

    def _check(self) -> None:
        file = self.file
        if not file.chroot.startswith("/"):
            raise Invalid("chroot", file.chroot, "must begin with a slash")
        if file.log_level not in LEVELS:
            raise Invalid("log_level", file.log_level, "must be one of " + ", ".join(LEVELS))
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(file, name) <= high:
                raise Invalid(name, getattr(file, name), f"must lie between {low} and {high}")
        for path in file.allow_paths:
            if not path.startswith("/"):
                raise Invalid("allow_paths", path, "must be an absolute path")
        self._check_privacy()

    def _check_privacy(self) -> None:
        """Tokens never cross a network in the clear by oversight."""
        file = self.file
        if bool(file.certificate) != bool(file.key):
            raise Invalid("certificate", file.certificate, "and key belong together")
        check_readable("certificate", file.certificate)
        check_readable("key", file.key)
        if not (file.certificate or file.behind_proxy or _is_loopback(self.host)):
            raise Invalid(
                "listen", file.listen, "is no loopback address: give certificate and key, or say behind_proxy = true"
            )


def _listen(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise Invalid("listen", text, "must be like 127.0.0.1:7370 or [::1]:7370")
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _secrets(path: Path) -> SecretsFile:
    try:
        check_owner_only(path, path.stat().st_mode)
    except OSError as error:
        raise BadConfig(f"secrets_file {path}: {error.strerror}") from None
    except Invalid as error:
        raise BadConfig(f"secrets_file: {error}") from None
    return _read(path, SecretsFile, is_secret=True)


def _read(path: Path, kind: type[File], *, is_secret: bool = False) -> File:
    try:
        return read_toml(path, kind, is_secret=is_secret)
    except Invalid as error:
        raise BadConfig(f"{path}: {error.reason}") from None
