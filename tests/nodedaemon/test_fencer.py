import queue
from collections.abc import Callable
from dataclasses import dataclass, field

from nodedaemon.fencer import Fencer, NoStorageDoor
from pvccore.model.errors import Unavailable
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.plan.effects import (
    AddBlocklist,
    Effect,
    LiftBlocklist,
    MarkOsdsDown,
    Power,
    ReadPower,
    Resume,
    SendPowerOff,
    SendPowerOn,
)
from tests.nodedaemon.clocks import HandClock

LIMIT_S = 10.0
IPMI = FenceAgent(kind=FenceAgentKind.IPMI, address="10.0.3.1")
READ = ReadPower(node="hv1", round=1, boot_id="b1", agent=IPMI)
OFF = SendPowerOff(node="hv1", round=1, boot_id="b1", agent=IPMI, attempt=1)
ON = SendPowerOn(node="hv1", round=1, agent=IPMI)


@dataclass
class FakeSwitch:
    """A power switch that writes down what it is told, and until when."""

    calls: list[tuple[str, str, float]] = field(default_factory=list)
    error: str = ""

    def _note(self, verb: str, node: str, until_s: float) -> None:
        self.calls.append((verb, node, until_s))
        if self.error:
            raise Unavailable(self.error)

    def read(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        self._note("read", node, until_s)
        return Power.ON

    def turn_off(self, node: str, agent: FenceAgent, until_s: float) -> Power:
        self._note("off", node, until_s)
        return Power.UNKNOWN

    def turn_on(self, node: str, agent: FenceAgent, until_s: float) -> None:
        self._note("on", node, until_s)


@dataclass
class FakeDoor(NoStorageDoor):
    """A storage door that writes down what it is told, and how long it may take."""

    calls: list[tuple[str, str, float]] = field(default_factory=list)

    def add_to_blocklist(self, address: str, limit_s: float) -> None:
        self.calls.append(("add", address, limit_s))

    def lift_from_blocklist(self, address: str, limit_s: float) -> None:
        self.calls.append(("lift", address, limit_s))

    def mark_osds_down(self, node: str, limit_s: float) -> None:
        self.calls.append(("down", node, limit_s))


def fencer(switch: FakeSwitch, door: NoStorageDoor | None = None) -> Callable[..., tuple[object, str]]:
    """How one effect is performed, and its answer waited for."""
    made = Fencer({FenceAgentKind.IPMI: switch}, door or NoStorageDoor(), lambda: 3.0, HandClock())

    def perform(effect: Effect, deadline_s: float | None = None) -> tuple[object, str]:
        answers: queue.Queue[tuple[object, str]] = queue.Queue()
        made.perform(effect, deadline_s, lambda value, error: answers.put((value, error)))
        return answers.get(timeout=LIMIT_S)

    return perform


def test_a_reading_is_limited_by_the_setting() -> None:
    switch = FakeSwitch()
    assert fencer(switch)(READ) == (Power.ON, "")
    assert switch.calls == [("read", "hv1", 1003.0)]


def test_a_power_off_ends_at_the_earlier_of_deadline_and_limit() -> None:
    switch = FakeSwitch()
    perform = fencer(switch)
    perform(OFF, 1001.5)
    perform(OFF, 1009.0)
    assert [until_s for _, _, until_s in switch.calls] == [1001.5, 1003.0]


def test_power_on_confirms_nothing_but_works() -> None:
    switch = FakeSwitch()
    assert fencer(switch)(ON) == (None, "")
    assert switch.calls == [("on", "hv1", 1003.0)]


def test_what_could_not_be_confirmed_is_unknown_with_a_reason() -> None:
    assert fencer(FakeSwitch(error="no answer"))(READ) == (Power.UNKNOWN, "no answer")


def test_an_agent_without_a_power_switch_says_so() -> None:
    watchdog = ReadPower(node="hv1", round=1, boot_id="b1", agent=FenceAgent(kind=FenceAgentKind.WATCHDOG))
    assert fencer(FakeSwitch())(watchdog) == (Power.UNKNOWN, "watchdog has no power switch")


def test_without_ceph_no_blocklist_is_claimed() -> None:
    _, error = fencer(FakeSwitch())(AddBlocklist(node="hv1", round=1, address="10.0.1.1"))
    assert error == "this daemon has no Ceph configured"


def test_an_effect_on_a_domain_is_not_the_managers() -> None:
    _, error = fencer(FakeSwitch())(Resume(uuid="u1", run_id="r"))
    assert error == "no manager can perform Resume"


def test_a_blocklist_command_ends_with_its_session() -> None:
    door = FakeDoor()
    perform = fencer(FakeSwitch(), door)
    perform(AddBlocklist(node="hv1", round=1, address="10.0.1.1"), 1003.5)
    perform(LiftBlocklist(node="hv1", round=1, address="10.0.1.1"), 1003.5)
    assert door.calls == [("add", "10.0.1.1", 3.5), ("lift", "10.0.1.1", 3.5)]


def test_a_daemon_that_hung_changes_no_blocklist_any_more() -> None:
    door = FakeDoor()
    _, error = fencer(FakeSwitch(), door)(AddBlocklist(node="hv1", round=1, address="10.0.1.1"), 999.0)
    assert (door.calls, error) == ([], "it was not begun: it was too late")


def test_osds_are_marked_down_within_the_session_of_the_commit() -> None:
    door = FakeDoor()
    fencer(FakeSwitch(), door)(MarkOsdsDown(node="hv1", round=1), 1003.5)
    assert door.calls == [("down", "hv1", 3.5)]
