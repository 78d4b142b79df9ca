"""The node daemon of a host: its configuration as an installer would write it, with the secrets of every BMC."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from lab.bmc import PASSWORD, PORT, USER
from lab.host import Host
from lab.zookeeper import Ensemble

CHROOT = "/pvc"
COORDINATOR = "coordinator"
PROGRAM = Path(sys.executable).parent / "pvcnoded"


def install_daemon(  # noqa: PLR0913 - what daemons differ in, by name
    host: Host,
    *,
    hosts: Iterable[Host],
    zookeeper: Ensemble,
    chroot: str = CHROOT,
    role: str = COORDINATOR,
    ceph: bool = False,
    more: str = "",
    last_agents: Sequence[str] = (),
    command: Sequence[str] = (),
) -> None:
    """Write the daemon's configuration and have the host start it at every boot.

    `ceph`: its disks are in Ceph. `more` is further TOML, of top-level keys; `last_agents` are kinds of fence agents to
    try after IPMI; `command` replaces `pvcnoded --config FILE`, with FILE added at its end.
    """
    secrets = host.directory / "secrets.toml"
    secrets.touch(mode=0o600)
    secrets.write_text("".join(_bmc_secret(one) for one in hosts))
    configuration = host.directory / "pvcnoded.toml"
    text = _configuration(host, secrets, zookeeper, chroot=chroot, role=role, ceph=ceph, more=more)
    configuration.write_text(text + "".join(f'\n[[fence_agents]]\nkind = "{kind}"\n' for kind in last_agents))
    host.install_daemon([*(command or (str(PROGRAM), "--config")), str(configuration)])


def _configuration(
    host: Host, secrets: Path, zookeeper: Ensemble, *, chroot: str, role: str, ceph: bool, more: str
) -> str:
    servers = ", ".join(f'"{server}"' for server in zookeeper.hosts.split(","))
    return f"""node = "{host.name}"
zookeeper = [{servers}]
chroot = "{chroot}"
role = "{role}"
storage_address = "{host.address if ceph else ""}"
migration_address = "{host.address}"
boot_id_file = "/proc/sys/kernel/random/boot_id"
machine_id_file = "{host.directory}/etc/machine-id"
secrets_file = "{secrets}"
{more}
[[fence_agents]]
kind = "ipmi"
address = "{host.bmc.address}:{PORT}"
"""


def _bmc_secret(host: Host) -> str:
    return f'[bmc.{host.name}]\nuser = "{USER}"\npassword = "{PASSWORD}"\n\n'
