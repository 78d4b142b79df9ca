"""The command line of the lab: `python -m lab up|down|status|…`, run as root."""

import argparse
import os
import sys
import time
import uuid
from pathlib import Path

from lab.bmc import PASSWORD, PORT, USER, BmcMode
from lab.cluster import DEFAULT_HOSTS, Lab, default_lab, remove_abandoned
from lab.commands import LabError
from lab.commands import run as run_here
from lab.guest import CACHE, domain_xml
from lab.node_daemon import CHROOT

PVC = Path(sys.executable).parent / "pvc"


def up(lab: Lab, options: argparse.Namespace) -> None:
    began = time.monotonic()
    remove_abandoned()
    lab.up(hosts=options.hosts)
    if options.ceph:
        lab.start_ceph()
    if not options.bare:
        # Both leave what is there already as it is.
        run_here(str(PVC), "--cluster", f"{lab.zookeeper.hosts}{CHROOT}", "init")
        lab.start_daemons()
    print(f"The lab is up, after {time.monotonic() - began:.1f} s.")
    status(lab, options)


def down(lab: Lab, _options: argparse.Namespace) -> None:
    remove_abandoned()
    lab.down()
    print("The lab is down; nothing of it is left.")


def status(lab: Lab, _options: argparse.Namespace) -> None:
    print(f"state     {lab.directory}")
    for host in lab.hosts:
        guests = ", ".join(f"{name} {state}" for name, state in host.domains().items()) if host.is_on else ""
        power = "on " if host.is_on else "off"
        daemon = "daemon " if host.is_on and host.daemon_runs else ""
        print(f"{host.name}       {power}  {host.address}  BMC {host.bmc.address}:{PORT}  {daemon}{guests}")
    for server in lab.zookeeper.servers:
        print(f"zookeeper {server.hosts}  {server.mode or 'down'}")
    if lab.ceph.runs:
        print(f"ceph      ceph --conf {lab.ceph.configuration} status")
    print(f"BMC user  {USER}, password {PASSWORD}")
    print(f"connect   export PVC_ZOOKEEPER={lab.zookeeper.hosts}{CHROOT}; pvc-tui")
    paths = f"--allow-path {CACHE} --allow-path /var/log/libvirt/qemu"
    print(f"a guest   python -m lab guest web1 | pvc vm define - --start {paths}")


def power_cut(lab: Lab, options: argparse.Namespace) -> None:
    lab.host(options.host).power_cut()


def power_on(lab: Lab, options: argparse.Namespace) -> None:
    lab.host(options.host).power_on()


def partition(lab: Lab, options: argparse.Namespace) -> None:
    lab.host(options.host).partition()


def heal(lab: Lab, options: argparse.Namespace) -> None:
    lab.host(options.host).heal()


def bmc(lab: Lab, options: argparse.Namespace) -> None:
    lab.host(options.host).bmc.become(BmcMode(options.mode))


def guest(lab: Lab, options: argparse.Namespace) -> None:
    disk = lab.ceph.make_image(options.name).xml if lab.ceph.runs else ""
    print(domain_xml(options.name, str(uuid.uuid4()), disk_xml=disk), end="")


def run(lab: Lab, options: argparse.Namespace) -> None:
    print(lab.host(options.host).run(*options.words), end="")


def main() -> None:
    options = _parser().parse_args()
    if os.geteuid():
        sys.exit("the lab makes network namespaces and starts libvirtd: run it as root")
    try:
        options.act(default_lab(), options)
    except LabError as error:
        sys.exit(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=sys.modules["lab"].__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act, text in (
        ("up", up, "bring the lab up; what already runs stays"),
        ("down", down, "end all that the lab started and leave nothing behind"),
        ("status", status, "what is on, what runs, and how to connect"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.set_defaults(act=act)
        if name == "up":
            verb.add_argument("--hosts", type=int, default=DEFAULT_HOSTS)
            verb.add_argument("--bare", action="store_true", help="hosts without a cluster: no tree, no node daemons")
            verb.add_argument("--ceph", action="store_true", help="with a Ceph cluster, in memory")
    verb = verbs.add_parser(
        "guest", help="print the XML of a tiny guest, with an RBD image of its own where there is Ceph"
    )
    verb.set_defaults(act=guest)
    verb.add_argument("name")
    for name, act, text in (
        ("power-cut", power_cut, "take a host's power"),
        ("power-on", power_on, "boot a host"),
        ("partition", partition, "cut a host from ZooKeeper alone"),
        ("heal", heal, "mend every cut of a host"),
        ("bmc", bmc, "make a host's BMC behave: ok, dead, lies or hangs"),
        ("run", run, "run a command on a host"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.set_defaults(act=act)
        verb.add_argument("host")
        if name == "bmc":
            verb.add_argument("mode", choices=[mode.value for mode in BmcMode])
        if name == "run":
            verb.add_argument("words", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    main()
