"""`pvc simulate` as a person calls it: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nodedaemon.kept_plans import Decision, write_decision
from pvccli.main import exit_code
from pvccore.model.change import Change
from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.plan.effects import Plan, Step
from pvccore.plan.watch import Watch
from tests.simulation.fuzzing import FILES, USUAL
from tests.simulation.test_scenarios import FILES as SCENARIOS

POWER_CUT = str(next(file for file in SCENARIOS if file.stem == "power-cut"))


def simulated(*arguments: str) -> int:
    """The exit code of a call, which `pvc simulate` ends by itself."""
    with pytest.raises(SystemExit) as ended:
        exit_code(["simulate", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_tells_the_journal_then_the_expectations_then_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulated(POWER_CUT) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("[   1") and "manager@hv" in line and "fence hv1: requested" in line for line in lines)
    assert "met      [   25.0] vm web1: state = running, node in hv2, hv3, previous_node = hv1" in lines
    assert lines[-1] == "6 of 6 expectations met, seed 0"


def test_tells_all_of_it_as_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulated(POWER_CUT, "--json", "--seed", "3") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["seed"], told["violations"]) == (True, 3, [])
    assert {"at_s", "who", "what", "why"} <= told["journal"][0].keys()
    assert all(entry["at_s"] >= 0 for entry in told["journal"])
    assert [one["ok"] for one in told["expectations"]] == [True] * 6
    assert {"at_s", "text", "found"} <= told["expectations"][0].keys()
    assert told["final"]["nodes"]["hv1"]["power"] == "off"
    assert told["final"]["vms"]["db1"]["parked_on"] == "hv1"
    assert told["final"]["vms"]["web1"]["parked_on"] is None
    assert told["final"]["maintenance"] is False


def test_exits_with_1_when_something_is_not_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(Path(POWER_CUT).read_text(encoding="utf-8") + '[[expect]]\nnode = "hv2"\npower = "off"\n')
    assert simulated(str(file)) == 1
    assert "NOT MET  [   85.0] node hv2: power = off; found power = on" in capsys.readouterr().out


def test_exits_with_2_and_names_line_and_field_of_a_bad_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "typo.toml"
    file.write_text('[[node]]\nname = "hv1"\nmemory_md = 1\nvcpus = 1\n')
    assert simulated(str(file)) == 2
    assert "line 3: memory_md: is no field here; memory_mb is missing" in capsys.readouterr().err


def test_a_step_that_must_be_refused_and_is_not_is_not_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "granted.toml"
    node = '[[node]]\nname = "hv1"\nmemory_mb = 1024\nvcpus = 1\n'
    file.write_text(node + '[[step]]\nat_s = 1\ndo = "maintenance on"\nrefused = true\n')
    assert simulated(str(file)) == 1
    assert "NOT MET  [    1.0] `maintenance on` is refused; found it was done" in capsys.readouterr().out


def test_fuzzes_and_ends_with_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulated(str(FILES[USUAL]), "--fuzz", "4", "--jobs", "2", "--seed", "9") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "seed 9"
    assert lines[-1].startswith("4 schedules, 0 violations, ")
    assert lines[-1].endswith("/s")


@pytest.mark.parametrize("arguments", [[], ["--step", "5: power-cut hv1"], [POWER_CUT, "--save", "x.toml"]])
def test_a_scenario_is_needed_unless_it_begins_with_the_cluster(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["simulate", *arguments]) == 2
    assert "a SCENARIO.toml is needed" in capsys.readouterr().err


def test_a_kept_plan_is_decided_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(now_s=0.0, wall_s=1_800_000_000.0)
    decision = Decision(by="hv1", at=watch.wall_s, cluster=Cluster(started=True), watch=watch, plan=Plan())
    kept = write_decision(tmp_path, decision)
    assert simulated("--replay", str(kept)) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "the same is decided again"
    assert simulated("--replay", str(kept), "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    kept = write_decision(tmp_path, replace(decision, plan=Plan(steps=(Step(change=Change(writes=(), what="x")),))))
    assert simulated("--replay", str(kept)) == 1
    assert simulated("--replay", POWER_CUT) == 2
