"""Where a cluster's ZooKeeper is, and how to speak to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pvccore.model.errors import Invalid
from pvccore.model.struct import Struct
from pvccore.state.schema import DEFAULT_CHROOT, ROOT, Schema

DEFAULT_PORT = 2181
_HIGHEST_PORT = 65535


class Tls(Struct, frozen=True, kw_only=True):
    """How a client proves itself to ZooKeeper, and whom it believes; paths of PEM files."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    check_hostname: bool = True

    def check_files(self) -> None:
        """Raise `Invalid` naming a file that can't be read: without it every server would seem silent."""
        for name in ("ca", "certificate", "key"):
            check_readable(f"tls.{name}", getattr(self, name))


class ZooKeeperAddress(Struct, frozen=True, kw_only=True):
    """Hosts, chroot and credentials of one cluster.

    hosts: "h1:2181,h2:2181". auth: "user:password" of ZooKeeper's digest scheme, from a root-only file; never shown.
    viewers: "user:password" of those who may only read; who makes the cluster's tree needs it, and nobody else.
    """

    hosts: str
    chroot: str = DEFAULT_CHROOT
    auth: str = ""
    tls: Tls | None = None
    viewers: str = ""

    @classmethod
    def parse(cls, text: str, *, auth: str = "", tls: Tls | None = None, viewers: str = "") -> ZooKeeperAddress:
        """The address in "h1:2181,h2/chroot", as `-c` takes it; without a chroot the default one.

        Raises `Invalid` naming `zookeeper`, or whose password is not written as user:password; never quotes one.
        """
        for field, given in (("auth", auth), ("viewers", viewers)):
            user, _, password = given.partition(":")
            if given and not (user and password):
                raise Invalid(field, "…", "must be like user:password")
        hosts, slash, chroot = text.strip().partition(ROOT)
        listed = [_host(part.strip(), text) for part in hosts.split(",")]
        return cls(
            hosts=",".join(listed),
            chroot=Schema(slash + chroot).chroot if slash else DEFAULT_CHROOT,
            auth=auth,
            tls=tls,
            viewers=viewers,
        )

    @property
    def user(self) -> str:
        """Who we are to ZooKeeper; "" for anybody."""
        return self.auth.partition(":")[0]

    @property
    def where(self) -> str:
        """What a person calls it."""
        return f"{self.hosts}{self.chroot}"

    @property
    def schema(self) -> Schema:
        """The layout under this address's chroot."""
        return Schema(self.chroot)

    def __repr__(self) -> str:
        return f"ZooKeeperAddress({self.where!r})"

    def client_options(self) -> dict[str, Any]:
        """The credentials as kazoo takes them."""
        options: dict[str, Any] = {}
        if self.auth:
            options["auth_data"] = [("digest", self.auth)]
        if self.tls is not None:
            options |= {"use_ssl": True, "check_hostname": self.tls.check_hostname}
            files = {"ca": self.tls.ca, "certfile": self.tls.certificate, "keyfile": self.tls.key}
            options |= {name: path for name, path in files.items() if path}
        return options


def check_readable(field: str, path: str) -> None:
    """Raise `Invalid` unless a file that a configuration names, if it does, can be read."""
    try:
        if path:
            Path(path).open("rb").close()
    except OSError as error:
        raise Invalid(field, path, error.strerror or "can't be read") from None


def _host(text: str, whole: str) -> str:
    """One host with its port; IPv6 addresses stand in brackets."""
    name, colon, port = (text, "", "") if text.endswith("]") else text.rpartition(":")
    if not colon:
        name, port = text, str(DEFAULT_PORT)
    if not name or not port.isascii() or not port.isdigit() or not 0 < int(port) <= _HIGHEST_PORT:
        raise Invalid("zookeeper", whole, "must be like host:2181,host2:2181/chroot")
    return f"{name}:{port}"
