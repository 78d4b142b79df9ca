"""What the values of a cluster say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.cluster import Cluster, Delta, status_of
from pvccore.model.errors import Conflict, Invalid, NotFound, Unavailable
from pvccore.model.fence import Evidence, Fence, FencePhase
from pvccore.model.forecast import Forecast
from pvccore.model.journal import JournalEntry
from pvccore.model.node import Alive, Goodbye, GoodbyeReason, Node, Presence, Readiness, ReadinessState, Report
from pvccore.model.node import WantedReadiness as Wish
from pvccore.model.selectors import MEANINGS, Selector
from pvccore.model.struct import replace
from pvccore.model.task import Task
from pvccore.model.vm import Definition, Migration, Placement, Vm, VmState, Wanted

THERE = Node(name="hv1", presence=Presence(boot_id="b1"), alive=Alive(token="s-1"))
GONE = replace(THERE, alive=None)


def vm(**placement: Any) -> Vm:
    return Vm(
        uuid="u1", definition=Definition(name="web1", memory_mb=512), placement=Placement(node="hv1", **placement)
    )


# The cluster


def test_nodes_and_vms_are_found_by_their_names() -> None:
    cluster = Cluster(nodes={"hv1": THERE}, vms={"u1": vm()}, names={"web1": "u1"})
    assert cluster.node("hv1") is THERE
    assert cluster.vm("web1") is cluster.vm("u1") is cluster.vms["u1"]


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="no node 'hv9'"):
        Cluster().node("hv9")
    with pytest.raises(NotFound, match="no VM 'web9'"):
        Cluster().vm("web9")
    with pytest.raises(NotFound, match="no task 't9'"):
        Cluster().task("t9")


def test_tasks_are_found_by_their_keys() -> None:
    task = Task(key="t1")
    assert Cluster(tasks={"t1": task}).task("t1") is task


def test_the_vms_of_a_node_are_listed_by_name() -> None:
    names = {"u1": "b", "u2": "a", "u3": "c"}
    vms = {uuid: replace(vm(), uuid=uuid, definition=Definition(name=name)) for uuid, name in names.items()}
    vms["u3"] = replace(vms["u3"], placement=Placement(node="retired"))
    cluster = Cluster(nodes={"hv1": THERE, "hv2": replace(THERE, name="hv2")}, vms=vms)
    assert [found.name for found in cluster.vms_on("hv1")] == ["a", "b"]
    by_node = cluster.vms_by_node()
    assert {node: sorted(found.name for found in vms_there) for node, vms_there in by_node.items()} == {
        "hv1": ["a", "b"],
        "hv2": [],
        "retired": ["c"],
    }


def test_two_deltas_in_a_row_are_one() -> None:
    entries = (JournalEntry(what="a"), JournalEntry(what="b"))
    first = Delta(nodes=frozenset({"hv1"}), settings=True, journal=entries[:1])
    later = Delta(vms=frozenset({"u1"}), maintenance=True, leases=True, problems=True, journal=entries[1:])
    assert first | later == Delta(
        nodes=frozenset({"hv1"}),
        vms=frozenset({"u1"}),
        settings=True,
        maintenance=True,
        leases=True,
        problems=True,
        journal=entries,
    )
    assert (first | Delta(full=True)).full


# Nodes


@pytest.mark.parametrize(
    "node, silent, goodbye, unsupervised",
    [
        (THERE, False, False, False),
        (GONE, True, False, False),
        (replace(GONE, presence=Presence()), False, False, False),
        (
            replace(
                GONE, presence=Presence(boot_id="b1", goodbye=Goodbye(boot_id="b1", reason=GoodbyeReason.HOST_STOP))
            ),
            False,
            True,
            False,
        ),
        (
            replace(
                GONE, presence=Presence(boot_id="b1", goodbye=Goodbye(boot_id="b1", reason=GoodbyeReason.DAEMON_STOP))
            ),
            False,
            True,
            True,
        ),
    ],
)
def test_a_node_is_there_or_silent_or_has_said_goodbye(
    node: Node, silent: bool, goodbye: bool, unsupervised: bool
) -> None:
    assert node.is_alive is (node is THERE)
    assert (node.is_silent, node.said_goodbye, node.is_unsupervised) == (silent, goodbye, unsupervised)


def test_a_node_is_healthy_when_hypervisor_and_storage_answer() -> None:
    assert THERE.is_healthy
    assert not replace(THERE, report=Report(hypervisor_error="x")).is_healthy
    assert not replace(THERE, report=Report(storage_error="x")).is_healthy


@pytest.mark.parametrize(
    "wanted, state, ready",
    [
        (Wish.READY, ReadinessState.READY, True),
        (Wish.READY, ReadinessState.READYING, True),
        (Wish.READY, ReadinessState.FLUSHED, False),
        (Wish.FLUSHED, ReadinessState.READY, False),
        (Wish.FLUSHED, ReadinessState.FLUSHING, False),
    ],
)
def test_a_node_takes_vms_when_a_person_lets_it(wanted: Wish, state: ReadinessState, ready: bool) -> None:
    assert replace(THERE, readiness=Readiness(wanted=wanted, state=state)).is_ready is ready


# Fences


def test_evidence_of_another_round_or_boot_proves_nothing() -> None:
    def proof(round_: int, boot_id: str) -> Evidence:
        return Evidence(round=round_, boot_id=boot_id, agent="ipmi", text="off")

    fence = Fence(round=2, boot_id="b1", evidence=(proof(1, "b1"), proof(2, "b0")))
    assert fence.proof is None
    assert replace(fence, evidence=(*fence.evidence, proof(2, "b1"))).proof == proof(2, "b1")


@pytest.mark.parametrize(
    "phase, under_way, proven_off, unfinished",
    [
        (FencePhase.NONE, False, False, False),
        (FencePhase.REQUESTED, True, False, True),
        (FencePhase.OFF_SENT, True, False, True),
        (FencePhase.POWERED_OFF, True, True, True),
        (FencePhase.RECOVERING, True, True, True),
        (FencePhase.RECOVERED, True, True, False),
        (FencePhase.FAILED, True, False, True),
    ],
)
def test_a_phase_says_what_is_known(phase: FencePhase, under_way: bool, proven_off: bool, unfinished: bool) -> None:
    fence = Fence(phase=phase)
    assert (fence.under_way, fence.proven_off, fence.unfinished) == (under_way, proven_off, unfinished)


@pytest.mark.parametrize(
    "change", [{"round": 2}, {"phase": FencePhase.OFF_SENT}, {"agent_index": 1}, {"attempts": 1}, {"retries": 1}]
)
def test_each_step_of_a_fence_is_a_stage_of_its_own(change: dict[str, Any]) -> None:
    assert replace(Fence(), **change).stage != Fence().stage
    assert replace(Fence(), error="x").stage == Fence().stage


# VMs


def test_a_vm_answers_from_its_records() -> None:
    assert (vm().name, vm().memory_mb, vm().node) == ("web1", 512, "hv1")
    assert vm(parked_on="hv1").is_parked
    assert not vm().is_parked


@pytest.mark.parametrize("state", VmState)
def test_a_domain_may_exist_unless_the_vm_rests(state: VmState) -> None:
    assert vm(state=state).is_active is (state not in {VmState.STOPPED, VmState.FAILED})


@pytest.mark.parametrize(
    "placement, takes",
    [
        ({"wanted": Wanted.RUNNING}, True),
        ({"wanted": Wanted.RUNNING, "parked_on": "hv1"}, False),
        ({"wanted": Wanted.RUNNING, "parked_on": "hv1", "state": VmState.SHUTTING_DOWN}, True),
        ({"wanted": Wanted.STOPPED}, False),
        ({"wanted": Wanted.DISABLED, "state": VmState.RUNNING}, True),
    ],
)
def test_a_vm_takes_memory_when_it_runs_or_shall(placement: dict[str, Any], takes: bool) -> None:
    assert vm(**placement).takes_memory is takes


def test_a_vm_that_is_nowhere_is_assigned_to_nobody() -> None:
    assert Placement().assigned_to == frozenset()
    migration = Migration(id="m", source="hv1", target="hv2")
    assert Placement(node="hv1", migration=migration).assigned_to == {"hv1", "hv2"}


@pytest.mark.parametrize(
    "placement, node, status",
    [
        ({"state": VmState.RUNNING}, THERE, "running"),
        ({"state": VmState.RUNNING}, GONE, "unknown"),
        ({"state": VmState.RUNNING}, None, "unknown"),
        (
            {"state": VmState.RUNNING},
            replace(GONE, presence=Presence(), fence=Fence(phase=FencePhase.REQUESTED)),
            "unknown",
        ),
        ({"state": VmState.RUNNING}, replace(THERE, fence=Fence(phase=FencePhase.REQUESTED)), "running"),
        ({"state": VmState.STOPPED}, GONE, "stopped"),
        ({"state": VmState.FAILED}, GONE, "failed"),
        ({"parked_on": "hv1"}, THERE, "parked"),
        ({"wanted": Wanted.DISABLED}, THERE, "disabled"),
        ({"wanted": Wanted.DISABLED, "state": VmState.SHUTTING_DOWN}, THERE, "shutting_down"),
    ],
)
def test_screens_show_a_status_that_never_counts_the_unknown_as_running(
    placement: dict[str, Any], node: Node | None, status: str
) -> None:
    assert status_of(vm(**placement), node) == status


# The rest


def test_errors_are_told_in_words_and_keep_what_they_are_about() -> None:
    invalid = Invalid("memory_mb", -1, "must be positive")
    assert str(invalid) == "memory_mb -1: must be positive"
    assert (invalid.field, invalid.value) == ("memory_mb", -1)
    assert str(Conflict("placement of web1")) == "placement of web1 was changed meanwhile"
    assert Unavailable("no connection", in_doubt=True).in_doubt


def test_every_selector_has_a_meaning() -> None:
    assert {selector.meaning for selector in Selector} == set(MEANINGS.values())
    assert len(MEANINGS) == len(Selector)


def test_n_minus_1_holds_when_no_death_would_park_anything() -> None:
    assert Forecast(nodes=3).holds
    assert not Forecast(nodes=3, parked={"hv1": 2}).holds


def test_a_forecast_is_known_once_it_was_worked_out() -> None:
    assert not Forecast().is_known
    assert Forecast(at=1.0).is_known
