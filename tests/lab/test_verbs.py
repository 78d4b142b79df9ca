"""Every verb of `pvc`, run as a program against one living cluster, in the order in which a day could bring them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.cluster import Lab
from lab.guest import domain_xml
from pvccli.main import pvc as program
from pvccore.operations.records import vm_record
from tests.architecture import source
from tests.lab.living import GUEST_PATHS, LivingCluster
from tests.pvccli.verbs import verbs_of

LIMIT_S = 120
DONE, REFUSED, USAGE, UNAVAILABLE = 0, 1, 2, 3
ALLOWED = " ".join(f"--allow-path {path}" for path in GUEST_PATHS)
NOWHERE = "127.0.0.1:1/pvc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command line after `pvc`; how it ends, what it says, and what then holds of the VM that it is about."""

    line: str
    ends: int = DONE
    says: str = ""
    vm: str = "web1"
    then: Mapping[str, object] = field(default_factory=dict)


VMS = (
    Step(
        line=f"vm define web1.xml -t hv1 -l hv1,hv2 -g lab {ALLOWED} --start -w",
        says="web1 runs on hv1",
        then={"state": "running", "node": "hv1", "node_limit": ["hv1", "hv2"], "tags": ["lab"]},
    ),
    Step(line="vm list status=running -f raw", says="web1"),
    Step(line="vm info web1", says="is outside its node limit"),
    Step(line="vm start web1", ends=REFUSED, says="it is running already"),
    Step(line="vm migrate web1 -w", says="hv2", then={"node": "hv2", "previous_node": "hv1", "state": "running"}),
    Step(line="vm migrate web1 -w", ends=REFUSED, says="--force keeps hv1 as its previous node"),
    Step(line="vm unmigrate web1 -w", says="hv1", then={"node": "hv1", "previous_node": None, "state": "running"}),
    Step(line="vm move web1 --to hv2 -w", says="hv2", then={"node": "hv2", "previous_node": None, "state": "running"}),
    Step(line="vm move web1 --to hv3 -w", ends=REFUSED, says="is outside its node limit"),
    Step(line="vm meta web1 --node-limit '' -A", then={"node_limit": [], "autorestart": False}),
    Step(line="vm tag add web1 day", then={"tags": ["lab", "day"]}),
    Step(line="vm tag get web1", says="day"),
    Step(line="vm tag remove web1 day", then={"tags": ["lab"]}),
    Step(line="vm log web1 -n 5"),
    Step(line="vm dump web1", says="<name>web1</name>"),
    Step(line=f"vm modify web1 more.xml -y {ALLOWED}", says="at its next start", then={"vcpus": 2}),
    Step(line="vm restart web1 -y --time-limit 3 -w", then={"state": "running", "node": "hv2"}),
    Step(line="vm shutdown web1 -y --time-limit 3 -w", then={"state": "stopped", "wanted": "stopped"}),
    Step(line="vm start web1 -w", says="web1 runs on hv2", then={"state": "running"}),
    Step(line="vm undefine web1 -y", ends=REFUSED, says="stop it first (--stop)"),
    Step(line="vm stop web1", ends=REFUSED, says="-y confirms beforehand", then={"state": "running"}),
    Step(line="vm stop web1 -y -w", then={"state": "stopped"}),
    Step(line="vm rename web1 web2", vm="web2", then={"status": "stopped"}),
    Step(line="vm disable web2 -y -w", vm="web2", then={"status": "disabled"}),
    Step(line="vm flush-locks web2 -w", ends=REFUSED, says="no volume of VM 'web2'"),
    Step(line="vm undefine web2 -y", says="web2 is undefined"),
    Step(line=f"vm define more.xml --to hv3 {ALLOWED}", says="web1 is defined on hv3"),
    Step(line="vm remove web1 -y -w", says="web1 is undefined"),
    Step(line="vm info web1", ends=REFUSED, says="no VM 'web1'"),
)
TASKS = (
    Step(line="task list", says="TASK"),
    Step(line="task show nope", ends=REFUSED, says="no task 'nope'"),
    Step(line="task cancel nope", ends=REFUSED, says="no task 'nope'"),
)
CLUSTER = (
    Step(line="status", says="3 of 3 alive, 3 ready"),
    Step(line="maintenance on --reason lab -w", says="maintenance is on"),
    Step(line="node fence hv1 -y", ends=REFUSED, says="maintenance is on"),
    Step(line="maintenance off -y -w"),
    Step(line="journal -n 5", says="maintenance off"),
    Step(line="settings set migrations_per_node 3", says="migrations_per_node is 3, it was 2"),
    Step(line="settings list", says="migrations_per_node"),
    Step(line="api token add robot --file tokens.json", says="pvc_"),
    Step(line="api token list --file tokens.json", says="robot"),
    Step(line="api token revoke robot -y --file tokens.json", says="robot is revoked"),
    Step(line="backup saved.jsonl", says="is written"),
    Step(line="restore saved.jsonl -y --force", ends=REFUSED, says="the cluster lives"),
    Step(line="init", says="there is a cluster already"),
    Step(line='simulate --from-cluster --step "5: power-cut hv1"', says="fence hv1"),
    Step(line="vm lst", ends=USAGE, says="No such command"),
    Step(line=f"-c {NOWHERE} status", ends=UNAVAILABLE, says="no ZooKeeper answers"),
)
NODES = (
    Step(line="node list alive=yes -f raw", says="hv3"),
    Step(line="node info hv1", says="fence agents"),
    Step(line="node log hv1 -n 5"),
    Step(line="node forecast", says="all its VMs would run elsewhere"),
    Step(line="node flush hv3 --dry-run", says="nothing would be moved"),
    Step(line="node flush hv3 -y -w", says="hv3 is flushed"),
    Step(line="node ready hv3 -w", says="hv3 is ready"),
    Step(line="node remove hv3 -y", ends=REFUSED, says="its daemon is alive"),
    Step(line="node fence hv3 -y -w"),
)


@pytest.fixture(scope="module")
def living(session_lab: Lab) -> Iterator[LivingCluster]:
    """One living cluster for the whole file; whoever comes after has the lab mended."""
    session_lab.mend()
    with LivingCluster(session_lab) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files lie that command lines name."""
    made = tmp_path_factory.mktemp("verbs")
    guest = domain_xml("web1", str(uuid.uuid4()))
    (made / "web1.xml").write_text(guest)
    (made / "more.xml").write_text(guest.replace("<vcpu>1</vcpu>", "<vcpu>2</vcpu>"))
    return made


def take(step: Step, living: LivingCluster, folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pvccli", *shlex.split(step.line)],
        env={**os.environ, "PVC_ZOOKEEPER": living.address.where, "PYTHONPATH": str(source.ROOT)},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == step.ends, f"pvc {step.line}: {said}\n{living.story}"
    assert step.says in said, f"pvc {step.line}"
    if step.then:
        cluster = living.look()
        record = vm_record(cluster, cluster.vm(step.vm))
        assert {name: record[name] for name in step.then} == step.then, f"pvc {step.line}: {said}\n{living.story}"


@pytest.mark.lab
@pytest.mark.parametrize("steps", [VMS, TASKS, CLUSTER, NODES], ids=["vms", "tasks", "cluster", "nodes"])
def test_the_verbs_do_what_they_say(steps: tuple[Step, ...], living: LivingCluster, folder: Path) -> None:
    for step in steps:
        take(step, living, folder)


def test_no_verb_is_left_out() -> None:
    typed = [f"{step.line} " for step in (*VMS, *TASKS, *CLUSTER, *NODES)]
    here = [verb for verb, _ in verbs_of(program) if not verb.startswith("storage ")]
    assert [verb for verb in here if not any(line.startswith(f"{verb} ") for line in typed)] == []
