"""The mains of a host: what a power button does to the namespaces, processes and the cable that make up a host.

A host is one process tree in namespaces of its own; its first process is the host being on. Its power cut takes the
cable first, so that the others hear nothing more, not even the good-byes of its sockets; then everything at once.
"""

import json
import os
import signal
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.commands import LabError, run, succeeds
from lab.network import NOWHERE, hardware_address
from lab.processes import Ledger, ProcessIdentity
from lab.turns import one_at_a_time
from lab.waiting import wait_until

POWER_LIMIT_S = 60.0
OWN_DIRECTORIES = (
    "etc/libvirt", "var/cache/libvirt", "var/lib/libvirt", "var/log/libvirt", "var/lib/ceph", "var/log/ceph",
    "etc/systemd/system",
)  # fmt: skip

# The first process of a host. It must not ignore SIGCHLD before libvirtd and the daemon are started, for they would
# inherit that; it must afterwards, so that the kernel itself takes away what QEMU and others leave behind.
BOOT = """#!/bin/bash
set -e
hostname "$(cat etc/hostname)"
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/libvirt /run/lock
install -d -m 777 /run/ceph
ln -s "$PWD/watchdog" /run/watchdog
for own in OWN_DIRECTORIES etc/ceph etc/hostname etc/hosts etc/machine-id usr/bin/systemctl; do
    if [ -e "/$own" ]; then mount --bind "$own" "/$own"; fi
done
mount --bind boot_id /proc/sys/kernel/random/boot_id
until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
ip link set lo up
ip address add "$1" dev eth0
ip link set eth0 up
echo 2 >/proc/sys/net/ipv4/tcp_syn_retries # as docs/DEPLOY.md has it
for address in $(cat cuts); do ip neighbour replace "$address" dev eth0 lladdr NOWHERE nud permanent; done
./start-libvirtd
systemctl boot &
if [ -e daemon-at-boot ]; then ./start-daemon; fi
trap '' CHLD
exec sleep infinity
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """What a host is, on or off: its name, its number, where its things lie and where its cable goes."""

    name: str
    number: int
    directory: str
    ledger: str
    address: str
    bridge: str
    link: str

    @property
    def path(self) -> Path:
        return Path(self.directory)

    @property
    def process_name(self) -> str:
        return f"host-{self.name}"

    def save(self) -> None:
        """Write it down, for the BMC's script and for later commands."""
        (self.path / "plan.json").write_text(json.dumps(asdict(self), indent=1))


def load_plan(directory: Path) -> HostPlan:
    """The host that lives in that directory."""
    return HostPlan(**json.loads((directory / "plan.json").read_text()))


def first_process(plan: HostPlan) -> ProcessIdentity | None:
    """The process whose life is the host's being on."""
    return Ledger(Path(plan.ledger)).find(plan.process_name)


def power_on(plan: HostPlan) -> None:
    """Start the host as a new boot, unless it is on; libvirtd and the daemon come up by themselves after it."""
    with one_at_a_time(plan.path / "power.lock"):
        if first_process(plan):
            return
        (plan.path / "boot_id").write_text(f"{uuid.uuid4()}\n")
        (plan.path / "boot").write_text(
            BOOT.replace("OWN_DIRECTORIES", " ".join(OWN_DIRECTORIES)).replace("NOWHERE", NOWHERE)
        )
        ledger = Ledger(Path(plan.ledger))
        shell = ledger.start(f"{plan.process_name}-namespaces", _boot_argv(plan), log=plan.path / "boot.log")
        first = wait_until(lambda: _child_of(shell), within_s=POWER_LIMIT_S, what=f"{plan.name} begins to boot")
        ledger.note(plan.process_name, first)
        _plug_in(plan, shell.pid)


def power_cut(plan: HostPlan) -> None:
    """End the host at once and all that runs on it; returns when nothing of it is left. Off stays off."""
    with one_at_a_time(plan.path / "power.lock"):
        succeeds("ip", "link", "set", plan.link, "down")
        ledger = Ledger(Path(plan.ledger))
        # The kernel ends a whole process namespace with its first process, and that one last of all.
        ledger.end(plan.process_name, by=signal.SIGKILL, within_s=POWER_LIMIT_S)
        ledger.end(f"{plan.process_name}-namespaces", by=signal.SIGKILL, within_s=POWER_LIMIT_S)
        succeeds("ip", "link", "delete", plan.link)


def _boot_argv(plan: HostPlan) -> list[str]:
    kinds = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child=KILL")
    return [
        "env",
        "-i",
        f"--chdir={plan.directory}",
        f"PATH={os.defpath}:/usr/sbin:/sbin",
        "unshare",
        *kinds,
        "bash",
        "boot",
        f"{plan.address}/24",
    ]


def _plug_in(plan: HostPlan, pid: int) -> None:
    """Lay the cable between the bridge and the host's namespace."""
    succeeds("ip", "link", "delete", plan.link)
    card = ("name", "eth0", "address", hardware_address(plan.address), "netns", str(pid))
    run("ip", "link", "add", plan.link, "type", "veth", "peer", *card)
    run("ip", "link", "set", plan.link, "master", plan.bridge, "up")


def _child_of(parent: ProcessIdentity) -> ProcessIdentity | None:
    if not parent.alive:
        raise LabError("the host's namespaces could not be made; see its boot.log")
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    return ProcessIdentity.of(int(children[0])) if children else None
