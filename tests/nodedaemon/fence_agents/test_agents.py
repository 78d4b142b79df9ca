import time
from pathlib import Path

import pytest

from nodedaemon.fence_agents import programs
from nodedaemon.fence_agents.command import CommandAgent
from nodedaemon.fence_agents.ipmi import IpmiAgent
from nodedaemon.fence_agents.power_switch import Login
from pvccore.model.errors import Unavailable
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.plan.effects import Power

BMC = FenceAgent(kind=FenceAgentKind.IPMI, address="10.0.3.1:9001")
LOGINS = {"hv1": Login(user="operator", password="correct horse")}


def soon_s(seconds: float = 20.0) -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) + seconds


class FakeTool:
    """An ipmitool that says what a file tells it, and writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.calls = folder / "calls"
        self.password = folder / "password"
        self._answer = folder / "answer"
        tool = folder / "ipmitool"
        note = f'echo "$*" >> {self.calls}; echo "$IPMI_PASSWORD" > {self.password}'
        tool.write_text(f"#!/bin/sh\n{note}\n. {self._answer}\n")
        tool.chmod(0o755)
        self.calls.touch()

    def answers(self, script: str) -> None:
        self._answer.write_text(script)

    @property
    def verbs(self) -> list[str]:
        return [line.rpartition(" ")[2] for line in self.calls.read_text().splitlines()]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTool:
    monkeypatch.setattr(programs, "SEARCH_PATH", f"{tmp_path}:/usr/bin:/bin")
    return FakeTool(tmp_path)


@pytest.mark.parametrize(
    "said, power",
    [("Chassis Power is off", Power.OFF), ("Chassis Power is on", Power.ON), ("Chassis power is OFF", Power.OFF)],
)
def test_the_last_word_of_the_answer_is_the_power(tool: FakeTool, said: str, power: Power) -> None:
    tool.answers(f"echo {said}")
    assert IpmiAgent(LOGINS).read("hv1", BMC, soon_s()) is power


@pytest.mark.parametrize(
    "script, words",
    [
        ("echo Chassis Power is unknown", "unknown"),
        ("echo Error: Unable to establish IPMI v2 / RMCP+ session; exit 1", "Unable to establish"),
        ("exit 1", "exited with 1"),
        ("exec sleep 60", "did not answer in time"),
        ("true", "''"),
    ],
)
def test_what_is_not_a_clear_answer_is_never_off(tool: FakeTool, script: str, words: str) -> None:
    tool.answers(script)
    with pytest.raises(Unavailable, match=words):
        IpmiAgent(LOGINS).read("hv1", BMC, soon_s(1.0))


def test_the_password_is_in_no_argument(tool: FakeTool) -> None:
    tool.answers("echo Chassis Power is on")
    IpmiAgent(LOGINS).read("hv1", BMC, soon_s())
    assert tool.password.read_text().strip() == "correct horse"
    assert "correct" not in tool.calls.read_text()
    assert "-H 10.0.3.1 -p 9001 -U operator" in tool.calls.read_text()


def test_a_node_that_is_off_is_not_told_so_again(tool: FakeTool) -> None:
    tool.answers("echo Chassis Power is off")
    assert IpmiAgent(LOGINS).turn_off("hv1", BMC, soon_s()) is Power.UNKNOWN
    assert tool.verbs == ["status"]


def test_a_node_that_is_on_is_turned_off_once(tool: FakeTool) -> None:
    tool.answers("echo Chassis Power is on")
    IpmiAgent(LOGINS).turn_off("hv1", BMC, soon_s())
    assert tool.verbs == ["status", "off"]


def test_a_node_that_is_on_is_not_turned_on(tool: FakeTool) -> None:
    tool.answers("echo Chassis Power is on")
    IpmiAgent(LOGINS).turn_on("hv1", BMC, soon_s())
    assert tool.verbs == ["status"]


def test_nothing_is_sent_after_the_deadline(tool: FakeTool) -> None:
    tool.answers("echo Chassis Power is on")
    with pytest.raises(Unavailable, match="too late"):
        IpmiAgent(LOGINS).turn_off("hv1", BMC, soon_s(-0.1))
    assert tool.verbs == []


def test_a_node_without_a_login_is_named(tool: FakeTool) -> None:
    with pytest.raises(Unavailable, match=r"\[bmc.hv2\]"):
        IpmiAgent(LOGINS).read("hv2", BMC, soon_s())


def program(folder: Path, script: str) -> FenceAgent:
    path = folder / "cut-power"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return FenceAgent(kind=FenceAgentKind.COMMAND, address=str(path), arguments=("outlet", "7"))


def test_a_command_that_succeeds_confirms_off(tmp_path: Path) -> None:
    agent = program(tmp_path, f'echo "$PVC_NODE $*" > {tmp_path}/said')
    assert CommandAgent({}).turn_off("hv1", agent, soon_s()) is Power.OFF
    assert (tmp_path / "said").read_text() == "hv1 outlet 7\n"


def test_a_command_that_fails_confirms_nothing(tmp_path: Path) -> None:
    agent = program(tmp_path, "echo no such outlet; exit 2")
    with pytest.raises(Unavailable, match="exited with 2: no such outlet"):
        CommandAgent({}).turn_off("hv1", agent, soon_s())


def test_a_command_that_others_may_write_is_not_run(tmp_path: Path) -> None:
    agent = program(tmp_path, "true")
    Path(agent.address).chmod(0o777)
    with pytest.raises(Unavailable, match="written by others"):
        CommandAgent({}).turn_off("hv1", agent, soon_s())


def test_a_command_is_never_run_to_turn_power_on(tmp_path: Path) -> None:
    agent = program(tmp_path, f"touch {tmp_path}/ran")
    with pytest.raises(Unavailable, match="can't turn power on"):
        CommandAgent({}).turn_on("hv1", agent, soon_s())
    assert not (tmp_path / "ran").exists()
