"""The command line of the lab: `python -m lab up|down|status|…`, run as root."""

import argparse
import os
import sys
import time

from lab.bmc import PASSWORD, PORT, USER, BmcMode
from lab.cluster import DEFAULT_HOSTS, Lab, default_lab, remove_abandoned
from lab.commands import LabError


def up(lab: Lab, options: argparse.Namespace) -> None:
    began = time.monotonic()
    remove_abandoned()
    lab.up(hosts=options.hosts)
    if options.ceph:
        lab.start_ceph()
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
    print(f"connect   PVC_ZOOKEEPER={lab.zookeeper.hosts}/pvc pvc-tui")


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


def start_daemons(lab: Lab, _options: argparse.Namespace) -> None:
    lab.start_daemons()


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
        ("start-daemons", start_daemons, "start the node daemon on every host; `pvc init` comes first"),
        ("status", status, "what is on, what runs, and how to connect"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.set_defaults(act=act)
        if name == "up":
            verb.add_argument("--hosts", type=int, default=DEFAULT_HOSTS)
            verb.add_argument("--ceph", action="store_true", help="with a Ceph cluster, in memory")
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
