"""Kept plans: every decision of a simulated manager is decided alike again from its file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from nodedaemon import kept_plans
from nodedaemon.kept_plans import FILES, Decision, KeptPlans, write_decision
from pvccli.commands.simulate import verbs
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid
from pvccore.model.struct import replace
from pvccore.plan.effects import Plan
from pvccore.plan.watch import Watch
from simulation.replay import replay, replay_lines, replay_object
from simulation.runner import Run
from tests.simulation.test_scenarios import FILES as SCENARIOS
from tests.simulation.test_scenarios import read


def decisions_of(name: str) -> list[Decision]:
    """All that the managers of a situation decided."""
    found: list[Decision] = []

    def keep(cluster: Cluster, watch: Watch, plan: Plan) -> None:
        found.append(Decision(by="hv1", at=watch.wall_s, cluster=cluster, watch=watch, plan=plan))

    run = Run(read(next(file for file in SCENARIOS if file.stem == name)), verbs())
    run.world.start()
    for node in run.world.machines:
        daemon = run.world.daemon(node)
        if daemon is not None and daemon.manager is not None:
            daemon.manager.keep = keep
    run.carry_on()
    return found


@pytest.mark.parametrize("name", ["power-cut", "flush-park-ready", "lying-bmc-costs-no-disk", "dead-bmc-answers-again"])
def test_what_was_decided_is_decided_again(name: str, tmp_path: Path) -> None:
    decisions = decisions_of(name)
    assert len(decisions) > 5
    for decision in decisions:
        path = write_decision(tmp_path, decision)
        assert path is not None
        found = replay(path)
        assert found.again
        assert found.again == found.kept
    assert len(list(tmp_path.iterdir())) <= FILES


def test_a_decision_is_told_in_words(tmp_path: Path) -> None:
    first = decisions_of("power-cut")[0]
    path = write_decision(tmp_path, first)
    assert path is not None
    lines = replay_lines(replay(path))
    assert lines[0].startswith("hv1 decided on 2027-01-15 ")
    assert lines[1].startswith("  fence hv1: requested: absent for 1.0 s")
    assert lines[-1] == "the same is decided again"
    assert json.loads(json.dumps(replay_object(replay(path))))["ok"] is True


def test_another_decision_is_told_beside_the_kept_one(tmp_path: Path) -> None:
    first = decisions_of("power-cut")[0]
    path = write_decision(tmp_path, replace(first, watch=replace(first.watch, absent_s={})))
    assert path is not None
    found = replay(path)
    assert not found.is_same
    assert replay_lines(found)[-2:] == ["this program decides:", "  nothing"]


def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    kept = KeptPlans(tmp_path / "plans", "hv1")
    first = decisions_of("power-cut")[0]
    kept.start()
    kept.keep(first.cluster, first.watch, first.plan)
    kept.stop()
    (file,) = (tmp_path / "plans").iterdir()
    assert replay(file).is_same
    assert not file.parent.stat().st_mode & 0o007


def test_what_is_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_plans, "MAX_BYTES", 100)
    assert write_decision(tmp_path, decisions_of("power-cut")[0]) is None
    assert list(tmp_path.iterdir()) == []


NO_PLANS = {"empty": b"", "no gzip": b"no gzip", "no plan": gzip.compress(b"{}"), "no JSON": gzip.compress(b"[1")}


@pytest.mark.parametrize("data", NO_PLANS.values(), ids=NO_PLANS)
def test_any_other_file_is_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "plan.json.gz"
    file.write_bytes(data)
    with pytest.raises(Invalid, match="is no kept plan"):
        replay(file)


def test_an_effect_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = write_decision(tmp_path, decisions_of("power-cut")[-1])
    assert path is not None
    document = json.loads(gzip.decompress(path.read_bytes()))
    document["in_flight"] = [{"effect": "Plan"}]
    path.write_bytes(gzip.compress(json.dumps(document).encode()))
    with pytest.raises(Invalid, match="'Plan' is no effect"):
        replay(path)
