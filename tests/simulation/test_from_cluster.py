"""What if: a scenario that begins with a cluster as it is."""

from __future__ import annotations

import pytest

from pvccli.commands.simulate import verbs
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from simulation.from_cluster import what_if
from simulation.places_in_file import BadScenario
from simulation.runner import Outcome, Run
from simulation.scenario import Scenario, parse_scenario
from tests.simulation.fuzzing import cluster as fuzzed
from tests.simulation.test_scenarios import FILES, read


def after(name: str) -> Cluster:
    """The cluster that a situation ends with."""
    run = Run(read(next(file for file in FILES if file.stem == name)), verbs())
    run.carry_out()
    return run.world.cluster()


def beginning(scenario: Scenario) -> Cluster:
    """The cluster of a scenario, at rest."""
    run = Run(replace(scenario, steps=(), expectations=(), until_s=1.0), verbs())
    run.carry_out()
    return run.world.cluster()


def parsed(text: str) -> Scenario:
    return parse_scenario(text, verbs().check)


def tried(text: str) -> Outcome:
    return Run(parsed(text), verbs()).carry_out()


def test_a_cluster_at_rest_becomes_the_scenario_that_it_came_from() -> None:
    made = parsed(what_if(beginning(fuzzed())))
    loads = {node.name: node.load for node in fuzzed().nodes}
    assert [replace(node, load=loads[node.name]) for node in made.nodes] == sorted(
        fuzzed().nodes, key=lambda node: node.name
    )
    assert made.vms == tuple(sorted(fuzzed().vms, key=lambda vm: vm.definition.name))
    assert made.settings == fuzzed().settings


def test_what_is_wrong_already_is_so_from_the_beginning() -> None:
    cluster = after("power-cut")
    text = what_if(cluster)
    made = parsed(text)
    assert [node.name for node in made.nodes if not node.alive] == ["hv1"]
    assert [vm.definition.name for vm in made.vms if vm.parked] == ["db1"]
    assert "# hv1 has no daemon: here it has been off since long before.\n" in text
    outcome = tried(text)
    assert outcome.ok
    assert (outcome.vms["db1"]["parked_on"], outcome.nodes["hv1"]["power"]) == ("hv1", "off")


def test_maintenance_and_a_sick_hypervisor_last() -> None:
    cluster = after("maintenance")
    cluster = replace(cluster, maintenance=replace(cluster.maintenance, on=True))
    name, node = next((name, node) for name, node in sorted(cluster.nodes.items()) if node.is_alive)
    sick = replace(node, report=replace(node.report, hypervisor_error="libvirt does not answer"))
    steps = parsed(what_if(replace(cluster, nodes={**cluster.nodes, name: sick}))).steps
    assert [(step.at_s, step.text) for step in steps] == [(0.0, "maintenance on"), (0.0, f"break-hypervisor {name}")]


def test_what_a_simulated_cluster_cannot_begin_with_is_said() -> None:
    cluster = beginning(fuzzed())
    one, two, *_ = sorted(cluster.vms.values(), key=lambda vm: vm.name)
    failed = replace(one, placement=replace(one.placement, state=VmState.FAILED))
    lost = replace(two, placement=replace(two.placement, node="retired"))
    text = what_if(replace(cluster, vms={**cluster.vms, one.uuid: failed, two.uuid: lost}))
    assert f"# {one.name} has failed: here it is stopped.\n" in text
    assert f"# {two.name} is left out: it is placed on no node.\n" in text
    made = {vm.definition.name: vm for vm in parsed(text).vms}
    assert made[one.name].wanted == "stopped"
    assert two.name not in made


def test_steps_may_be_given_one_by_one() -> None:
    made = parsed(what_if(beginning(fuzzed()), steps=("10: power-cut hv1", "2.5:vm stop web1")))
    assert [(step.at_s, step.text) for step in made.steps] == [(2.5, "vm stop web1"), (10.0, "power-cut hv1")]


def test_a_file_of_steps_says_what_happens_and_what_must_come_of_it() -> None:
    happens = '[[step]]\nat_s = 5\ndo = "power-cut hv1"\n'
    expected = '[[expect]]\nnode = "hv1"\npower = "off"\n'
    file = f'description = "hv1 dies tonight"\n{happens}{expected}'
    made = parsed(what_if(beginning(fuzzed()), file, ("6: maintenance on",)))
    assert made.description == "hv1 dies tonight"
    assert [step.text for step in made.steps] == ["power-cut hv1", "maintenance on"]
    assert len(made.expectations) == 1


def test_a_mistake_in_the_file_is_told_by_its_own_line() -> None:
    text = what_if(beginning(fuzzed()), '[[step]]\nat_s = 5\n\ndo = "power-cut nowhere"\n')
    with pytest.raises(BadScenario, match=r"^line 4: do: "):
        parsed(text)


def test_a_file_with_a_cluster_of_its_own_is_refused() -> None:
    with pytest.raises(Invalid, match="node"):
        what_if(beginning(fuzzed()), '[[node]]\nname = "hv9"\n')
    with pytest.raises(BadScenario):
        what_if(beginning(fuzzed()), "[[step]\n")


@pytest.mark.parametrize(
    "step", ["power-cut hv1", "soon: power-cut hv1", "5:", "-1: power-cut hv1", "nan: power-cut hv1"]
)
def test_a_step_without_a_time_or_a_verb_is_refused(step: str) -> None:
    with pytest.raises(Invalid, match="must be like"):
        what_if(beginning(fuzzed()), steps=(step,))
