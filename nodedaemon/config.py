"""The daemon's configuration: one TOML file for all to read, one for root alone."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from nodedaemon.fence_agents.power_switch import Login
from nodedaemon.logs import LogFormat
from nodedaemon.self_fence import WatchdogRule
from pvccore.model.errors import Invalid, PvcError
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.model.metadata import check_name
from pvccore.model.node import NodeConfig, NodeRole, SelfFence
from pvccore.operations.config import read_toml
from pvccore.state.address import Tls, ZooKeeperAddress

BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id"
MACHINE_ID_FILE = "/etc/machine-id"
LOCK_FILE = "/run/pvcnoded.lock"
LEVELS = ("debug", "info", "warning", "error")
_WITH_ADDRESS = frozenset({FenceAgentKind.IPMI, FenceAgentKind.COMMAND})

Kind = TypeVar("Kind")


class AgentTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level of fencing, written as a table."""

    kind: FenceAgentKind
    address: str = ""
    arguments: tuple[str, ...] = ()


class TlsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How ZooKeeper is spoken to in private."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    check_hostname: bool = True


class DaemonFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of pvcnoded.toml."""

    node: str
    zookeeper: tuple[str, ...]
    chroot: str = "/pvc"
    tls: TlsTable | None = None
    role: NodeRole = NodeRole.COORDINATOR
    storage_address: str = ""
    ceph_conf: str = ""
    ceph_user: str = ""
    migration_address: str = ""
    fence_agents: tuple[str | AgentTable, ...] = ()
    self_fence: SelfFence = SelfFence.NONE
    self_fence_after_s: float = 4.0
    watchdog_device: str = "/dev/watchdog"
    watchdog_timeout_s: int = 5
    secrets_file: str = ""
    libvirt_uri: str = "qemu:///system"
    migration_uri: str = "qemu+tcp://{address}/system"
    boot_id_file: str = BOOT_ID_FILE
    machine_id_file: str = MACHINE_ID_FILE
    lock_file: str = LOCK_FILE
    plans_dir: str = ""
    log_format: LogFormat = LogFormat.TEXT
    log_level: str = "info"


class LoginTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who we are to one BMC."""

    user: str
    password: str


class SecretsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of the secrets file; bmc by node."""

    bmc: dict[str, LoginTable] = {}
    zookeeper: str = ""


class BadConfig(PvcError):
    """A configuration file that can't be used; the text names file, key and value."""


class DaemonConfig:
    """What both files say, checked. Raises `BadConfig`."""

    def __init__(self, path: Path) -> None:
        self.file = _read(path, DaemonFile)
        secrets_path = Path(self.file.secrets_file) if self.file.secrets_file else None
        secrets = _read_secrets(secrets_path) if secrets_path else SecretsFile()
        self.logins = {node: Login(user=login.user, password=login.password) for node, login in secrets.bmc.items()}
        try:
            self._check()
            self.watchdog = self._watchdog()
            self.address = self._address(secrets.zookeeper)
            self.node_config = self._node_config()
        except Invalid as error:
            raise BadConfig(f"{path}: {error}") from None

    def boot_id(self) -> str:
        """The id of the present boot, as the kernel says it."""
        return _first_line(Path(self.file.boot_id_file))

    def machine_id(self) -> str:
        """The id of this machine, over all its boots."""
        return _first_line(Path(self.file.machine_id_file))

    def _address(self, auth: str) -> ZooKeeperAddress:
        tls = Tls(**msgspec.structs.asdict(self.file.tls)) if self.file.tls else None
        if tls is not None:
            tls.check_files()
        return ZooKeeperAddress.parse(",".join(self.file.zookeeper) + self.file.chroot, auth=auth, tls=tls)

    def _node_config(self) -> NodeConfig:
        """What the node registers; its machine id is read when that is done."""
        file = self.file
        return NodeConfig(
            role=file.role,
            storage_address=file.storage_address,
            migration_address=file.migration_address,
            fence_agents=tuple(_agent(written) for written in file.fence_agents),
            self_fence=file.self_fence,
            self_fence_bound_s=self.watchdog.bound_s if self.watchdog else 0.0,
        )

    def _watchdog(self) -> WatchdogRule | None:
        """How this host fences itself; an agent that counts on that needs it."""
        file = self.file
        if file.self_fence is SelfFence.NONE:
            if any(_agent(written).kind is FenceAgentKind.WATCHDOG for written in file.fence_agents):
                raise Invalid("fence_agents", "watchdog", 'needs self_fence = "watchdog"')
            return None
        if not file.watchdog_device.startswith("/"):
            raise Invalid("watchdog_device", file.watchdog_device, "must be an absolute path")
        return WatchdogRule(
            device=file.watchdog_device, stops_after_s=file.self_fence_after_s, timeout_s=file.watchdog_timeout_s
        )

    def _check(self) -> None:
        file = self.file
        check_name("node", file.node)
        if file.log_level not in LEVELS:
            raise Invalid("log_level", file.log_level, "must be one of " + ", ".join(LEVELS))
        if "{address}" not in file.migration_uri:
            raise Invalid("migration_uri", file.migration_uri, "must hold {address}")
        if not file.chroot.startswith("/"):
            raise Invalid("chroot", file.chroot, "must begin with a slash")


def _agent(written: str | AgentTable) -> FenceAgent:
    """A level of fencing: a table, or "KIND" or "KIND:ADDRESS"."""
    if isinstance(written, str):
        word, _, address = written.partition(":")
        if word not in tuple(FenceAgentKind):
            raise Invalid("fence_agents", written, "must be one of " + ", ".join(FenceAgentKind))
        written = AgentTable(kind=FenceAgentKind(word), address=address)
    if (written.kind in _WITH_ADDRESS) != bool(written.address):
        needs = 'needs an address: { kind = "%s", address = "…" }' if not written.address else "%s takes no address"
        raise Invalid("fence_agents", written.address or str(written.kind), needs % written.kind)
    if written.kind is FenceAgentKind.COMMAND and not written.address.startswith("/"):
        raise Invalid("fence_agents", written.address, "must be the absolute path of a program")
    return FenceAgent(kind=written.kind, address=written.address, arguments=written.arguments)


def _read(path: Path, kind: type[Kind], *, is_secret: bool = False) -> Kind:
    try:
        return read_toml(path, kind, is_secret=is_secret)
    except Invalid as error:
        raise BadConfig(f"{path}: {error.reason}") from None


def _read_secrets(path: Path) -> SecretsFile:
    """The secrets, if none but their owner can read them."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise BadConfig(f"secrets_file {path}: {error.strerror}") from None
    if mode & 0o177:
        raise BadConfig(f"secrets_file {path}: its mode is {mode:04o}, and must not be wider than 0600")
    return _read(path, SecretsFile, is_secret=True)


def _first_line(path: Path) -> str:
    try:
        line = path.read_text().strip().partition("\n")[0]
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}") from None
    if not line:
        raise BadConfig(f"{path}: is empty")
    return line
