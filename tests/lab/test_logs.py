"""What a guest says on its serial console, read by `pvc` from another machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.lab.living import LivingCluster

pytestmark = pytest.mark.lab


def pvc(living: LivingCluster, *words: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "pvccli", *words],
        env={**os.environ, "PVC_ZOOKEEPER": living.address.where},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}\n{living.story}"
    return ended.stdout


def test_a_guests_ticks_and_its_nodes_log_are_read_from_afar(living: LivingCluster) -> None:
    living.run_vm("web1", on="hv1")
    ticks = [line for line in pvc(living, "vm", "log", "web1", "--lines", "5").splitlines() if "tick" in line]
    assert ticks, "the guest ticks on its console"

    def more() -> bool:
        lines = json.loads(pvc(living, "vm", "log", "web1", "-f", "json"))["lines"]
        return ticks[-1] in lines[:-1]

    living.wait_until(more, within_s=30, what="the guest ticks on")
    assert "hv1" in pvc(living, "node", "log", "hv1")
    assert living.look().tasks == {}, "nothing is left behind"
    assert "log of web1" not in living.story, "who only reads leaves no trace in the journal"
