import queue
from dataclasses import dataclass, field

import pytest

from nodedaemon.vm_runner import NoStorage, VmRunner
from pvccore.model.errors import NotFound, Refused, Unavailable
from pvccore.plan.effects import (
    Destroy,
    InspectVolumes,
    MarkOsdsDown,
    MigrateLive,
    Resume,
    Shutdown,
    StartPaused,
    VmEffect,
)

LIMIT_S = 10.0


@dataclass
class FakeHypervisor:
    """Writes down what it is told; `broken` is what it says instead of doing it."""

    calls: list[tuple[object, ...]] = field(default_factory=list)
    broken: str = ""

    def _note(self, *call: object) -> None:
        if self.broken:
            raise Unavailable(self.broken)
        self.calls.append(call)

    def start_paused(self, xml: str) -> None:
        self._note("start", xml)

    def resume(self, uuid: str) -> None:
        self._note("resume", uuid)

    def shut_down(self, uuid: str) -> None:
        self._note("shut down", uuid)

    def destroy(self, uuid: str) -> None:
        self._note("destroy", uuid)

    def resize_disk(self, uuid: str, volume: str, size_bytes: int) -> None:
        raise NotImplementedError(uuid)

    def migrate(self, uuid: str, address: str, max_downtime_ms: int, limit_s: float) -> None:
        self._note("migrate", uuid, address, max_downtime_ms, limit_s)


class Storage(NoStorage):
    def inspect(self, uuid: str) -> None:
        raise Refused(f"vms/{uuid} is locked by client.7, which is alive")

    def clients(self, uuid: str) -> tuple[str, ...]:
        return ("10.0.1.1:0/77",)


def no_xml(uuid: str) -> str:
    raise NotFound("VM", uuid)


class Runner:
    """A VM runner of which each answer is waited for."""

    def __init__(self, hypervisor: FakeHypervisor, *, has_xml: bool = True) -> None:
        xml = (lambda uuid: f"<domain {uuid}>") if has_xml else no_xml
        self._runner = VmRunner(hypervisor, Storage(), xml)  # type: ignore[arg-type]

    def perform(self, effect: object) -> tuple[object, str]:
        answers: queue.Queue[tuple[object, str]] = queue.Queue()
        self._runner.perform(effect, None, lambda value, error: answers.put((value, error)))  # type: ignore[arg-type]
        return answers.get(timeout=LIMIT_S)


@pytest.mark.parametrize(
    "effect, call",
    [
        (StartPaused(uuid="u1", run_id="r"), ("start", "<domain u1>")),
        (Resume(uuid="u1", run_id="r"), ("resume", "u1")),
        (Shutdown(uuid="u1", run_id="r"), ("shut down", "u1")),
        (Destroy(uuid="u1", run_id="r"), ("destroy", "u1")),
        (
            MigrateLive(
                uuid="u1", run_id="r", target="hv2", target_address="10.0.2.2", max_downtime_ms=300, limit_s=60
            ),
            ("migrate", "u1", "10.0.2.2", 300, 60),
        ),
    ],
)
def test_every_effect_reaches_the_hypervisor(effect: VmEffect, call: tuple[object, ...]) -> None:
    hypervisor = FakeHypervisor()
    _, error = Runner(hypervisor).perform(effect)
    assert error == ""
    assert hypervisor.calls == [call]


def test_a_start_tells_the_storage_clients_of_the_domain() -> None:
    value, _ = Runner(FakeHypervisor()).perform(StartPaused(uuid="u1", run_id="r"))
    assert value == ("10.0.1.1:0/77",)


def test_what_arrived_tells_its_storage_clients_when_it_is_resumed() -> None:
    runner = Runner(FakeHypervisor())
    assert runner.perform(Resume(uuid="u1", run_id="r", arrived=True)) == (("10.0.1.1:0/77",), "")
    assert runner.perform(Resume(uuid="u1", run_id="r")) == ((), ""), "a start has told them before"


def test_a_resumed_guest_is_left_alone_when_its_clients_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_storage: Storage, _uuid: str) -> tuple[str, ...]:
        raise Unavailable("rbd did not answer")

    monkeypatch.setattr(Storage, "clients", silent)
    assert Runner(FakeHypervisor()).perform(Resume(uuid="u1", run_id="r", arrived=True)) == ((), "")


def test_what_the_hypervisor_says_is_the_error() -> None:
    hypervisor = FakeHypervisor(broken="internal error: no bootable device")
    assert Runner(hypervisor).perform(Resume(uuid="u1", run_id="r")) == (None, "internal error: no bootable device")


def test_a_foreign_lock_is_named() -> None:
    _, error = Runner(FakeHypervisor()).perform(InspectVolumes(uuid="u1", run_id="r"))
    assert error == "vms/u1 is locked by client.7, which is alive"


def test_a_vm_without_xml_is_not_started() -> None:
    hypervisor = FakeHypervisor()
    _, error = Runner(hypervisor, has_xml=False).perform(StartPaused(uuid="u1", run_id="r"))
    assert error == "no VM 'u1'"
    assert hypervisor.calls == []


def test_an_effect_on_a_node_is_not_the_agents() -> None:
    _, error = Runner(FakeHypervisor()).perform(MarkOsdsDown(node="hv1", round=1))
    assert error == "no agent can perform MarkOsdsDown"
