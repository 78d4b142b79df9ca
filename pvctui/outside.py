"""Programs that take the terminal over for a while: a VM's serial console, a shell on a node."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

from textual.app import App, SuspendNotSupported

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Refused
from pvccore.model.metadata import check_name
from pvctui.look import Looks

NOT_IN_A_BROWSER = "a browser has no terminal to hand over: start pvc-tui in one"


def command_for(subject: str, cluster: Cluster, looks: Looks) -> tuple[str, ...]:
    """The program for what is under the cursor; raises `Refused` or `Invalid` where there is none.

    Names are checked, though the cluster checks them too: ssh hands its last arguments to a shell on the node.
    """
    kind, _, key = subject.partition(" ")
    vm = cluster.vms.get(key) if kind == "vm" else None
    if vm is not None:
        if not vm.placement.node:
            raise Refused(f"{vm.name} is on no node")
        names = {"vm": check_name("vm", vm.name), "uuid": vm.uuid, "node": check_name("node", vm.placement.node)}
        return tuple(word.format_map(names) for word in looks.console_command)
    if kind in ("node", "fence") and key in cluster.nodes:
        names = {"vm": "", "uuid": "", "node": check_name("node", key)}
        return tuple(word.format_map(names) for word in looks.ssh_command)
    raise Refused("there is nothing here to connect to")


def run_outside(app: App[None], words: Sequence[str]) -> str:
    """Run a program in the terminal until it ends; what went wrong, in words, or ""."""
    trouble = ""
    try:
        with app.suspend():
            trouble = _run(words)
    except SuspendNotSupported:
        return NOT_IN_A_BROWSER
    return trouble


def _run(words: Sequence[str]) -> str:
    """Nothing may leave this but words: the terminal has to be taken back."""
    print(f"$ {' '.join(words)}", flush=True)  # noqa: T201 - the screen is the program's now
    # Ctrl-C is the program's too. A handler, unlike SIG_IGN, is not inherited by it.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        ended = subprocess.run(words, check=False)
    except (OSError, ValueError) as error:
        return f"{words[0]}: {error}"
    finally:
        signal.signal(signal.SIGINT, before)
    return f"{words[0]} ended with {ended.returncode}" if ended.returncode else ""
