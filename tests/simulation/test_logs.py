"""Logs of a simulated node, read as `pvc vm log` reads them."""

from __future__ import annotations

import pytest

from pvccore.model.errors import Refused
from pvccore.model.vm import VmState
from pvccore.operations.logs import ask_node_log, ask_vm_log, wait_for_answer
from tests.simulation.test_storage import Demo


@pytest.fixture(scope="module")
def demo() -> Demo:
    return Demo()


def test_a_running_guest_ticks_on(demo: Demo) -> None:
    name = next(vm.name for vm in demo.world.cluster().vms.values() if vm.placement.state is VmState.RUNNING)
    first = wait_for_answer(demo.operator, ask_vm_log(demo.operator, name, lines=3), demo.wait)
    assert len(first.lines) == 3
    demo.wait(5.0)
    more = wait_for_answer(demo.operator, ask_vm_log(demo.operator, name, after=first.place), demo.wait)
    assert more.lines[0] == f"tick {int(first.lines[-1].split()[1]) + 1}"


def test_a_guest_that_never_ran_has_said_nothing(demo: Demo) -> None:
    name = next(vm.name for vm in demo.world.cluster().vms.values() if vm.placement.state is VmState.STOPPED)
    with pytest.raises(Refused, match=f"{name} has said nothing here"):
        wait_for_answer(demo.operator, ask_vm_log(demo.operator, name), demo.wait)


def test_a_daemon_tells_its_log(demo: Demo) -> None:
    assert wait_for_answer(demo.operator, ask_node_log(demo.operator, "hv2", lines=5), demo.wait).lines
