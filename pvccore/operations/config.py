"""Which clusters a person's machine knows: the file that `pvc` and `pvc-tui` share, and who is asking."""

from __future__ import annotations

import getpass
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pvccore.model.errors import Invalid, NotFound
from pvccore.model.struct import replace
from pvccore.state.address import DEFAULT_PORT, Tls, ZooKeeperAddress
from pvccore.state.schema import DEFAULT_CHROOT, Schema

CONFIG_FILES = (Path("~/.config/pvc/config.toml"), Path("/etc/pvc/config.toml"))
"""The first that exists is read."""
ADDRESS_VARIABLE = "PVC_ZOOKEEPER"
OWNER_ONLY = 0o077
"""Mode bits that a file with a password in it must not have."""
_PATH = re.compile(r"^(?P<reason>.*) - at `(?P<path>.*)`$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<key>[^`]*)`")
Kind = TypeVar("Kind")


class _Tls(msgspec.Struct, forbid_unknown_fields=True):
    ca: str = ""
    certificate: str = ""
    key: str = ""
    check_hostname: bool = True


class _Cluster(msgspec.Struct, forbid_unknown_fields=True):
    zookeeper: list[str]
    chroot: str = DEFAULT_CHROOT
    auth: str = ""
    viewers: str = ""
    tls: _Tls | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    clusters: dict[str, _Cluster] = {}


def known_clusters(config: Path | None = None) -> dict[str, ZooKeeperAddress]:
    """Name → address of every cluster in the configuration; {} when there is no file.

    config: the file a person named, which must then be there. Raises `Invalid` naming the file and the field.
    """
    path = config or next((found for one in CONFIG_FILES if (found := one.expanduser()).is_file()), None)
    if path is None:
        return {}
    return {name: _address(one, path) for name, one in read_toml(path, _File, is_secret=True).clusters.items()}


def choose_cluster(
    choice: str = "", *, config: Path | None = None, environment: Mapping[str, str] = os.environ
) -> tuple[str, ZooKeeperAddress]:
    """The name ("" for a bare address) and the address of the cluster that is meant.

    choice: a configured name or h1:2181,h2:2181/chroot; without it PVC_ZOOKEEPER, else the only one configured.
    Raises `Invalid` when none or several could be meant, `NotFound` for an unknown name.
    """
    wanted = choice or environment.get(ADDRESS_VARIABLE, "")
    if wanted and config is None and _is_address(wanted):
        return "", ZooKeeperAddress.parse(wanted)
    known = known_clusters(config)
    if wanted in known:
        return wanted, known[wanted]
    if wanted and _is_address(wanted):
        return "", ZooKeeperAddress.parse(wanted)
    if wanted:
        hint = f"; an address has its port: {wanted}:{DEFAULT_PORT}" if "." in wanted else ""
        raise NotFound("cluster", wanted, f"; configured are: {', '.join(sorted(known)) or 'none'}{hint}")
    return _only_one(known)


def who_asks(environment: Mapping[str, str] = os.environ) -> str:
    """The person's name in the journal: SUDO_USER or login, at the short host name."""
    login = environment.get("SUDO_USER") or _login()
    return f"{login}@{socket.gethostname().partition('.')[0]}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _is_address(text: str) -> bool:
    return any(mark in text for mark in ":,/")


def _only_one(known: Mapping[str, ZooKeeperAddress]) -> tuple[str, ZooKeeperAddress]:
    if len(known) == 1:
        return next(iter(known.items()))
    if known:
        raise Invalid("cluster", "", "several are configured, choose one by -c: " + ", ".join(sorted(known)))
    files = " or ".join(map(str, CONFIG_FILES))
    raise Invalid(
        "cluster", "", f"none is configured in {files}; name one by -c host:2181/chroot or {ADDRESS_VARIABLE}"
    )


def read_toml(path: Path, kind: type[Kind], *, is_secret: bool = False) -> Kind:
    """A TOML file as `kind`. Raises `Invalid` naming the file, the key and, unless it is secret, the value."""
    try:
        document = tomllib.loads(path.read_text())
    except OSError as error:
        raise Invalid("config", str(path), error.strerror or "can't be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("config", str(path), "is not TOML" if is_secret else str(error)) from None
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise Invalid("config", str(path), _complaint(str(error), {} if is_secret else document)) from None


def _complaint(text: str, document: dict[str, Any]) -> str:
    """What is wrong, in msgspec's words, with the key's name and its value in `document`."""
    found = _PATH.match(text)
    reason, path = (found["reason"], found["path"].removeprefix("$").lstrip(".")) if found else (text, "")
    reason = reason[:1].lower() + reason[1:]
    for pattern, words in ((_UNKNOWN, "is not a key here"), (_MISSING, "is missing")):
        if named := pattern.search(reason):
            path, reason = ".".join(part for part in (path, named["key"]) if part), words
    value = document.get(path)
    return f"{path}: {reason}" if value is None else f"{path} = {value!r}: {reason}"


def _address(cluster: _Cluster, path: Path) -> ZooKeeperAddress:
    if (cluster.auth or cluster.viewers) and path.stat().st_mode & OWNER_ONLY:
        raise Invalid("config", str(path), "holds a password and may be read by others; chmod 600 it")
    tls = cluster.tls
    address = ZooKeeperAddress.parse(
        ",".join(cluster.zookeeper),
        auth=cluster.auth,
        viewers=cluster.viewers,
        tls=Tls(ca=tls.ca, certificate=tls.certificate, key=tls.key, check_hostname=tls.check_hostname)
        if tls
        else None,
    )
    return replace(address, chroot=Schema(cluster.chroot).chroot)
